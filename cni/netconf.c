/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network configuration; see netconf.h. */
#include "cni/netconf.h"

#include <errno.h>
#include <string.h>

#include "axoneme/names.h"
#include "cni/nocase.h"
#include "lib/attachment.h"

static const char *type_name(json_type type)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number",	[JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",  [JSON_NULL] = "null",
	};

	return names[type];
}

static int value_check(json_t *value, const char *where, const char *key, json_type type,
		       json_t **out, struct failure *f)
{
	if (json_is_null(value))
		value = NULL;
	if (value && json_typeof(value) != type)
		return failure_set(f, CNI_INVALID_CONFIG, "%s%s%s is %s: expected %s", where,
				   *where ? "." : "", key, type_name(json_typeof(value)),
				   type_name(type));
	*out = value;
	return 0;
}

int netconf_get(const json_t *object, const char *where, const char *key, json_type type,
		json_t **out, struct failure *f)
{
	return value_check(json_object_get(object, key), where, key, type, out, f);
}

int netconf_get_nocase(const json_t *object, const char *where, const char *key, json_type type,
		       json_t **out, struct failure *f)
{
	return value_check(nocase_get(object, key), where, key, type, out, f);
}

int netconf_load(const char *text, size_t len, json_t **root, struct failure *f)
{
	json_error_t error;
	json_t *j;

	if (len > NETCONF_MAX)
		return failure_set(f, CNI_UNDECODABLE,
				   "configuration on stdin is larger than %d bytes", NETCONF_MAX);
	j = json_loadb(text, len, 0, &error);
	if (!j)
		return failure_set(f, CNI_UNDECODABLE,
				   "configuration on stdin is not JSON: line %d: %.160s",
				   error.line, error.text);
	if (!json_is_object(j)) {
		failure_set(f, CNI_UNDECODABLE, "configuration on stdin is %s: expected an object",
			    type_name(json_typeof(j)));
		json_decref(j);
		return -ECANCELED;
	}
	*root = j;
	return 0;
}

static int version_parse(const json_t *root, struct netconf *conf, struct failure *f)
{
	json_t *version = NULL;
	int r = netconf_get(root, "", "cniVersion", JSON_STRING, &version, f);

	if (r < 0)
		return r;
	if (!version)
		return failure_set(f, CNI_INCOMPATIBLE_VERSION,
				   "cniVersion is missing: expected 0.3.1, 0.4.0, 1.0.0 or 1.1.0");
	if (version_from_str(json_string_value(version), &conf->version) < 0)
		return failure_set(f, CNI_INCOMPATIBLE_VERSION,
				   "cniVersion \"%.32s\": expected 0.3.1, 0.4.0, 1.0.0 or 1.1.0",
				   json_string_value(version));
	return 0;
}

static int name_parse(const json_t *root, struct netconf *conf, struct failure *f)
{
	struct attachment a;
	struct error e;
	json_t *name = NULL;
	int r = netconf_get(root, "", "name", JSON_STRING, &name, f);

	if (r < 0)
		return r;
	conf->name = json_string_value(name);
	if (conf->name && attachment_set(&a, conf->name, "c", "i", &e) < 0)
		return failure_set(f, CNI_INVALID_CONFIG, "name: %s", e.msg);
	return 0;
}

static int path_parse(const json_t *root, const char *key, const char *otherwise, const char **out,
		      struct failure *f)
{
	json_t *path = NULL;
	int r = netconf_get(root, "", key, JSON_STRING, &path, f);

	if (r < 0)
		return r;
	*out = path ? json_string_value(path) : otherwise;
	if (**out != '/')
		return failure_set(f, CNI_INVALID_CONFIG,
				   "%s \"%.128s\": expected an absolute path", key, *out);
	return 0;
}

int netconf_parse(json_t *root, struct netconf *conf, struct failure *f)
{
	struct netconf got = {.root = root};
	int r = version_parse(root, &got, f);

	if (r == 0)
		r = name_parse(root, &got, f);
	if (r == 0)
		r = path_parse(root, "socket", AXO_DEFAULT_SOCKET, &got.socket, f);
	if (r == 0)
		r = path_parse(root, "queueDir", AXO_DEFAULT_QUEUE_DIR, &got.queue_dir, f);
	if (r == 0)
		r = netconf_get(root, "", "prevResult", JSON_OBJECT, &got.prev_result, f);
	if (r < 0)
		return r;
	json_incref(root);
	*conf = got;
	return 0;
}

void netconf_free(struct netconf *conf)
{
	json_decref(conf->root);
	conf->root = NULL;
}
