/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Request bodies: JSON text, known keys, types; see api_request.h and api.h. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/nearest.h"
#include "loader/api_request.h"

json_t *api_body_parse(const char *text, size_t len, enum api_code *code, struct error *e)
{
	json_error_t je;
	json_t *body = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);

	if (!body) {
		*code = API_NOT_JSON;
		error_set(e, EINVAL, "request body is not JSON: line %d, column %d: %s", je.line,
			  je.column, je.text);
		return NULL;
	}
	if (!json_is_object(body)) {
		*code = API_BAD_CONFIG;
		error_set(e, EINVAL, "request body: expected a JSON object");
		json_decref(body);
		return NULL;
	}
	return body;
}

bool api_keys_check(struct api_request *req, const char *key, ...)
{
	const char *known[32];
	const char *name;
	size_t count = 0;
	json_t *value;
	va_list ap;

	va_start(ap, key);
	for (name = key; name && count < ARRAY_SIZE(known); name = va_arg(ap, const char *))
		known[count++] = name;
	va_end(ap);
	if (!api_body(req)) {
		api_fail(req, API_BAD_CONFIG, "request body is missing: expected a JSON object");
		return false;
	}
	json_object_foreach(api_body(req), name, value) {
		const char *near;
		size_t i = 0;

		while (i < count && strcmp(known[i], name))
			i++;
		if (i < count)
			continue;
		near = nearest_word(name, known, count);
		api_fail(req, API_BAD_CONFIG, "unknown key \"%.64s\" in the request%s%s%s", name,
			 near ? " (nearest: " : "", near ? near : "", near ? ")" : "");
		return false;
	}
	return true;
}

bool api_text(struct api_request *req, const char *key, bool required, const char **out)
{
	json_t *value = json_object_get(api_body(req), key);

	if (!value && !required) {
		*out = NULL;
		return true;
	}
	if (!json_is_string(value)) {
		api_fail(req, API_BAD_CONFIG, "key \"%s\" of the request %s: expected a string",
			 key, value ? "is no string" : "is missing");
		return false;
	}
	*out = json_string_value(value);
	return true;
}
