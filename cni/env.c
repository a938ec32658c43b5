/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The environment of a call; see env.h. */
#include "cni/env.h"

#include <limits.h>
#include <string.h>

#include "lib/attachment.h"
#include "lib/error.h"

static const struct {
	const char *name;
	bool attachment; /* needs CNI_CONTAINERID and CNI_IFNAME */
	bool netns;
} commands[CNI_COMMANDS] = {
	[CNI_ADD] = {"ADD", true, true},	 [CNI_DEL] = {"DEL", true, false},
	[CNI_CHECK] = {"CHECK", true, true},	 [CNI_VERSION] = {"VERSION", false, false},
	[CNI_STATUS] = {"STATUS", false, false}, [CNI_GC] = {"GC", false, false},
};

static int missing(struct failure *f, const char *name)
{
	return failure_set(f, CNI_INVALID_ENVIRONMENT, "environment variable %s is missing", name);
}

static int command_read(const char *text, enum cni_command *command, struct failure *f)
{
	if (!*text)
		return missing(f, "CNI_COMMAND");
	for (int i = 0; i < CNI_COMMANDS; i++) {
		if (!strcmp(text, commands[i].name)) {
			*command = i;
			return 0;
		}
	}
	return failure_set(f, CNI_INVALID_ENVIRONMENT,
			   "CNI_COMMAND \"%.32s\": expected ADD, DEL, CHECK, VERSION, STATUS or GC",
			   text);
}

static int attachment_check(const struct env *env, struct failure *f)
{
	struct attachment a;
	struct error e;

	if (!*env->container_id)
		return missing(f, "CNI_CONTAINERID");
	if (!*env->ifname)
		return missing(f, "CNI_IFNAME");
	if (attachment_set(&a, "n", env->container_id, "i", &e) < 0)
		return failure_set(f, CNI_INVALID_ENVIRONMENT, "CNI_CONTAINERID: %s", e.msg);
	if (attachment_set(&a, "n", "c", env->ifname, &e) < 0)
		return failure_set(f, CNI_INVALID_ENVIRONMENT, "CNI_IFNAME: %s", e.msg);
	return 0;
}

static int netns_check(const char *netns, struct failure *f)
{
	if (!*netns)
		return missing(f, "CNI_NETNS");
	if (strlen(netns) >= PATH_MAX)
		return failure_set(f, CNI_INVALID_ENVIRONMENT,
				   "CNI_NETNS has %zu characters: expected at most %d",
				   strlen(netns), PATH_MAX - 1);
	return 0;
}

static const char *text_of(const char *value)
{
	return value ? value : "";
}

int env_read(char *(*get)(const char *name), struct env *env, struct failure *f)
{
	struct env got = {
		.container_id = text_of(get("CNI_CONTAINERID")),
		.netns = text_of(get("CNI_NETNS")),
		.ifname = text_of(get("CNI_IFNAME")),
		.args = text_of(get("CNI_ARGS")),
	};
	int r = command_read(text_of(get("CNI_COMMAND")), &got.command, f);

	if (r == 0 && commands[got.command].attachment)
		r = attachment_check(&got, f);
	if (r == 0 && commands[got.command].netns)
		r = netns_check(got.netns, f);
	if (r == 0)
		*env = got;
	return r;
}
