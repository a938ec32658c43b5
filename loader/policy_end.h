/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ends of a traced packet, as people name them: an endpoint's number, NAMESPACE/NAME, an address,
 * `host` (this host itself), a name that an answer gives (`fqdn:www.example`), or labels
 * (`app=web,k8s:tier=db`, `reserved:remote-node`).
 */
#ifndef LOADER_POLICY_END_H
#define LOADER_POLICY_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/address.h"
#include "lib/error.h"

struct endpoint;
struct peer_identity;
struct policy_engine;

#define POLICY_END_SELECTORS 16
#define POLICY_END_NAMES 8

/**
 * struct policy_end
 * @identity: number
 * @who:      the same with its labels; borrowed from the engine's peers
 * @endpoint: if it is one of this host, else NULL
 * @invented: @who was made for labels that nobody may have: policy_end_fini()
 * @pod:      policies may select it
 * @host:     it is this host, whom policies with a nodeSelector may select
 * @has_address: @address is what was said
 * @selectors: toFQDNs that it has, @selector_count identities in force
 * @names:    that have it: the first @name_count
 */
struct policy_end {
	uint32_t identity;
	const struct peer_identity *who;
	const struct endpoint *endpoint;
	bool invented;
	bool pod;
	bool host;
	bool has_address;
	struct axo_addr address;
	uint32_t selectors[POLICY_END_SELECTORS];
	size_t selector_count;
	char names[POLICY_END_NAMES][256];
	size_t name_count;
};

/** policy_end_parse - @which: 0 or 1, to tell two invented ones apart; 0, -ENOENT or -EINVAL */
int policy_end_parse(struct policy_engine *p, const char *text, int which, struct policy_end *out,
		     struct error *e);

/**
 * policy_end_name - an address of the world (IPv4) that an answer to @name has just taught
 * Return: 0; -EINVAL: that is no name
 */
int policy_end_name(struct policy_engine *p, const char *name, struct policy_end *out,
		    struct error *e);

/** policy_end_learned - what the endpoint @from has learned of the address @to */
void policy_end_learned(struct policy_engine *p, const struct policy_end *from,
			struct policy_end *to);

void policy_end_fini(struct policy_engine *p, struct policy_end *end);

#endif
