/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Named ports; see labels.h. */
#include <string.h>
#include <strings.h>

#include "cni/labels.h"
#include "cni/nocase.h"
#include "cni/unique.h"
#include "lib/cleanup.h"

static const char *protocol_name(const json_t *value)
{
	static const char *const names[] = {"TCP", "UDP", "SCTP"};

	if (!value)
		return names[0];
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (json_is_string(value) && !strcasecmp(json_string_value(value), names[i]))
			return names[i];
	return NULL;
}

static int port_add(json_t *list, const char *where, const json_t *entry, struct failure *f)
{
	const char *name = json_string_value(nocase_get(entry, "name"));
	const char *protocol = protocol_name(nocase_get(entry, "protocol"));
	json_t *port = nocase_get(entry, "port");
	json_int_t number;

	if (!port)
		port = nocase_get(entry, "containerPort");
	number = json_integer_value(port);
	if (!name || !*name)
		return failure_set(f, CNI_INVALID_CONFIG,
				   "%s: an entry has no name: expected {name, port, protocol}",
				   where);
	if (number < 1 || number > 65535)
		return failure_set(f, CNI_INVALID_CONFIG,
				   "%s: port \"%.63s\": expected a number of 1 to 65535", where,
				   name);
	if (!protocol)
		return failure_set(f, CNI_INVALID_CONFIG,
				   "%s: port \"%.63s\": expected protocol TCP, UDP or SCTP", where,
				   name);
	if (unique_put(list, "name",
		       json_pack("{s:s, s:I, s:s}", "name", name, "port", number, "protocol",
				 protocol)) < 0)
		return failure_set(f, CNI_IO, "out of memory");
	return 0;
}

int ports_add(json_t *list, const char *where, const json_t *value, struct failure *f)
{
	json_t *entry;
	size_t i;
	int r = 0;

	if (!value || json_is_null(value))
		return 0;
	if (!json_is_array(value))
		return failure_set(f, CNI_INVALID_CONFIG,
				   "%s: expected an array of {name, port, protocol}", where);
	json_array_foreach(value, i, entry) {
		if (r == 0)
			r = port_add(list, where, entry, f);
	}
	return r;
}
