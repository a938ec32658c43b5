/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * GC: release every attachment of the network that the runtime does not name.
 *
 * An empty list releases all; a list that is not there (some callers pass none) is an error and
 * releases nothing, and so is one with an entry that cannot be read.  libcni before 1.3 names the
 * key "cni.dev/attachments"; the newer name counts when both are there.
 */
#include "cni/agent.h"
#include "cni/plugin.h"

#define KEY "cni.dev/valid-attachments"
#define OLD_KEY "cni.dev/attachments"

static int entry_convert(const char *network, const json_t *entry, json_t *list, struct failure *f)
{
	const char *id = json_string_value(json_object_get(entry, "containerID"));
	const char *ifname = json_string_value(json_object_get(entry, "ifname"));
	struct attachment a;
	struct error e;

	if (!id || !ifname)
		return failure_set(f, CNI_INVALID_CONFIG,
				   KEY ": an entry lacks containerID or ifname");
	if (attachment_set(&a, network, id, ifname, &e) < 0)
		return failure_set(f, CNI_INVALID_CONFIG, KEY ": %s", e.msg);
	json_array_append_new(list, json_pack("{s:s, s:s}", "containerID", id, "ifname", ifname));
	return 0;
}

static int valid_find(const json_t *root, json_t **valid, struct failure *f)
{
	int r = netconf_get(root, "", KEY, JSON_ARRAY, valid, f);

	if (r == 0 && !*valid)
		r = netconf_get(root, "", OLD_KEY, JSON_ARRAY, valid, f);
	if (r == 0 && !*valid)
		r = failure_set(f, CNI_INVALID_CONFIG, KEY " is missing: nothing was released");
	return r;
}

static int body_build(const struct call *call, json_t *body, struct failure *f)
{
	json_t *valid = NULL, *entry, *list = json_array();
	int r = valid_find(call->conf.root, &valid, f);
	size_t i;

	json_object_set_new(body, "network", json_string(call->conf.name));
	json_object_set_new(body, "validAttachments", list);
	json_array_foreach(valid, i, entry) {
		if (r == 0)
			r = entry_convert(call->conf.name, entry, list, f);
	}
	return r;
}

int gc_run(const struct call *call, struct failure *f)
{
	_cleanup_http_ struct http *http = NULL;
	json_auto_t *body = json_object();
	int r = body_build(call, body, f);

	if (r == 0)
		r = agent_open(call->conf.socket, AGENT_WAIT_MS, &http, f);
	if (r == 0)
		r = agent_call(http, "POST", "/v1/attachments/gc", json_incref(body), f);
	return r;
}
