/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Node: a YAML document (or JSON, which is read as YAML) as a tree with positions.
 *
 * Everything is bounded before anything is built: bytes, nesting, nodes of one document (an alias
 * counts as many nodes as what it repeats, so an alias bomb is refused where it is lit), and
 * documents.  Aliases share the node they name.  Duplicate keys, merge keys, tags and keys that
 * are no scalars are errors.
 */
#ifndef POLICY_NODE_H
#define POLICY_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/arena.h"
#include "policy/report.h"

#define NODE_MAX_BYTES (16u << 20) /* of a file */
#define NODE_MAX_DEPTH 64
#define NODE_MAX_NODES 500000 /* of a document */
#define NODE_MAX_DOCUMENTS 100000
#define NODE_MAX_ANCHORS 256 /* of a document; they are searched one by one */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node;

struct node_pair {
	const struct node *key;
	const struct node *value;
};

/**
 * struct node - part of a document
 * @quoted: a scalar that was quoted or a block: always text, never null, number or boolean
 * @size:   nodes in this subtree, aliases expanded
 * @count:  items or pairs
 * @text:   NODE_SCALAR; holds no 0 byte
 * @items:  NODE_LIST
 * @pairs:  NODE_MAP, in the order of the file
 */
struct node {
	uint8_t kind;
	bool quoted;
	struct pos pos;
	uint32_t size;
	uint32_t count;
	union {
		const char *text;
		const struct node **items;
		struct node_pair *pairs;
	};
};

struct node_reader;

/** node_reader_new - read @text (borrowed until the reader is freed) */
struct node_reader *node_reader_new(const char *text, size_t len);
void node_reader_free(struct node_reader *r);

/**
 * node_next - the next document
 * @a:   where its nodes live
 * @out: its root; NULL for an empty document
 * Return: 1, 0 at the end, or -EINVAL with the reason in @report; after that only _free is valid.
 */
int node_next(struct node_reader *r, struct arena *a, struct report *report,
	      const struct node **out);

/** node_hash - of what it says: kinds, keys and values in their order, not how it is laid out */
uint64_t node_hash(const struct node *n);

/** node_is_null - an unquoted "", "~" or "null" */
bool node_is_null(const struct node *n);

/** node_type - what it is, for messages: "a list", "the number 80", "the text \"x\"" (cut) */
const char *node_type(const struct node *n, char buf[static 64]);

/** node_is_text - a scalar that YAML 1.1 does not take for null, a boolean or a number */
bool node_is_text(const struct node *n);

#endif
