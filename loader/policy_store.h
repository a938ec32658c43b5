/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policies on disk: the last good text of every file of the directory, what the API was given,
 * and the numbers of prefixes.
 *
 * What the API is given is a document: a text with a file name, which may hold several objects.
 * Each object belongs to the document that brought it last; a document without objects goes.
 *
 * Everything is written into the open transaction (loader/db.h).  Return: 0 or negative errno
 * with an error.
 */
#ifndef LOADER_POLICY_STORE_H
#define LOADER_POLICY_STORE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct policy_store;

/** struct policy_text - a stored text; @id: of a document */
struct policy_text {
	int64_t id;
	const char *file;
	const char *text;
	size_t len;
};

/** struct policy_name - what makes an object unique; @namespace_ NULL or "": none */
struct policy_name {
	int kind;
	const char *namespace_;
	const char *name;
};

typedef int (*policy_text_fn)(const struct policy_text *t, void *arg);
typedef int (*policy_prefix_fn)(const char *prefix, uint32_t id, void *arg);

int policy_store_open(sqlite3 *db, struct policy_store **s, struct error *e);
void policy_store_close(struct policy_store *s);

int policy_store_put_file(struct policy_store *s, const struct policy_text *t, struct error *e);
int policy_store_delete_file(struct policy_store *s, const char *file, struct error *e);
int policy_store_each_file(struct policy_store *s, policy_text_fn fn, void *arg, struct error *e);

/** policy_store_put_document - @id: its number */
int policy_store_put_document(struct policy_store *s, const struct policy_text *t, int64_t *id,
			      struct error *e);
int policy_store_put_object(struct policy_store *s, const struct policy_name *n, int64_t document,
			    struct error *e);
int policy_store_delete_object(struct policy_store *s, const struct policy_name *n,
			       struct error *e);

/** policy_store_tidy - remove document @id if no object belongs to it; 0 is none */
int policy_store_tidy(struct policy_store *s, int64_t id, struct error *e);

/** policy_store_each_document - in the order in which they came */
int policy_store_each_document(struct policy_store *s, policy_text_fn fn, void *arg,
			       struct error *e);

/** policy_store_document - whose object is @n?  0 = nobody's */
int64_t policy_store_document(struct policy_store *s, const struct policy_name *n);

/** policy_store_text - the text of document @id, or of file @file when @id is 0; free; NULL = none */
char *policy_store_text(struct policy_store *s, int64_t id, const char *file);

int policy_store_put_prefix(struct policy_store *s, const char *prefix, uint32_t id,
			    struct error *e);
int policy_store_delete_prefix(struct policy_store *s, const char *prefix, struct error *e);
int policy_store_each_prefix(struct policy_store *s, policy_prefix_fn fn, void *arg,
			     struct error *e);

#endif
