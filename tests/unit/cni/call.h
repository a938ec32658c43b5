/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calling the plugin as a runtime does: a process of its own, environment, stdin, stdout; against
 * a fake agent and a pod's network namespace of the test.
 */
#ifndef TESTS_UNIT_CNI_CALL_H
#define TESTS_UNIT_CNI_CALL_H

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni/plugin.h"
#include "lib/cleanup.h"
#include "lib/netlink.h"
#include "tests/unit/cni/fake_agent.h"

/**
 * struct runtime - a runtime with one host and one pod
 * @home, @pod: namespaces; -1 = this process may not make any
 * @host_nl, @pod_nl: rtnetlink in them
 * @netns:  path of the pod's
 * @status, @out, @json: what the last call gave; @json NULL = no JSON
 */
struct runtime {
	struct fake_agent agent;
	int home, pod;
	struct netlink *host_nl, *pod_nl;
	char netns[64];
	int status;
	char out[8192];
	json_t *json;
};

static struct runtime rt;

static inline int runtime_open(void **state)
{
	(void)state;
	fake_init(&rt.agent);
	rt.home = rt.pod = -1;
	rt.json = NULL;
	if (unshare(CLONE_NEWNET) < 0)
		return 0;
	rt.home = open("/proc/thread-self/ns/net", O_RDONLY);
	if (netlink_open(&rt.host_nl) < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	rt.pod = open("/proc/thread-self/ns/net", O_RDONLY);
	snprintf(rt.netns, sizeof(rt.netns), "/proc/%d/fd/%d", (int)getpid(), rt.pod);
	return netlink_open(&rt.pod_nl) < 0 || setns(rt.home, CLONE_NEWNET) < 0 ? -1 : 0;
}

static inline int runtime_close(void **state)
{
	char path[256];

	(void)state;
	fake_stop(&rt.agent);
	json_decref(rt.json);
	snprintf(path, sizeof(path), "rm -rf %s", rt.agent.dir);
	if (system(path) != 0)
		return -1;
	if (rt.home < 0)
		return 0;
	netlink_close(rt.host_nl);
	netlink_close(rt.pod_nl);
	close(rt.home);
	close(rt.pod);
	return 0;
}

#define NEEDS_NETNS()                                                \
	do {                                                         \
		if (rt.home < 0) {                                   \
			print_message("needs network namespaces\n"); \
			skip();                                      \
		}                                                    \
	} while (0)

/* The configuration of a runtime: version, socket and queue, and what @extra (", ...") adds. */
static inline char *conf(const char *version, const char *extra)
{
	char *text;

	if (asprintf(&text,
		     "{\"cniVersion\":\"%s\",\"name\":\"net\",\"type\":\"axoneme-cni\","
		     "\"socket\":\"%s\",\"queueDir\":\"%s\"%s}",
		     version, rt.agent.socket, rt.agent.queue, extra) < 0)
		abort();
	return text;
}

static inline void child(const char *const *env, int in, int out)
{
	clearenv();
	for (; *env; env++)
		putenv((char *)(uintptr_t)*env);
	_exit(plugin_main(in, out));
}

/* Run the plugin with @env ("NAME=VALUE"..., NULL) and @text on stdin. */
static inline int plugin_call(const char *const *env, const char *text, size_t len)
{
	_cleanup_close_ int in = memfd_create("in", 0), out = memfd_create("out", 0);
	ssize_t n;
	pid_t pid;
	int status;

	assert_int_equal(write(in, text, len), len);
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	fflush(NULL);
	pid = fake_fork(&rt.agent);
	if (pid == 0)
		child(env, in, out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	n = pread(out, rt.out, sizeof(rt.out) - 1, 0);
	assert_true(n >= 0);
	rt.out[n] = '\0';
	json_decref(rt.json);
	rt.json = json_loads(rt.out, 0, NULL);
	rt.status = WEXITSTATUS(status);
	return rt.status;
}

/* A call of @command for container c1, eth0; @text is freed.  Exit status. */
static inline int cni_args(const char *command, const char *netns, const char *args, char *text)
{
	char c[64], n[4200], a[1024];
	const char *env[] = {
		c, "CNI_CONTAINERID=c1", "CNI_IFNAME=eth0", n, a, "CNI_PATH=/opt/cni/bin", NULL};
	int r;

	snprintf(c, sizeof(c), "CNI_COMMAND=%s", command);
	snprintf(n, sizeof(n), "CNI_NETNS=%s", netns);
	snprintf(a, sizeof(a), "CNI_ARGS=%s", args);
	r = plugin_call(env, text, strlen(text));
	free(text);
	return r;
}

static inline int cni(const char *command, char *text)
{
	return cni_args(command, rt.netns, "", text);
}

/* The last call failed with @code and a message that holds @part. */
static inline void assert_failure(int code, const char *part)
{
	if (rt.status != 1 || json_integer_value(json_object_get(rt.json, "code")) != code)
		fail_msg("expected error %d, got status %d: %s", code, rt.status, rt.out);
	assert_non_null(json_string_value(json_object_get(rt.json, "cniVersion")));
	if (!strstr(json_string_value(json_object_get(rt.json, "msg")), part))
		fail_msg("expected \"%s\" in: %s", part, rt.out);
}

static inline void assert_success(void)
{
	if (rt.status != 0)
		fail_msg("expected success, got: %s", rt.out);
}

static inline bool pod_has(const char *name, struct link *link)
{
	return link_get(rt.pod_nl, name, 0, link) == 0;
}

/* The host's side of (net, c1, @ifname). */
static inline bool host_has(const char *ifname, struct link *link)
{
	char device[IFNAMSIZ];
	struct attachment a;

	assert_int_equal(attachment_set(&a, "net", "c1", ifname, NULL), 0);
	attachment_device(&a, device);
	return link_get(rt.host_nl, device, 0, link) == 0;
}

static inline int count_heard(const char *request)
{
	const char *at = rt.agent.heard;
	int n = 0;

	for (; (at = strstr(at, request)); at += strlen(request))
		n += at[strlen(request)] == ' ';
	return n;
}

#endif
