/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ADD against a fake agent: what is in the pod afterwards, and what is not after a failure. */
#include "tests/unit/cni/call.h"

#include <errno.h>
#include <sys/stat.h>

#include "lib/file.h"

static int fresh(void **state)
{
	if (runtime_open(state) < 0)
		return -1;
	fake_start(&rt.agent, NULL);
	return 0;
}

static const char *at(const json_t *j, const char *list, size_t i, const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_array_get(json_object_get(j, list), i), key));

	return text ? text : "";
}

struct route_want {
	const char *dst, *gw;
	uint32_t table;
	int ifindex;
	int count;
};

static int route_count(const struct route_info *route, void *arg)
{
	struct route_want *want = arg;
	char dst[CIDR_STR_MAX], gw[CIDR_STR_MAX] = "";

	cidr_to_str(&route->dst, dst);
	if (route->has_gateway)
		addr_to_str(&route->gateway, gw);
	want->count += !strcmp(dst, want->dst) && !strcmp(gw, want->gw) &&
		       route->table == want->table &&
		       (!want->ifindex || route->ifindex == want->ifindex);
	return 0;
}

static int routes(int family, const char *dst, const char *gw, uint32_t table, int ifindex)
{
	struct route_want want = {.dst = dst, .gw = gw, .table = table, .ifindex = ifindex};

	assert_int_equal(route_list(rt.pod_nl, family, route_count, &want), 0);
	return want.count;
}

static char *pod_sysctl(const char *key)
{
	char path[128], *text = NULL;

	snprintf(path, sizeof(path), "/proc/thread-self/root/proc/sys/net/ipv6/conf/%s", key);
	assert_int_equal(setns(rt.pod, CLONE_NEWNET), 0);
	assert_int_equal(file_read(path, 64, &text, NULL), 0);
	assert_int_equal(setns(rt.home, CLONE_NEWNET), 0);
	return text;
}

static int address_count(int ifindex, const struct cidr *addr, void *arg)
{
	char text[CIDR_STR_MAX];

	(void)ifindex;
	cidr_to_str(addr, text);
	*(int *)arg += !strcmp(text, "10.7.0.9/32") || !strcmp(text, "fd07::9/128");
	return 0;
}

static void add_makes_the_pods_side_and_says_so(void **state)
{
	_cleanup_free_ char *ra = NULL;
	struct link pod, host;
	char mac[32];
	int n = 0;

	(void)state;
	NEEDS_NETNS();
	cni("ADD", conf("1.1.0", ",\"dns\":{\"nameservers\":[\"10.7.0.53\"]}"));
	assert_success();
	assert_true(pod_has("eth0", &pod));
	assert_true(host_has("eth0", &host));
	assert_true(pod.flags & IFF_UP);
	assert_false(host.flags & IFF_UP);
	assert_int_equal(pod.mtu, 1450);
	assert_int_equal(host.mtu, 1450);
	assert_memory_equal(host.mac, ((uint8_t[]){0x02, 0x61, 0x78, 0x6f, 0, 1}), 6);
	assert_int_equal(address_list(rt.pod_nl, pod.ifindex, address_count, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(routes(4, "0.0.0.0/0", "10.7.0.1", 254, pod.ifindex), 1);
	assert_int_equal(routes(4, "10.7.0.1/32", "", 254, pod.ifindex), 1);
	assert_int_equal(routes(6, "::/0", "fd07::1", 254, pod.ifindex), 1);
	assert_int_equal(routes(6, "fd07::1/128", "", 254, pod.ifindex), 1);
	ra = pod_sysctl("eth0/accept_ra");
	assert_string_equal(ra, "0\n");
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", pod.mac[0], pod.mac[1],
		 pod.mac[2], pod.mac[3], pod.mac[4], pod.mac[5]);
	assert_string_equal(at(rt.json, "interfaces", 0, "name"), host.name);
	assert_string_equal(at(rt.json, "interfaces", 0, "mac"), FAKE_HOST_MAC);
	assert_string_equal(at(rt.json, "interfaces", 0, "sandbox"), "");
	assert_string_equal(at(rt.json, "interfaces", 1, "name"), "eth0");
	assert_string_equal(at(rt.json, "interfaces", 1, "mac"), mac);
	assert_string_equal(at(rt.json, "interfaces", 1, "sandbox"), rt.netns);
	assert_string_equal(at(rt.json, "ips", 0, "address"), "10.7.0.9/32");
	assert_string_equal(at(rt.json, "ips", 1, "gateway"), "fd07::1");
	assert_string_equal(at(rt.json, "routes", 0, "gw"), "10.7.0.1");
	assert_string_equal(
		json_string_value(json_array_get(
			json_object_get(json_object_get(rt.json, "dns"), "nameservers"), 0)),
		"10.7.0.53");
	fake_stop(&rt.agent);
	assert_non_null(strstr(rt.agent.heard, mac));
	assert_int_equal(count_heard("PUT /v1/attachments"), 1);
	assert_int_equal(count_heard("DELETE /v1/attachments"), 0);
}

static void ipv6_works_where_the_runtime_switched_it_off(void **state)
{
	_cleanup_free_ char *off = NULL;
	struct link pod;
	int n = 0;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(setns(rt.pod, CLONE_NEWNET), 0);
	assert_int_equal(file_write_text("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1"), 0);
	assert_int_equal(setns(rt.home, CLONE_NEWNET), 0);
	cni("ADD", conf("1.0.0", ""));
	assert_success();
	off = pod_sysctl("eth0/disable_ipv6");
	assert_string_equal(off, "0\n");
	assert_true(pod_has("eth0", &pod));
	assert_int_equal(address_list(rt.pod_nl, pod.ifindex, address_count, &n), 0);
	assert_int_equal(n, 2);
}

static void an_interface_that_exists_is_an_error_and_stays(void **state)
{
	struct veth_opts opts = {
		.name = "eth0", .peer_name = "other", .peer_netns_fd = -1, .up = true};
	struct link before, after, host;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(veth_add(rt.pod_nl, &opts), 0);
	assert_true(pod_has("eth0", &before));
	cni("ADD", conf("1.0.0", ""));
	assert_failure(103, "eth0 exists");
	assert_true(pod_has("eth0", &after));
	assert_int_equal(before.ifindex, after.ifindex);
	assert_false(host_has("eth0", &host));
	fake_stop(&rt.agent);
	assert_int_equal(count_heard("POST /v1/attachments/flush"), 1);
	assert_int_equal(count_heard("PUT /v1/attachments"), 0);
	assert_int_equal(count_heard("DELETE /v1/attachments"), 1);
}

static void delete_eth0(void *arg)
{
	struct link link;

	(void)arg;
	if (link_get(rt.pod_nl, "eth0", 0, &link) == 0)
		link_del(rt.pod_nl, link.ifindex);
}

static void an_interface_on_its_way_out_is_waited_for(void **state)
{
	struct veth_opts opts = {.name = "eth0", .peer_name = "other", .peer_netns_fd = -1};
	struct link host;

	(void)state;
	NEEDS_NETNS();
	rt.agent.at_flush = delete_eth0;
	assert_int_equal(veth_add(rt.pod_nl, &opts), 0);
	cni("ADD", conf("1.0.0", ""));
	assert_success();
	assert_true(host_has("eth0", &host));
}

static void refusals_of_the_agent_pass_and_leave_nothing(void **state)
{
	static const struct {
		struct fake_answer script[2];
		int code, deletes;
		const char *msg;
	} rows[] = {
		{{{"POST /v1/attachments", 503, "{\"code\":100,\"message\":\"pool is full\"}"}},
		 100,
		 0,
		 "pool is full"},
		{{{"POST /v1/attachments", 409, "{\"code\":103,\"message\":\"it lives\"}"}},
		 103,
		 0,
		 "it lives"},
		{{{"POST /v1/attachments", 503, "busy"}}, 11, 0, "503"},
		{{{"POST /v1/attachments", 500, "{}"}}, 5, 0, "500"},
		{{{"POST /v1/attachments", 0, NULL}}, 11, 1, "closed the connection"},
		{{{"POST /v1/attachments", 200, "[]"}}, 5, 1, "no JSON object"},
		{{{"POST /v1/attachments", 200, "{\"hostDevice\":\"eth0\"}"}},
		 5,
		 1,
		 "reservation is incomplete"},
		{{{"PUT /v1/attachments", 500, "{\"code\":106,\"message\":\"no program\"}"}},
		 106,
		 1,
		 "no program"},
		{{{"PUT /v1/attachments", 0, NULL}}, 11, 1, "closed the connection"},
	};
	struct link pod, host;

	(void)state;
	NEEDS_NETNS();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fake_stop(&rt.agent);
		fake_start(&rt.agent, rows[i].script);
		cni("ADD", conf("1.0.0", ""));
		assert_failure(rows[i].code, rows[i].msg);
		assert_false(pod_has("eth0", &pod));
		assert_false(host_has("eth0", &host));
		fake_stop(&rt.agent);
		assert_int_equal(count_heard("DELETE /v1/attachments"), rows[i].deletes);
	}
}

static void a_live_attachment_is_left_alone_when_the_answer_is_lost(void **state)
{
	static const struct fake_answer lost[] = {{"POST /v1/attachments", 0, NULL},
						  {NULL, 0, NULL}};
	struct link before, after;

	(void)state;
	NEEDS_NETNS();
	cni("ADD", conf("1.0.0", ""));
	assert_success();
	assert_true(pod_has("eth0", &before));
	fake_stop(&rt.agent);
	fake_start(&rt.agent, lost);
	cni("ADD", conf("1.0.0", ""));
	assert_failure(11, "closed the connection");
	assert_true(pod_has("eth0", &after));
	assert_int_equal(before.ifindex, after.ifindex);
	fake_stop(&rt.agent);
	assert_int_equal(count_heard("DELETE /v1/attachments"), 0);
	assert_int_not_equal(access(rt.agent.queue, F_OK), 0);
}

static void a_host_device_of_that_name_is_not_taken_over(void **state)
{
	struct veth_opts opts = {.peer_name = "orphan", .peer_netns_fd = -1};
	struct link before, after, pod;
	char device[IFNAMSIZ];
	struct attachment a;

	(void)state;
	NEEDS_NETNS();
	assert_int_equal(attachment_set(&a, "net", "c1", "eth0", NULL), 0);
	attachment_device(&a, device);
	opts.name = device;
	assert_int_equal(veth_add(rt.host_nl, &opts), 0);
	assert_true(host_has("eth0", &before));
	cni("ADD", conf("1.0.0", ""));
	assert_failure(106, device);
	assert_false(pod_has("eth0", &pod));
	assert_true(host_has("eth0", &after));
	assert_int_equal(before.ifindex, after.ifindex);
}

static void no_agent_is_error_11_and_changes_nothing(void **state)
{
	struct link pod;

	(void)state;
	NEEDS_NETNS();
	fake_stop(&rt.agent);
	cni("ADD", conf("1.0.0", ""));
	assert_failure(11, rt.agent.socket);
	assert_false(pod_has("eth0", &pod));
	assert_int_not_equal(access(rt.agent.queue, F_OK), 0);
}

static void what_is_no_namespace_of_a_pod_is_refused(void **state)
{
	char home[64];
	const char *paths[] = {"/nonexistent/ns",   "/etc/passwd", "/tmp",
			       "/proc/self/ns/mnt", "/dev/null",   home};

	(void)state;
	NEEDS_NETNS();
	snprintf(home, sizeof(home), "/proc/%d/fd/%d", (int)getpid(), rt.home);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		cni_args("ADD", paths[i], "", conf("1.0.0", ""));
		assert_failure(4, paths[i]);
	}
	fake_stop(&rt.agent);
	assert_string_equal(rt.agent.heard, "");
}

static void a_fifo_for_a_namespace_does_not_hang(void **state)
{
	char path[128];

	(void)state;
	NEEDS_NETNS();
	snprintf(path, sizeof(path), "%s/fifo", rt.agent.dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	cni_args("ADD", path, "", conf("1.0.0", ""));
	assert_failure(4, path);
}

static void every_request_reaches_the_agent(void **state)
{
	struct link pod;

	(void)state;
	NEEDS_NETNS();
	cni_args(
		"ADD", rt.netns,
		"IgnoreUnknown=1;IP=10.9.9.9;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web-0;X=1",
		conf("1.0.0",
		     ",\"runtimeConfig\":{\"Ips\":[\"10.7.0.44/24\"],\"Mac\":\"02:00:00:00:AA:01\","
		     "\"io.kubernetes.cri.pod-annotations\":{\"axoneme.io/labels\":\"{\\\"tier\\\":\\\"front\\\"}\"}},"
		     "\"args\":{\"cni\":{\"labels\":[{\"key\":\"app\",\"value\":\"web\"}],"
		     "\"ports\":[{\"name\":\"http\",\"containerPort\":80}]}}"));
	assert_success();
	assert_true(pod_has("eth0", &pod));
	assert_memory_equal(pod.mac, ((uint8_t[]){2, 0, 0, 0, 0xaa, 1}), 6);
	fake_stop(&rt.agent);
	assert_non_null(strstr(rt.agent.heard, "\"ips\":[\"10.7.0.44\"]"));
	assert_non_null(strstr(rt.agent.heard, "\"mac\":\"02:00:00:00:aa:01\""));
	assert_non_null(strstr(rt.agent.heard, "\"namespace\":\"prod\",\"name\":\"web-0\""));
	assert_non_null(strstr(
		rt.agent.heard,
		"{\"key\":\"tier\",\"value\":\"front\"},{\"key\":\"app\",\"value\":\"web\"}"));
	assert_non_null(
		strstr(rt.agent.heard, "{\"name\":\"http\",\"port\":80,\"protocol\":\"TCP\"}"));
}

/* Another plugin's eth0 with a default route of its own: ours is the second interface. */
static void other_interface(bool with_default)
{
	struct veth_opts opts = {
		.name = "net0", .peer_name = "net1", .peer_netns_fd = -1, .up = true};
	struct cidr addr;
	struct axo_addr gw;
	struct route_opts dflt = {.family = 4, .gateway = &gw};
	struct link link;

	assert_int_equal(veth_add(rt.pod_nl, &opts), 0);
	assert_true(pod_has("net0", &link));
	assert_int_equal(cidr_parse_host("192.168.5.2/24", &addr, NULL), 0);
	assert_int_equal(addr_parse("192.168.5.1", &gw, NULL), 0);
	assert_int_equal(address_add(rt.pod_nl, link.ifindex, &addr), 0);
	dflt.ifindex = link.ifindex;
	if (with_default)
		assert_int_equal(route_add(rt.pod_nl, &dflt), 0);
}

static void a_further_interface_has_a_table_of_its_own(void **state)
{
	_cleanup_free_ char *prev = NULL;
	struct axo_addr from4, from6;
	struct link pod;
	uint32_t table;

	(void)state;
	NEEDS_NETNS();
	other_interface(true);
	cni("ADD", conf("1.1.0", ""));
	assert_success();
	assert_true(pod_has("eth0", &pod));
	table = 1000 + (uint32_t)pod.ifindex;
	assert_int_equal(routes(4, "0.0.0.0/0", "10.7.0.1", 254, 0), 0);
	assert_int_equal(routes(4, "0.0.0.0/0", "192.168.5.1", 254, 0), 1);
	assert_int_equal(routes(4, "0.0.0.0/0", "10.7.0.1", table, pod.ifindex), 1);
	assert_int_equal(routes(6, "::/0", "fd07::1", table, pod.ifindex), 1);
	/* There was no IPv6 default route. */
	assert_int_equal(routes(6, "::/0", "fd07::1", 254, pod.ifindex), 1);
	assert_int_equal(addr_parse("10.7.0.9", &from4, NULL), 0);
	assert_int_equal(addr_parse("fd07::9", &from6, NULL), 0);
	assert_int_equal(rule_add(rt.pod_nl, &from4, table, 1000), -EEXIST);
	assert_int_equal(rule_add(rt.pod_nl, &from6, table, 1000), -EEXIST);
	assert_int_equal(json_array_size(json_object_get(rt.json, "routes")), 3);
	assert_true(asprintf(&prev, ",\"prevResult\":%s", rt.out) > 0);
	cni("DEL", conf("1.1.0", prev));
	assert_success();
	assert_int_equal(rule_del(rt.pod_nl, &from4, table, 1000), -ENOENT);
	assert_int_equal(rule_del(rt.pod_nl, &from6, table, 1000), -ENOENT);
}

static void a_further_interface_gives_the_default_route_where_none_is(void **state)
{
	struct link pod;

	(void)state;
	NEEDS_NETNS();
	other_interface(false);
	cni("ADD", conf("1.0.0", ""));
	assert_success();
	assert_true(pod_has("eth0", &pod));
	assert_int_equal(routes(4, "0.0.0.0/0", "10.7.0.1", 254, pod.ifindex), 1);
	assert_int_equal(
		routes(4, "0.0.0.0/0", "10.7.0.1", 1000 + (uint32_t)pod.ifindex, pod.ifindex), 1);
	assert_int_equal(json_array_size(json_object_get(rt.json, "routes")), 2);
}

static void what_earlier_plugins_did_is_passed_through(void **state)
{
	(void)state;
	NEEDS_NETNS();
	cni("ADD",
	    conf("0.4.0",
		 ",\"prevResult\":{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"d0\"}],"
		 "\"ips\":[{\"version\":\"4\",\"address\":\"192.0.2.7/24\",\"interface\":0}],"
		 "\"routes\":[{\"dst\":\"203.0.113.0/24\"}],\"dns\":{\"nameservers\":[\"192.0.2.53\"]}}"));
	assert_success();
	assert_string_equal(at(rt.json, "interfaces", 0, "name"), "d0");
	assert_string_equal(at(rt.json, "interfaces", 2, "name"), "eth0");
	assert_string_equal(at(rt.json, "ips", 0, "address"), "192.0.2.7/24");
	assert_string_equal(at(rt.json, "ips", 1, "version"), "4");
	assert_string_equal(at(rt.json, "ips", 2, "version"), "6");
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(json_object_get(rt.json, "ips"), 1), "interface")),
			 2);
	assert_string_equal(at(rt.json, "routes", 0, "dst"), "203.0.113.0/24");
	assert_non_null(strstr(rt.out, "192.0.2.53"));
}

static void a_malformed_prevresult_undoes_the_add(void **state)
{
	struct link pod;

	(void)state;
	NEEDS_NETNS();
	cni("ADD", conf("1.0.0", ",\"prevResult\":{\"interfaces\":[5]}"));
	assert_failure(7, "prevResult");
	assert_false(pod_has("eth0", &pod));
}

static void a_result_that_nobody_reads_is_undone(void **state)
{
	_cleanup_free_ char *text = conf("1.0.0", "");
	_cleanup_close_ int in = memfd_create("in", 0), full = open("/dev/full", O_WRONLY);
	char netns[128];
	const char *env[] = {"CNI_COMMAND=ADD", "CNI_CONTAINERID=c1", "CNI_IFNAME=eth0", netns,
			     NULL};
	int status;
	pid_t pid;

	(void)state;
	NEEDS_NETNS();
	snprintf(netns, sizeof(netns), "CNI_NETNS=%s", rt.netns);
	assert_int_equal(write(in, text, strlen(text)), strlen(text));
	lseek(in, 0, SEEK_SET);
	pid = fake_fork(&rt.agent);
	if (pid == 0)
		child(env, in, full);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 1);
	fake_stop(&rt.agent);
	assert_int_equal(count_heard("DELETE /v1/attachments"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, runtime_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_makes_the_pods_side_and_says_so),
		TEST(ipv6_works_where_the_runtime_switched_it_off),
		TEST(an_interface_that_exists_is_an_error_and_stays),
		TEST(an_interface_on_its_way_out_is_waited_for),
		TEST(refusals_of_the_agent_pass_and_leave_nothing),
		TEST(a_live_attachment_is_left_alone_when_the_answer_is_lost),
		TEST(a_host_device_of_that_name_is_not_taken_over),
		TEST(no_agent_is_error_11_and_changes_nothing),
		TEST(what_is_no_namespace_of_a_pod_is_refused),
		TEST(a_fifo_for_a_namespace_does_not_hang),
		TEST(every_request_reaches_the_agent),
		TEST(a_further_interface_has_a_table_of_its_own),
		TEST(a_further_interface_gives_the_default_route_where_none_is),
		TEST(what_earlier_plugins_did_is_passed_through),
		TEST(a_malformed_prevresult_undoes_the_add),
		TEST(a_result_that_nobody_reads_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
