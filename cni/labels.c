/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels; see labels.h. */
#include "cni/labels.h"

#include <string.h>

#include "cni/nocase.h"
#include "cni/unique.h"

static int label_add(json_t *list, const char *where, const char *key, const char *value,
		     struct failure *f)
{
	if (!key || !*key || !value)
		return failure_set(
			f, CNI_INVALID_CONFIG,
			"%s: an entry is no label: expected a key and a value that are strings",
			where);
	if (unique_put(list, "key", json_pack("{s:s, s:s}", "key", key, "value", value)) < 0)
		return failure_set(f, CNI_IO, "out of memory");
	return 0;
}

int labels_add(json_t *list, const char *where, const json_t *value, struct failure *f)
{
	json_t *entry;
	size_t i;
	int r = 0;

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_array(value))
		return failure_set(f, CNI_INVALID_CONFIG, "%s: expected an array of {key, value}",
				   where);
	json_array_foreach(value, i, entry) {
		if (r == 0)
			r = label_add(list, where, json_string_value(nocase_get(entry, "key")),
				      json_string_value(nocase_get(entry, "value")), f);
	}
	return r;
}

int labels_add_map(json_t *list, const char *where, const json_t *value, struct failure *f)
{
	json_t *entry;
	const char *key;
	int r = 0;

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_object(value))
		return failure_set(f, CNI_INVALID_CONFIG, "%s: expected an object of strings",
				   where);
	json_object_foreach((json_t *)value, key, entry) {
		if (r == 0)
			r = label_add(list, where, key, json_string_value(entry), f);
	}
	return r;
}
