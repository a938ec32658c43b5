/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The nearest word; see nearest.h. */
#include "lib/nearest.h"

#include <string.h>

#define WORD_MAX 63

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned int nearest_distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	unsigned int *older = rows[0], *old = rows[1], *row = rows[2];
	size_t m = strnlen(a, WORD_MAX), n = strnlen(b, WORD_MAX);

	for (size_t j = 0; j <= n; j++)
		old[j] = j;
	for (size_t i = 1; i <= m; i++) {
		unsigned int *spare = older;

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int differs = a[i - 1] != b[j - 1];

			row[j] = min3(old[j] + 1, row[j - 1] + 1, old[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    older[j - 2] + 1 < row[j])
				row[j] = older[j - 2] + 1;
		}
		older = old;
		old = row;
		row = spare;
	}
	return old[n];
}

/* The only one that @text, of three letters or more, is the beginning of; or NULL. */
static const char *longer_word(const char *text, const char *const *words, size_t count)
{
	const char *found = NULL;
	size_t len = strlen(text);

	for (size_t i = 0; i < count && len >= 3; i++) {
		if (strncmp(text, words[i], len))
			continue;
		if (found)
			return NULL;
		found = words[i];
	}
	return found;
}

const char *nearest_word(const char *text, const char *const *words, size_t count)
{
	const char *best = NULL;
	unsigned int best_distance = 0;

	for (size_t i = 0; i < count; i++) {
		size_t longer = strlen(text) > strlen(words[i]) ? strlen(text) : strlen(words[i]);
		unsigned int d = nearest_distance(text, words[i]);

		if (d > (longer < 6 ? 1 : longer / 3))
			continue;
		if (!best || d < best_distance) {
			best = words[i];
			best_distance = d;
		}
	}
	return best ? best : longer_word(text, words, count);
}
