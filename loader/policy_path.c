/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names of policies in paths; see policy_path.h. */
#include "loader/policy_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "/v1/policies/"

int policy_path_parse(const char *path, struct policy_path *out)
{
	return policy_name_parse(strncmp(path, PREFIX, strlen(PREFIX)) ? "" : path + strlen(PREFIX),
				 out);
}

int policy_name_parse(const char *rest, struct policy_path *out)
{
	const char *slash = strchr(rest, '/');
	size_t ns = slash ? (size_t)(slash - rest) : 0;
	const char *name = slash ? slash + 1 : rest;

	if (!*name || ns >= sizeof(out->namespace_) || strlen(name) >= sizeof(out->name))
		return -EINVAL;
	snprintf(out->namespace_, sizeof(out->namespace_), "%.*s", (int)ns, rest);
	snprintf(out->name, sizeof(out->name), "%s", name);
	return 0;
}
