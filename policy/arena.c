/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Arena: chunks grow with what is there already, so that little is wasted on a small policy.  Things
 * are taken from the front of a chunk, aligned; texts from its back, byte by byte.
 */
#include "policy/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MIN 256
#define CHUNK_MAX 65536
#define ALIGNMENT 8 /* of any type that is kept here: pointers and 64-bit numbers */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) unsigned char data[];
};

static struct arena_chunk *chunk_new(struct arena *a, size_t need)
{
	size_t size = a->chunks ? a->total / 4 : a->first;

	if (size < CHUNK_MIN && (a->chunks || !a->first))
		size = CHUNK_MIN;
	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < need)
		size = need;
	struct arena_chunk *c = calloc(1, sizeof(*c) + size);
	if (!c)
		abort();
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->total += sizeof(*c) + size;
	return c;
}

/* The newest chunk, or a new one: it has room for @size bytes. */
static struct arena_chunk *chunk_with(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;

	if (size > SIZE_MAX / 2)
		abort();
	return c && c->size - c->used >= size ? c : chunk_new(a, size);
}

void *arena_alloc(struct arena *a, size_t size)
{
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

	struct arena_chunk *c = chunk_with(a, size);
	void *p = c->data + c->used;
	c->used += size;
	return p;
}

char *arena_text(struct arena *a, const char *text, size_t len)
{
	struct arena_chunk *c = chunk_with(a, len + 1);

	c->size -= len + 1;
	memcpy(c->data + c->size, text, len);
	return (char *)c->data + c->size;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	int len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	char *copy = arena_text(a, text, (size_t)len);
	free(text);
	return copy;
}

void arena_fini(struct arena *a)
{
	while (a->chunks) {
		struct arena_chunk *c = a->chunks;
		a->chunks = c->next;
		free(c);
	}
	a->total = 0;
}
