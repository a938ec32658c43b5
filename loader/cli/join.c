/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An array of texts in one cell; see join.h. */
#include "loader/cli/join.h"

#include <stdio.h>
#include <stdlib.h>

char *join_texts(const json_t *array)
{
	const json_t *item;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	size_t i;

	if (!out)
		return NULL;
	json_array_foreach(array, i, item)
		fprintf(out, "%s%s", i ? ", " : "",
			json_is_string(item) ? json_string_value(item) : "");
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
