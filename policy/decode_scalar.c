/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Readers of scalars; see decode.h. */
#include "policy/decode.h"

#include <string.h>
#include <strings.h>

int decode_text(struct decoder *d, const struct node *n, void *out)
{
	char buf[64];

	if (n->kind == NODE_SCALAR && !node_is_text(n) && !node_is_null(n))
		return decode_fail(d, n->pos, ": expected text, found %s; quote it: \"%.40s\"",
				   node_type(n, buf), n->text);
	if (!node_is_text(n))
		return decode_fail(d, n->pos, ": expected text, found %s", node_type(n, buf));
	*(const char **)out = arena_text(d->arena, n->text, strlen(n->text));
	return 0;
}

int decode_scalar(struct decoder *d, const struct node *n, void *out)
{
	char buf[64];

	if (n->kind != NODE_SCALAR || node_is_null(n))
		return decode_fail(d, n->pos, ": expected text or a number, found %s",
				   node_type(n, buf));
	*(const char **)out = arena_text(d->arena, n->text, strlen(n->text));
	return 0;
}

int decode_bool(struct decoder *d, const struct node *n, void *out)
{
	char buf[64];
	bool plain = n->kind == NODE_SCALAR && !n->quoted;

	if (plain && !strcasecmp(n->text, "true")) {
		*(int8_t *)out = 1;
		return 0;
	}
	if (plain && !strcasecmp(n->text, "false")) {
		*(int8_t *)out = 0;
		return 0;
	}
	return decode_fail(d, n->pos, ": expected true or false, found %s", node_type(n, buf));
}
