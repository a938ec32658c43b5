/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Identities: a number per set of labels, reference-counted by endpoints, durable, not reused
 * while referenced.  Reserved ones (axoneme/ipcache.h) are always there.
 *
 * Numbers go round: a freed one is given out again only after all others, so that a flow or an
 * event that still carries it is not taken for somebody else's.
 */
#ifndef LOADER_IDENTITY_H
#define LOADER_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

/**
 * struct identity - @labels sorted, "source:key=value"
 * @refs:     endpoints that have it, and fed prefixes (loader/ip_feed.h)
 * @prefixes: how many of these are prefixes
 */
struct identity {
	uint32_t id;
	char **labels;
	size_t label_count;
	uint32_t refs;
	uint32_t prefixes;
};

struct identity_table;

/** identity_table_new - with the reserved identities; NULL = no memory */
struct identity_table *identity_table_new(void);
void identity_table_free(struct identity_table *t);

const struct identity *identity_by_id(const struct identity_table *t, uint32_t id);

/** identity_next - iterate in order of id: NULL starts, NULL ends */
const struct identity *identity_next(const struct identity_table *t, const struct identity *prev);

/**
 * identity_ref - one more reference to the identity of @labels (sorted, unique), which is made
 * if there is none
 * Return: 0 and *id; -ENOSPC: all numbers are referenced; -ENOMEM
 */
int identity_ref(struct identity_table *t, char *const *labels, size_t count, uint32_t *id,
		 struct error *e);

/** identity_unref - one less; the last one frees the number */
void identity_unref(struct identity_table *t, uint32_t id);

/** identity_note_prefix - of the references to @id, @delta more are prefixes' */
void identity_note_prefix(struct identity_table *t, uint32_t id, int delta);

/**
 * identity_restore - reference @id for @labels, as stored
 * Return: 0; -EEXIST when @id stands for other labels, or these have another id; -ERANGE, -ENOMEM
 */
int identity_restore(struct identity_table *t, uint32_t id, char *const *labels, size_t count,
		     struct error *e);

/** identity_cursor - where the search for a free number begins; kept over restarts */
uint32_t identity_cursor(const struct identity_table *t);
void identity_set_cursor(struct identity_table *t, uint32_t next);

#endif
