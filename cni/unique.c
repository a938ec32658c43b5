/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arrays in which a name stands once; see unique.h. */
#include "cni/unique.h"

#include <string.h>

/* A linear search: a pod has a handful of labels, and stdin is bounded. */
int unique_put(json_t *list, const char *key, json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, key));
	json_t *other;
	size_t i;

	if (!name) {
		json_decref(entry);
		return -1;
	}
	json_array_foreach(list, i, other) {
		if (!strcmp(json_string_value(json_object_get(other, key)), name))
			return json_array_set_new(list, i, entry);
	}
	return json_array_append_new(list, entry);
}
