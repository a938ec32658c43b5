/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Scalars, and the nearest known name for one that is not known. */
#include "policy/decode.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_LEN 40

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

int decode_pos(struct decoder *d, const struct node *n, void *out)
{
	(void)d;
	*(struct pos *)out = n->pos;
	return 0;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance without regard to case, one row at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t row[NAME_MAX_LEN + 1];

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[lb];
}

const char *nearest_name(const char *name, const char *const *names, size_t count)
{
	size_t best = strlen(name) / 3 + 2; /* worse than that is another word */
	const char *near = NULL;

	if (strlen(name) > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i]) > NAME_MAX_LEN)
			continue;
		size_t d = distance(name, names[i]);

		if (d < best) {
			best = d;
			near = names[i];
		}
	}
	return near;
}
