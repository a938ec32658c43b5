/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CNI_ARGS; see args.h. */
#include "cni/args.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

/* Known and without use for us. */
static const char *const unused[] = {"K8S_POD_INFRA_CONTAINER_ID", "K8S_POD_UID"};

static bool is_unused(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(unused); i++)
		if (!strcmp(key, unused[i]))
			return true;
	return false;
}

static bool is_true(const char *value)
{
	return !strcmp(value, "1") || !strcasecmp(value, "true") || !strcasecmp(value, "t");
}

/* What of @args the key names; NULL = unknown. */
static const char **field_of(struct args *args, const char *key)
{
	const struct {
		const char *key;
		const char **field;
	} fields[] = {
		{"IP", &args->ip},
		{"MAC", &args->mac},
		{"K8S_POD_NAMESPACE", &args->pod_namespace},
		{"K8S_POD_NAME", &args->pod_name},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(key, fields[i].key))
			return fields[i].field;
	return NULL;
}

int args_parse(const char *text, struct args *args, struct failure *f)
{
	struct args got = {.text = strdup(text)};
	_cleanup_free_ char *owned = got.text;
	const char *unknown = NULL;
	bool ignore = false;
	char *rest = got.text, *pair;

	if (!got.text)
		return failure_set(f, CNI_IO, "out of memory");
	while ((pair = strsep(&rest, ";"))) {
		char *value = strchr(pair, '=');
		const char **field;

		if (!*pair)
			continue;
		if (!value)
			return failure_set(f, CNI_INVALID_ENVIRONMENT,
					   "CNI_ARGS: \"%.80s\": expected KEY=VALUE", pair);
		*value++ = '\0';
		field = field_of(&got, pair);
		if (field)
			*field = *value ? value : NULL;
		else if (!strcmp(pair, "IgnoreUnknown"))
			ignore = is_true(value);
		else if (!is_unused(pair))
			unknown = pair;
	}
	if (unknown && !ignore)
		return failure_set(
			f, CNI_INVALID_ENVIRONMENT,
			"CNI_ARGS: key \"%.80s\" is unknown and IgnoreUnknown is not set", unknown);
	*args = got;
	owned = NULL;
	return 0;
}

void args_free(struct args *args)
{
	free(args->text);
	args->text = NULL;
}
