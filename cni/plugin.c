/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One call of the plugin; see plugin.h. */
#include "cni/plugin.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* Most configurations fit into the first one. */
static int buffer_grow(char **text, size_t *size)
{
	size_t bigger = *size ? *size * 4 : 8192;
	char *grown = realloc(*text, bigger);

	if (!grown)
		return -ENOMEM;
	*text = grown;
	*size = bigger;
	return 0;
}

/* All of @fd, but not much more than what is refused anyway. */
static int input_read(int fd, char **out, size_t *len, struct failure *f)
{
	_cleanup_free_ char *text = NULL;
	size_t used = 0, size = 0;

	while (used <= NETCONF_MAX) {
		ssize_t n;

		if (used == size && buffer_grow(&text, &size) < 0)
			return failure_set(f, CNI_IO, "out of memory");
		n = read(fd, text + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_set(f, CNI_IO,
					   "cannot read the configuration from stdin: %s",
					   strerror(errno));
		if (n == 0)
			break;
		used += (size_t)n;
	}
	*len = used;
	*out = TAKE_PTR(text);
	return 0;
}

/* One line in one write(2), so that a reader that is killed in between sees all or nothing. */
static int output_write(int fd, const char *text)
{
	_cleanup_free_ char *line = NULL;
	const char *at;
	size_t left;

	if (asprintf(&line, "%s\n", text) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	for (at = line, left = strlen(line); left;) {
		ssize_t n = write(fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		left -= (size_t)n;
	}
	return 0;
}

static int json_print(int fd, const json_t *output)
{
	_cleanup_free_ char *text = json_dumps(output, JSON_COMPACT);

	return text ? output_write(fd, text) : -ENOMEM;
}

/* cniVersion of whatever came in, for VERSION and for errors; NULL = it says none. */
static const char *asked_version(const json_t *root)
{
	const char *text = json_string_value(json_object_get(root, "cniVersion"));

	return text && strlen(text) <= 32 ? text : NULL;
}

static const char *error_version(const json_t *root)
{
	const char *text = asked_version(root);
	enum cni_version version;

	return text && version_from_str(text, &version) == 0 ? text : CNI_NEWEST;
}

/* The version of the specification that a command came with. */
static int command_check(const struct call *call, struct failure *f)
{
	static const enum cni_version since[CNI_COMMANDS] = {
		[CNI_CHECK] = CNI_0_4_0,
		[CNI_STATUS] = CNI_1_1_0,
		[CNI_GC] = CNI_1_1_0,
	};
	enum cni_version needs = since[call->env.command];

	if (call->conf.version < needs)
		return failure_set(f, CNI_INCOMPATIBLE_VERSION,
				   "cniVersion %s does not know this command: expected %s or later",
				   version_to_str(call->conf.version), version_to_str(needs));
	if (!call->conf.name && call->env.command != CNI_STATUS)
		return failure_set(f, CNI_INVALID_CONFIG,
				   "name is missing: expected the network's name");
	return 0;
}

static int attachment_fill(struct call *call, struct failure *f)
{
	struct error e;

	if (call->env.command == CNI_STATUS || call->env.command == CNI_GC)
		return 0;
	if (attachment_set(&call->att, call->conf.name, call->env.container_id, call->env.ifname,
			   &e) < 0)
		return failure_set(f, CNI_INVALID_CONFIG, "%s", e.msg);
	return 0;
}

static int command_run(const struct call *call, json_t **output, struct failure *f)
{
	switch (call->env.command) {
	case CNI_ADD:
		return add_run(call, output, f);
	case CNI_DEL:
		return del_run(call, f);
	case CNI_CHECK:
		return check_run(call, f);
	case CNI_STATUS:
		return status_run(call, f);
	default:
		return gc_run(call, f);
	}
}

/* The result of ADD that nobody will read is an ADD that failed. */
static int result_print(int out, const struct call *call, const json_t *output, struct failure *f)
{
	int r = json_print(out, output);

	if (r == 0)
		return 0;
	add_undo(call);
	return failure_set(f, CNI_IO, "cannot write the result to stdout: %s", strerror(-r));
}

static int call_serve(struct call *call, json_t *root, int out, struct failure *f)
{
	json_auto_t *output = NULL;
	int r = netconf_parse(root, &call->conf, f);

	if (r == 0)
		r = command_check(call, f);
	if (r == 0)
		r = attachment_fill(call, f);
	if (r == 0)
		r = command_run(call, &output, f);
	if (r == 0 && output)
		r = result_print(out, call, output, f);
	netconf_free(&call->conf);
	return r;
}

static int version_serve(const json_t *root, int out, struct failure *f)
{
	json_auto_t *answer = version_answer(asked_version(root));
	int r = answer ? json_print(out, answer) : -ENOMEM;

	return r < 0 ? failure_set(f, CNI_IO, "cannot write to stdout: %s", strerror(-r)) : 0;
}

/* Somebody typed the plugin's name: there is no configuration to wait for. */
static bool input_awaited(int in, int env_result)
{
	return env_result == 0 || !isatty(in);
}

int plugin_main(int in, int out)
{
	_cleanup_free_ char *text = NULL, *error = NULL;
	json_auto_t *root = NULL;
	struct call call = {.conf.root = NULL};
	struct failure f = {.code = 0}, input = {.code = 0};
	size_t len = 0;
	int loaded, r;

	signal(SIGPIPE, SIG_IGN);
	r = env_read(getenv, &call.env, &f);
	loaded = input_awaited(in, r) ? input_read(in, &text, &len, &input) : 0;
	if (loaded == 0)
		loaded = netconf_load(text ? text : "", len, &root, &input);
	if (r == 0 && call.env.command == CNI_VERSION) {
		r = version_serve(root, out, &f);
	} else if (r == 0) {
		f = input;
		r = loaded < 0 ? loaded : call_serve(&call, root, out, &f);
	}
	if (r == 0)
		return 0;
	error = failure_to_json(&f, error_version(root));
	if (error)
		output_write(out, error);
	return 1;
}
