/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The word that was probably meant: for errors that name an unknown key, flag or command.
 */
#ifndef LIB_NEAREST_H
#define LIB_NEAREST_H

#include <stddef.h>

/**
 * nearest_distance - how many characters must be put, dropped, changed or swapped with their
 * neighbour to make @b of @a (optimal string alignment); texts are cut at 63 characters
 */
unsigned int nearest_distance(const char *a, const char *b);

/**
 * nearest_word - the one of @words that is nearest to @text, or NULL if none is near enough to
 * have been meant: at most a third of the longer text's characters, but one is always allowed; if
 * none is, the only one that @text, of three characters or more, is the beginning of
 */
const char *nearest_word(const char *text, const char *const *words, size_t count);

#endif
