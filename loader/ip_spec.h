/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an operator says of a prefix: whose it is.  Pure.
 *
 * An identity is given as its number ("256", or a reserved one as "reserved:remote-node"), which
 * must exist, or as labels ("app=web,k8s:io.kubernetes.pod.namespace=shop"), which get a number.
 *
 * A file has one prefix per line and its identity behind it; empty lines and what follows a '#'
 * say nothing:
 *
 *      10.2.0.0/24  app=web, io.kubernetes.pod.namespace=shop
 *      192.0.2.7/32 reserved:remote-node
 */
#ifndef LOADER_IP_SPEC_H
#define LOADER_IP_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "axoneme/ipcache.h"
#include "lib/cidr.h"
#include "lib/error.h"

#define IP_FILE_MAX (256 * 1024 * 1024)

/**
 * struct ip_spec - one prefix
 * @identity: its number; 0 = @labels say it
 * @labels:   @label_count, sorted, "source:key=value"; owned
 */
struct ip_spec {
	struct cidr cidr;
	uint32_t identity;
	char **labels;
	size_t label_count;
};

/** struct ip_specs - ip_specs_fini() it; all zero is empty */
struct ip_specs {
	struct ip_spec *items;
	size_t count;
	size_t room;
};

/**
 * ip_specs_add - parse and append one
 * @cidr: a prefix, or an address, which is a prefix of full length
 * @who:  the identity, as above
 * Return: 0, or negative errno with @e
 */
int ip_specs_add(struct ip_specs *s, const char *cidr, const char *who, struct error *e);
void ip_specs_fini(struct ip_specs *s);

/** ip_cidr_parse - a prefix that the ipcache can hold, or an address */
int ip_cidr_parse(const char *text, struct cidr *cidr, struct error *e);

/** ip_key - @cidr as the ipcache has it; no padding, so it may be hashed */
struct axo_ipcache_key ip_key(const struct cidr *cidr);

/**
 * ip_file_parse - the text of a file
 * @file: its name, which with the line stands in front of the message
 * @text: @len bytes and a final 0; changed
 * Return: 0 or -EINVAL, -ENOMEM with @e; @out is to be freed whatever is returned
 */
int ip_file_parse(const char *file, char *text, size_t len, struct ip_specs *out, struct error *e);

#endif
