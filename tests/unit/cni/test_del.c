/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DEL succeeds whatever is gone, and is never forgotten. */
#include "tests/unit/cni/call.h"

#include <dirent.h>
#include <sys/stat.h>

#include "lib/file.h"

static int fresh(void **state)
{
	return runtime_open(state);
}

static int fresh_with_agent(void **state)
{
	if (runtime_open(state) < 0)
		return -1;
	fake_start(&rt.agent, NULL);
	return 0;
}

/* The files of the queue; the name of the last one. */
static int queued(char name[64])
{
	_cleanup_dir_ DIR *dir = opendir(rt.agent.queue);
	struct dirent *entry;
	int n = 0;

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(name, 64, "%.63s", entry->d_name);
		n++;
	}
	return n;
}

/* DEL with @netns as it is given. */
static void del(const char *netns, const char *extra)
{
	cni_args("DEL", netns, "", conf("1.0.0", extra));
}

static void del_tells_the_agent_the_three_names_only(void **state)
{
	char name[64];

	(void)state;
	del("", ",\"prevResult\":{\"ips\":[{\"address\":\"10.7.0.99/32\"}]}");
	assert_success();
	assert_string_equal(rt.out, "");
	fake_stop(&rt.agent);
	assert_string_equal(rt.agent.heard,
			    "DELETE /v1/attachments "
			    "{\"network\":\"net\",\"containerId\":\"c1\",\"ifname\":\"eth0\"}\n");
	assert_int_equal(queued(name), 0);
}

static void del_needs_no_namespace_and_can_be_repeated(void **state)
{
	const char *paths[] = {"", "/nonexistent", "/etc/passwd", "dummy"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		del(paths[i], "");
		assert_success();
		del(paths[i], "");
		assert_success();
	}
}

static void del_does_not_read_what_only_add_needs(void **state)
{
	(void)state;
	cni_args("DEL", "", "FANCY=1;nonsense",
		 conf("1.0.0", ",\"runtimeConfig\":{\"ips\":7},\"args\":[]"));
	assert_success();
}

static void del_without_an_agent_is_queued_whole_and_once(void **state)
{
	_cleanup_free_ char *text = NULL;
	char name[64], want[64], device[IFNAMSIZ], path[256];
	struct attachment a;

	(void)state;
	del("", "");
	assert_success();
	del("", "");
	assert_success();
	assert_int_equal(queued(name), 1);
	assert_int_equal(attachment_set(&a, "net", "c1", "eth0", NULL), 0);
	attachment_device(&a, device);
	snprintf(want, sizeof(want), "%s.del", device);
	assert_string_equal(name, want);
	snprintf(path, sizeof(path), "%s/%s", rt.agent.queue, name);
	assert_int_equal(file_read(path, 4096, &text, NULL), 0);
	assert_string_equal(text,
			    "{\"network\":\"net\",\"containerId\":\"c1\",\"ifname\":\"eth0\"}");
}

static void an_agent_that_cannot_is_as_none(void **state)
{
	static const struct fake_answer scripts[][2] = {
		{{"DELETE /v1/attachments", 503, "{\"code\":11,\"message\":\"starting\"}"}},
		{{"DELETE /v1/attachments", 503, "{\"code\":105,\"message\":\"disk full\"}"}},
		{{"DELETE /v1/attachments", 0, NULL}},
	};
	char name[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		fake_start(&rt.agent, scripts[i]);
		del("", "");
		assert_success();
		fake_stop(&rt.agent);
		assert_int_equal(queued(name), 1);
	}
}

static void an_agent_that_refuses_is_an_error(void **state)
{
	static const struct fake_answer script[] = {
		{"DELETE /v1/attachments", 500, "{\"code\":106,\"message\":\"kernel says no\"}"},
		{NULL, 0, NULL}};
	char name[64];

	(void)state;
	fake_start(&rt.agent, script);
	del("", "");
	assert_failure(106, "kernel says no");
	assert_int_equal(queued(name), 0);
}

static void a_queue_that_cannot_be_written_is_error_11(void **state)
{
	_cleanup_free_ char *state_dir = NULL;

	(void)state;
	assert_true(asprintf(&state_dir, "%s/state", rt.agent.dir) > 0);
	/* A file where the directory should be. */
	assert_int_equal(file_write_atomic(state_dir, "x", 1, 0600), 0);
	del("", "");
	assert_failure(11, rt.agent.queue);
	assert_non_null(strstr(rt.out, rt.agent.socket));
}

static void a_torn_file_of_an_earlier_crash_does_no_harm(void **state)
{
	char name[64], device[IFNAMSIZ], path[256];
	_cleanup_free_ char *text = NULL;
	struct attachment a;

	(void)state;
	assert_int_equal(dir_make(rt.agent.queue, 0700), 0);
	assert_int_equal(attachment_set(&a, "net", "c1", "eth0", NULL), 0);
	attachment_device(&a, device);
	snprintf(path, sizeof(path), "%s/%s.del", rt.agent.queue, device);
	assert_int_equal(file_write_atomic(path, "{\"netw", 6, 0600), 0);
	del("", "");
	assert_success();
	assert_int_equal(queued(name), 1);
	assert_int_equal(file_read(path, 4096, &text, NULL), 0);
	assert_non_null(strstr(text, "\"ifname\":\"eth0\"}"));
}

static void without_an_agent_the_hosts_device_goes_at_once(void **state)
{
	struct link pod, host;

	(void)state;
	NEEDS_NETNS();
	fake_start(&rt.agent, NULL);
	cni("ADD", conf("1.0.0", ""));
	assert_success();
	fake_stop(&rt.agent);
	cni("DEL", conf("1.0.0", ""));
	assert_success();
	assert_false(host_has("eth0", &host));
	assert_false(pod_has("eth0", &pod));
}

static void with_an_agent_the_device_is_left_to_it(void **state)
{
	struct link host;

	(void)state;
	NEEDS_NETNS();
	cni("ADD", conf("1.0.0", ""));
	assert_success();
	cni("DEL", conf("1.0.0", ""));
	assert_success();
	assert_true(host_has("eth0", &host));
}

static void hundreds_of_dels_fit(void **state)
{
	_cleanup_free_ char *text = conf("1.0.0", "");
	char id[64], name[64];
	const char *env[] = {"CNI_COMMAND=DEL", id, "CNI_IFNAME=eth0", NULL};

	(void)state;
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof(id), "CNI_CONTAINERID=c%d", i);
		plugin_call(env, text, strlen(text));
		assert_success();
	}
	assert_int_equal(queued(name), 300);
}

#define ALONE(f) cmocka_unit_test_setup_teardown(f, fresh, runtime_close)
#define SERVED(f) cmocka_unit_test_setup_teardown(f, fresh_with_agent, runtime_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(del_tells_the_agent_the_three_names_only),
		SERVED(del_needs_no_namespace_and_can_be_repeated),
		SERVED(del_does_not_read_what_only_add_needs),
		ALONE(del_without_an_agent_is_queued_whole_and_once),
		ALONE(an_agent_that_cannot_is_as_none),
		ALONE(an_agent_that_refuses_is_an_error),
		ALONE(a_queue_that_cannot_be_written_is_error_11),
		ALONE(a_torn_file_of_an_earlier_crash_does_no_harm),
		ALONE(without_an_agent_the_hosts_device_goes_at_once),
		SERVED(with_an_agent_the_device_is_left_to_it),
		ALONE(hundreds_of_dels_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
