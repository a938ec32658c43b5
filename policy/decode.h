/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decode: from nodes to structs by tables.
 *
 * A struct's table says for each key how it is read and where it goes, or why it is refused.
 * What stands in no table is an error that names the nearest known key.  All of a document is
 * decoded even after an error, so that a file's errors are seen at once; a struct is valid only
 * if its function returned 0.  null is the same as absent.
 */
#ifndef POLICY_DECODE_H
#define POLICY_DECODE_H

#include <stddef.h>

#include "lib/nearest.h"
#include "policy/arena.h"
#include "policy/list.h"
#include "policy/node.h"
#include "policy/report.h"

#define DECODE_MAX_PATH 32

struct path_step {
	const char *name; /* NULL: an index */
	uint32_t index;
};

/**
 * struct decoder - state while one document is decoded
 * @arena: where results live
 * @kind, @namespace_: of the object, once known: enum policy_kind
 * @subject_is_init: the subject selects reserved:init (selector namespaces depend on it)
 */
struct decoder {
	struct arena *arena;
	struct report *report;
	struct path_step path[DECODE_MAX_PATH];
	uint32_t depth;
	uint8_t kind;
	const char *namespace_;
	bool subject_is_init;
};

/** decode_fn - read @n into @out; 0 or -EINVAL with findings reported */
typedef int (*decode_fn)(struct decoder *d, const struct node *n, void *out);

/**
 * struct field - a key of an object
 * @fn:      reads the value, or with @item each item of the list that the value is
 * @offset:  of the member; a struct list if @item
 * @item:    size of an item
 * @refused: why the key is not supported; then nothing else matters
 * @ignored: the key has no meaning here (what an API server adds)
 * @required: it must be there
 */
struct field {
	const char *name;
	decode_fn fn;
	size_t offset;
	size_t item;
	const char *refused;
	bool ignored;
	bool required;
};

#define FIELD(key, type, member, read)                                    \
	{                                                                 \
		.name = key, .fn = read, .offset = offsetof(type, member) \
	}
#define FIELD_REQUIRED(key, type, member, read)                                             \
	{                                                                                   \
		.name = key, .fn = read, .offset = offsetof(type, member), .required = true \
	}
#define FIELD_LIST(key, type, member, elem, read)                                               \
	{                                                                                       \
		.name = key, .fn = read, .offset = offsetof(type, member), .item = sizeof(elem) \
	}
#define FIELD_REFUSED(key, why)             \
	{                                   \
		.name = key, .refused = why \
	}
#define FIELD_IGNORED(key)                   \
	{                                    \
		.name = key, .ignored = true \
	}

/** decode_object - @n must be a map; @count @fields; @out as the table says */
int decode_object(struct decoder *d, const struct node *n, const struct field *fields, size_t count,
		  void *out);

/** decode_fail, decode_warn - a finding at @pos; the text follows the path directly */
int decode_fail(struct decoder *d, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void decode_warn(struct decoder *d, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** decode_push, decode_pop - a step of the path, for readers without a table; @name NULL: @index */
void decode_push(struct decoder *d, const char *name, uint32_t index);
void decode_pop(struct decoder *d);

/** decode_expect_map - 0 if @n is an object */
int decode_expect_map(struct decoder *d, const struct node *n);

/* Readers of scalars. */

/** decode_text - @out: const char *; no numbers or booleans without quotes */
int decode_text(struct decoder *d, const struct node *n, void *out);

/** decode_scalar - @out: const char *; text or number or boolean, as written */
int decode_scalar(struct decoder *d, const struct node *n, void *out);

/** decode_bool - @out: int8_t, 0 or 1 */
int decode_bool(struct decoder *d, const struct node *n, void *out);

#endif
