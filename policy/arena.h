/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Arena: memory that is freed all at once.  What a parsed file or a compiled policy consists of
 * lives in one arena and is never freed piece by piece.
 *
 * Allocation never returns NULL: sizes are bounded by the limits of the input, and an agent that
 * cannot get a few kilobytes has nothing better to do than to restart (the kernel goes on
 * enforcing meanwhile), so it aborts.
 */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stddef.h>

struct arena_chunk;

/**
 * struct arena - zero-initialised is empty
 * @chunks: newest first
 * @total:  bytes taken from the heap
 * @first:  size of the first chunk, if the caller knows about how much comes; 0 = a small one
 */
struct arena {
	struct arena_chunk *chunks;
	size_t total;
	size_t first;
};

/** arena_alloc - zeroed, aligned for pointers and 64-bit numbers; @size 0 gives a valid pointer */
void *arena_alloc(struct arena *a, size_t size);

/** arena_text - copy of @len bytes with a final 0 */
char *arena_text(struct arena *a, const char *text, size_t len);

/** arena_printf - formatted text */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** arena_fini - free everything; the arena is empty and usable afterwards */
void arena_fini(struct arena *a);

#endif
