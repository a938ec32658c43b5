/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys in any case; see nocase.h. */
#include "cni/nocase.h"

#include <strings.h>

json_t *nocase_get(const json_t *object, const char *key)
{
	json_t *exact = json_object_get(object, key), *value;
	const char *name;

	if (exact)
		return exact;
	/* json_object_foreach wants a json_t *, and does not write to it. */
	json_object_foreach((json_t *)object, name, value) {
		if (!strcasecmp(name, key))
			return value;
	}
	return NULL;
}
