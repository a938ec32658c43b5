/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Identities: a number per set of labels, reference-counted by endpoints, durable, not reused
 * while referenced.  Reserved ones (axoneme/ipcache.h) are always there.
 */
#ifndef LOADER_IDENTITY_H
#define LOADER_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

/** struct identity - @labels sorted, "source:key=value"; @refs = endpoints that have it */
struct identity {
	uint32_t id;
	char **labels;
	size_t label_count;
	uint32_t refs;
};

struct identity_table;

const struct identity *identity_by_id(const struct identity_table *t, uint32_t id);

/** identity_next - iterate in order of id: NULL starts, NULL ends */
const struct identity *identity_next(const struct identity_table *t, const struct identity *prev);

#endif
