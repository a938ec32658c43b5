/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a runtime passes to the plugin: the environment up to the first newlines (container id,
 * interface, namespace, CNI_ARGS, one line each), the configuration behind them.
 *
 * Whatever is refused has a code and a sentence, and its error object is JSON; whatever is
 * accepted keeps the promises of the headers, and makes a result in every version.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cni/args.h"
#include "cni/env.h"
#include "cni/netconf.h"
#include "cni/request.h"
#include "cni/result.h"
#include "lib/attachment.h"
#include "lib/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition)                                                                    \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
			abort();                                                              \
		}                                                                             \
	} while (0)

enum { COMMAND, ID, IFNAME, NETNS, ARGS, LINES };
static const char *const names[LINES] = {
	"CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME", "CNI_NETNS", "CNI_ARGS",
};
static char *values[LINES];

static char *get(const char *name)
{
	for (int i = 0; i < LINES; i++)
		if (!strcmp(names[i], name))
			return values[i];
	return NULL;
}

static void require_failure(int r, const struct failure *f)
{
	_cleanup_free_ char *text = NULL;
	json_auto_t *j = NULL;

	require(r == -ECANCELED && f->code > 0 && f->msg[0]);
	text = failure_to_json(f, CNI_NEWEST);
	require(text && !strchr(text, '\n'));
	j = json_loads(text, 0, NULL);
	require(json_integer_value(json_object_get(j, "code")) == f->code);
}

static void check_result(const struct netconf *conf, const struct request *req)
{
	static const struct cidr address = {.family = 6, .bits = 128};

	for (int v = 0; v < CNI_VERSIONS; v++) {
		json_auto_t *result = result_new(conf->prev_result);
		_cleanup_free_ char *text = NULL;
		size_t index;

		if (!result)
			return;
		index = result_add_interface(result, values[IFNAME], req->mac, 1500, NULL);
		result_add_ip(result, &address, &address.addr, index);
		result_add_default(result, &address.addr, 1007);
		result_set_dns(result, req->dns);
		result_finish(result, v);
		text = json_dumps(result, JSON_COMPACT);
		require(text && strstr(text, version_to_str(v)));
	}
}

static void check_request(const struct netconf *conf)
{
	struct failure f = {.code = 0};
	struct request req;
	struct args args;
	int r = args_parse(values[ARGS], &args, &f);

	if (r < 0) {
		require_failure(r, &f);
		return;
	}
	r = request_parse(conf, &args, &req, &f);
	if (r < 0) {
		require_failure(r, &f);
	} else {
		require(json_array_size(req.ips) <= 2);
		require(!(req.mac[0] & 1));
		check_result(conf, &req);
		request_free(&req);
	}
	args_free(&args);
}

static void check_netconf(const char *text, size_t len)
{
	struct failure f = {.code = 0};
	json_auto_t *root = NULL;
	struct netconf conf;
	int r = netconf_load(text, len, &root, &f);

	if (r == 0)
		r = netconf_parse(root, &conf, &f);
	if (r < 0) {
		require_failure(r, &f);
		return;
	}
	require(conf.socket[0] == '/' && conf.queue_dir[0] == '/');
	check_request(&conf);
	netconf_free(&conf);
}

static void check_env(void)
{
	struct failure f = {.code = 0};
	struct attachment a;
	struct env env;
	int r = env_read(get, &env, &f);

	if (r < 0)
		require_failure(r, &f);
	else if (env.command <= CNI_CHECK)
		require(attachment_set(&a, "n", env.container_id, env.ifname, NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *all = malloc(size + 1);
	char *rest = all;

	require(all);
	memcpy(all, data, size);
	all[size] = '\0';
	for (int i = 0; i < LINES; i++) {
		values[i] = rest;
		rest += strcspn(rest, "\n");
		if (*rest)
			*rest++ = '\0';
	}
	check_env();
	check_netconf(rest, size - (size_t)(rest - all));
	return 0;
}
