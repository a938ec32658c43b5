/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call as such: commands, versions, errors on stdout, GC and STATUS. */
#include "tests/unit/cni/call.h"

static int fresh(void **state)
{
	if (runtime_open(state) < 0)
		return -1;
	fake_start(&rt.agent, NULL);
	return 0;
}

static const char *text_of(const char *key)
{
	const char *text = json_string_value(json_object_get(rt.json, key));

	return text ? text : "";
}

/* A call with these variables and this text; @text is not freed. */
static void call(const char *text, const char *a, const char *b, const char *c, const char *d)
{
	const char *env[] = {a, b, c, d, NULL};

	plugin_call(env, text, strlen(text));
}

static void version_needs_nothing_but_the_command(void **state)
{
	static const char *const inputs[][2] = {
		{"{\"cniVersion\":\"1.0.0\"}", "1.0.0"},
		{"{\"cniVersion\":\"0.4.0\"}", "0.4.0"},
		{"{\"cniVersion\":\"9.9.9\"}", "9.9.9"},
		{"", "1.1.0"},
		{"{", "1.1.0"},
		{"{\"cniVersion\":5}", "1.1.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
		call(inputs[i][0], "CNI_COMMAND=VERSION", NULL, NULL, NULL);
		assert_success();
		assert_string_equal(text_of("cniVersion"), inputs[i][1]);
		assert_int_equal(json_array_size(json_object_get(rt.json, "supportedVersions")), 4);
	}
	call("{\"cniVersion\":\"1.0.0\"}", "CNI_COMMAND=VERSION", "CNI_NETNS=dummy",
	     "CNI_IFNAME=dummy", "CNI_ARGS=");
	assert_success();
}

static void missing_variables_are_named_by_error_4(void **state)
{
	_cleanup_free_ char *text = conf("1.0.0", "");

	(void)state;
	call(text, "X=", NULL, NULL, NULL);
	assert_failure(4, "CNI_COMMAND");
	call(text, "CNI_COMMAND=ADD", "CNI_NETNS=/x", "CNI_IFNAME=eth0", NULL);
	assert_failure(4, "CNI_CONTAINERID");
	call(text, "CNI_COMMAND=ADD", "CNI_CONTAINERID=c", "CNI_NETNS=/x", NULL);
	assert_failure(4, "CNI_IFNAME");
	call(text, "CNI_COMMAND=ADD", "CNI_CONTAINERID=c", "CNI_IFNAME=eth0", NULL);
	assert_failure(4, "CNI_NETNS");
	call(text, "CNI_COMMAND=CHECK", "CNI_CONTAINERID=c", "CNI_IFNAME=eth0", NULL);
	assert_failure(4, "CNI_NETNS");
	call(text, "CNI_COMMAND=DEL", "CNI_IFNAME=eth0", NULL, NULL);
	assert_failure(4, "CNI_CONTAINERID");
	fake_stop(&rt.agent);
	assert_string_equal(rt.agent.heard, "");
}

static void errors_carry_the_version_that_was_asked_for(void **state)
{
	static const char *const rows[][3] = {
		{"0.3.1", "0.3.1"}, {"0.4.0", "0.4.0"}, {"1.1.0", "1.1.0"},
		{"9.9.9", "1.1.0"}, {"", "1.1.0"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = conf(rows[i][0], "");

		call(text, "CNI_COMMAND=ADD", "CNI_CONTAINERID=../x", "CNI_IFNAME=eth0",
		     "CNI_NETNS=/x");
		assert_failure(4, "CNI_CONTAINERID");
		assert_string_equal(text_of("cniVersion"), rows[i][1]);
		assert_non_null(json_object_get(rt.json, "details"));
	}
}

static void unknown_versions_are_error_1(void **state)
{
	static const char *const versions[] = {"9.9.9", "0.2.0",  "0.1.0", "1.0",
					       "",	"1.0.0 ", "v1.0.0"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		cni_args("DEL", "", "", conf(versions[i], ""));
		assert_failure(1, "cniVersion");
	}
	cni_args("DEL", "", "", strdup("{\"name\":\"net\"}"));
	assert_failure(1, "cniVersion is missing");
}

static void malformed_input_is_error_6(void **state)
{
	static const char *const texts[] = {"",
					    " ",
					    "{",
					    "[]",
					    "null",
					    "5",
					    "{}x",
					    "{\"cniVersion\":\"1.0.0\"",
					    "\xff\xfe{}",
					    "{\"a\":\"\\ud800\"}",
					    "{\"name\":\"a\\u0000b\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		cni_args("DEL", "", "", strdup(texts[i]));
		assert_failure(6, "configuration on stdin");
	}
}

static void input_beyond_the_limit_is_refused_unread(void **state)
{
	_cleanup_free_ char *big = malloc(NETCONF_MAX + 2);
	const char *env[] = {"CNI_COMMAND=DEL", "CNI_CONTAINERID=c1", "CNI_IFNAME=eth0", NULL};
	_cleanup_free_ char *small = conf("1.0.0", "");

	(void)state;
	/* White space around a good configuration: only the size differs. */
	memset(big, ' ', NETCONF_MAX + 2);
	memcpy(big, small, strlen(small));
	plugin_call(env, big, NETCONF_MAX);
	assert_success();
	plugin_call(env, big, NETCONF_MAX + 1);
	assert_failure(6, "larger than");
}

static void unknown_commands_are_error_4(void **state)
{
	(void)state;
	cni_args("EXPLODE", "", "", conf("1.0.0", ""));
	assert_failure(4, "EXPLODE");
	cni_args("add", "", "", conf("1.0.0", ""));
	assert_failure(4, "CNI_COMMAND");
}

static void an_error_is_json_whatever_the_environment_holds(void **state)
{
	_cleanup_free_ char *text = conf("1.0.0", "");
	char id[6000] = "CNI_CONTAINERID=";

	(void)state;
	call(text, "CNI_COMMAND=DEL", "CNI_CONTAINERID=\xff\xfe\"\n\x01", "CNI_IFNAME=eth0", NULL);
	assert_failure(4, "CNI_CONTAINERID");
	memset(id + strlen(id), 'x', 5000);
	call(text, "CNI_COMMAND=DEL", id, "CNI_IFNAME=eth0", NULL);
	assert_failure(4, "5000 characters");
	cni_args("ADD", "/x", "IP=\xff", strdup(text));
	assert_failure(4, "CNI_ARGS");
}

static void a_netns_path_of_any_length_is_answered(void **state)
{
	char path[4190];

	(void)state;
	memset(path, '/', sizeof(path));
	path[4095] = '\0';
	cni_args("ADD", path, "", conf("1.0.0", ""));
	assert_failure(4, "CNI_NETNS");
	path[4095] = '/';
	path[4096] = '\0';
	cni_args("ADD", path, "", conf("1.0.0", ""));
	assert_failure(4, "4096 characters");
}

static void a_network_needs_a_name(void **state)
{
	static const char *const commands[] = {"ADD", "DEL", "CHECK"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		cni_args(commands[i], "/x", "", strdup("{\"cniVersion\":\"1.0.0\"}"));
		assert_failure(7, "name is missing");
		cni_args(commands[i], "/x", "",
			 strdup("{\"cniVersion\":\"1.0.0\",\"name\":\"../x\"}"));
		assert_failure(7, "name");
	}
}

static void gc(const char *version, const char *extra)
{
	_cleanup_free_ char *text = conf(version, extra);

	call(text, "CNI_COMMAND=GC", "CNI_CONTAINERID=", "CNI_NETNS=", "CNI_IFNAME=");
}

static void gc_names_what_is_kept(void **state)
{
	(void)state;
	gc("1.1.0", ",\"cni.dev/valid-attachments\":[{\"containerID\":\"b\",\"ifname\":\"eth0\"}],"
		    "\"cni.dev/attachments\":[]");
	assert_success();
	assert_string_equal(rt.out, "");
	gc("1.1.0", ",\"cni.dev/valid-attachments\":[]");
	assert_success();
	gc("1.1.0", ",\"cni.dev/attachments\":[{\"containerID\":\"c\",\"ifname\":\"eth1\"}]");
	assert_success();
	fake_stop(&rt.agent);
	assert_string_equal(
		rt.agent.heard,
		"POST /v1/attachments/gc {\"network\":\"net\",\"validAttachments\":"
		"[{\"containerID\":\"b\",\"ifname\":\"eth0\"}]}\n"
		"POST /v1/attachments/gc {\"network\":\"net\",\"validAttachments\":[]}\n"
		"POST /v1/attachments/gc {\"network\":\"net\",\"validAttachments\":"
		"[{\"containerID\":\"c\",\"ifname\":\"eth1\"}]}\n");
}

static void gc_that_names_nothing_touches_nothing(void **state)
{
	static const char *const extras[] = {
		"",
		",\"cni.dev/valid-attachments\":null",
		",\"cni.dev/valid-attachments\":{}",
		",\"cni.dev/valid-attachments\":[{\"containerID\":\"b\"}]",
		",\"cni.dev/valid-attachments\":[{\"containerID\":\"b\",\"ifname\":\"eth0\"},5]",
		",\"cni.dev/valid-attachments\":[{\"containerID\":\"../b\",\"ifname\":\"eth0\"}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		gc("1.1.0", extras[i]);
		assert_failure(7, "cni.dev/valid-attachments");
	}
	fake_stop(&rt.agent);
	assert_string_equal(rt.agent.heard, "");
}

static void gc_and_status_are_unknown_before_1_1_0(void **state)
{
	_cleanup_free_ char *text = conf("1.0.0", "");

	(void)state;
	gc("1.0.0", ",\"cni.dev/valid-attachments\":[]");
	assert_failure(1, "1.1.0");
	call(text, "CNI_COMMAND=STATUS", NULL, NULL, NULL);
	assert_failure(1, "1.1.0");
}

static void gc_without_an_agent_is_error_11(void **state)
{
	(void)state;
	fake_stop(&rt.agent);
	gc("1.1.0", ",\"cni.dev/valid-attachments\":[]");
	assert_failure(11, rt.agent.socket);
}

static void status_is_the_agents_or_error_50(void **state)
{
	static const struct fake_answer full[] = {{"GET /v1/attachments/status", 503,
						   "{\"code\":50,\"message\":\"pool is full\"}"},
						  {NULL, 0, NULL}};
	static const struct fake_answer starting[] = {{"GET /v1/attachments/status", 503,
						       "{\"code\":11,\"message\":\"starting\"}"},
						      {NULL, 0, NULL}};
	_cleanup_free_ char *text = conf("1.1.0", "");

	(void)state;
	call(text, "CNI_COMMAND=STATUS", NULL, NULL, NULL);
	assert_success();
	assert_string_equal(rt.out, "");
	fake_stop(&rt.agent);
	call(text, "CNI_COMMAND=STATUS", NULL, NULL, NULL);
	assert_failure(50, rt.agent.socket);
	fake_start(&rt.agent, full);
	call(text, "CNI_COMMAND=STATUS", NULL, NULL, NULL);
	assert_failure(50, "pool is full");
	fake_stop(&rt.agent);
	fake_start(&rt.agent, starting);
	call(text, "CNI_COMMAND=STATUS", NULL, NULL, NULL);
	assert_failure(50, "starting");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, runtime_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(version_needs_nothing_but_the_command),
		TEST(missing_variables_are_named_by_error_4),
		TEST(errors_carry_the_version_that_was_asked_for),
		TEST(unknown_versions_are_error_1),
		TEST(malformed_input_is_error_6),
		TEST(input_beyond_the_limit_is_refused_unread),
		TEST(unknown_commands_are_error_4),
		TEST(an_error_is_json_whatever_the_environment_holds),
		TEST(a_netns_path_of_any_length_is_answered),
		TEST(a_network_needs_a_name),
		TEST(gc_names_what_is_kept),
		TEST(gc_that_names_nothing_touches_nothing),
		TEST(gc_and_status_are_unknown_before_1_1_0),
		TEST(gc_without_an_agent_is_error_11),
		TEST(status_is_the_agents_or_error_50),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
