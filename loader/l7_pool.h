/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Words of the map axo_l7_pool (include/axoneme/l7.h), mapped while they are read or written.
 *
 * The kernel puts every page of a mapping in place at once, so the whole pool, mapped for good,
 * would be 16 MiB of resident memory.
 */
#ifndef LOADER_L7_POOL_H
#define LOADER_L7_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

/**
 * struct l7_words - a view; what is written through it is in the map at once
 * @word:  the first of the words asked for
 * @pages: the mapping; NULL = none
 * @bytes: its length
 */
struct l7_words {
	uint32_t *word;
	void *pages;
	size_t bytes;
};

/**
 * l7_words_open - map @count words from @at on
 * @fd: of the map
 * Return: 0 or negative errno; l7_words_close() ends it.
 */
int l7_words_open(int fd, uint32_t at, uint32_t count, struct l7_words *view);

void l7_words_close(struct l7_words *view);

#define _cleanup_l7_words_ _cleanup_(l7_words_close)

#endif
