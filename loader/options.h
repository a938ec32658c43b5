/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Options of the agent: one table says the name, kind, default and help of each; a key of the
 * configuration file and a flag are the same name.  Flags win over the file: one flag of a
 * repeatable option replaces the file's whole list.
 */
#ifndef LOADER_OPTIONS_H
#define LOADER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/cidr.h"
#include "lib/error.h"
#include "lib/log.h"

#define OPTIONS_MAX_LIST 64

/** struct cidr_list - a repeatable prefix option */
struct cidr_list {
	struct cidr items[OPTIONS_MAX_LIST];
	size_t count;
};

/** struct text_list - a repeatable text option; texts are owned by struct options */
struct text_list {
	char *items[OPTIONS_MAX_LIST];
	size_t count;
};

/**
 * struct options - the agent's configuration; see docs/configuration.md for each
 * @pod_cidr: one prefix per family, one or two
 * @service_cidr: destinations that something in the host's stack translates
 * @no_masquerade_cidr: outside cluster_cidr, and pods keep their address all the same
 * @xdp: "auto", "on", "generic" or "off"; see loader/xdp.h
 * @chaos_delay: "auto", "fq" or "tap"; see loader/delay.h
 * @device_found: nobody named @device: they are those of default routes
 * @routing: "native" or "stack"; see options_native()
 * @cooldown_ms: how long a released address is not handed out
 * @mtu: of pod devices; 0 = that of the first --device, else of the default route's device, else 1500
 * @policy_entry_max: in the maps, the second copy that a change needs included
 * @kube_apiserver: addresses of the entity; no /0
 * @node_label: of the host, as "k8s:KEY=VALUE"
 * @policy_audit: policies deny nothing, for all endpoints and the host
 * @allow_host: the host reaches its pods whatever policies deny
 * @check, @cleanup, @help, @version: what to do instead of running
 */
struct options {
	char *config;
	char *node_name;
	struct cidr_list pod_cidr;
	struct cidr_list cluster_cidr;
	struct cidr_list service_cidr;
	struct cidr_list no_masquerade_cidr;
	struct cidr_list reserve;
	struct text_list device;
	struct text_list node_label;
	char *cni_conf_dir;
	char *run_dir;
	char *state_dir;
	char *bpffs_dir;
	char *policy_dir;
	char *ip_file;
	char *queue_dir;
	char *metrics_listen;
	uint64_t cooldown_ms;
	uint64_t fqdn_min_ttl_ms;
	uint64_t mtu;
	uint64_t flow_max;
	uint64_t flow_lru_max;
	uint64_t policy_entry_max;
	struct cidr_list kube_apiserver;
	bool masquerade;
	bool device_found;
	char *routing;
	char *xdp;
	char *prefilter_file;
	char *chaos_delay;
	bool allow_host;
	bool policy_audit;
	enum log_level log_level;
	bool check;
	bool cleanup;
	bool help;
	bool version;
};

/**
 * options_parse - flags, then the file they name (or the default one, if it exists)
 *
 * Fills defaults and checks what can be checked without looking at the machine.  @o needs
 * options_fini() whatever is returned.  Return: 0 or error; a message about the file begins
 * with FILE:LINE.
 */
int options_parse(struct options *o, int argc, char **argv, struct error *e);
void options_fini(struct options *o);

/** options_native - may packets of pods pass the host's stack by? */
bool options_native(const struct options *o);

/** options_usage - all flags with their defaults and help */
void options_usage(FILE *to);

#endif
