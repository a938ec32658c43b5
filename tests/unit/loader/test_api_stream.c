/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Streams on real maps: the flow tables, and events that a small program puts into a ring.
 * Needs CAP_BPF; without it every test is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <jansson.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sys/un.h>

#include "axoneme/count.h"
#include "axoneme/drop.h"
#include "axoneme/flow.h"
#include "lib/http.h"
#include "tests/unit/loader/fake_agent.h"

#define FLOWS 5000
#define INSN(c, d, s, o, i) \
	((struct bpf_insn){.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

/**
 * struct stage - a serving agent and the program that makes events
 * @emit: program; a run puts one drop event into the ring, or counts it as lost
 */
struct stage {
	struct fake fake;
	int emit;
	bool skip;
};

/* bpf_ringbuf_output(ring, event on the stack, ...); @words: the event, 8 bytes each */
static int emit_load(int ring, const struct axo_event_drop *event)
{
	struct bpf_insn code[3 * sizeof(*event) / 8 + 16];
	size_t words = sizeof(*event) / 8;
	int base = -(int)sizeof(*event);
	size_t n = 0;

	for (size_t i = 0; i < words; i++) {
		uint64_t word;

		memcpy(&word, (const char *)event + i * 8, 8);
		code[n++] = INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, 0, 0, (int32_t)word);
		code[n++] = INSN(0, 0, 0, 0, (int32_t)(word >> 32));
		code[n++] = INSN(BPF_STX | BPF_MEM | BPF_DW, BPF_REG_10, BPF_REG_1,
				 base + (int)i * 8, 0);
	}
	code[n++] = INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, ring);
	code[n++] = INSN(0, 0, 0, 0, 0);
	code[n++] = INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0);
	code[n++] = INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, base);
	code[n++] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, sizeof(*event));
	code[n++] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_4, 0, 0, 0);
	code[n++] = INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_output);
	code[n++] = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "emit", "GPL", code, n, NULL);
}

/* @n runs; the last run's return value, which is 0 or -EAGAIN (ring full). */
static int emit(const struct stage *s, unsigned int n)
{
	char packet[64] = "";
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = (int)n);

	assert_int_equal(0, bpf_prog_test_run_opts(s->emit, &opts));
	return (int)opts.retval;
}

static void maps_make(struct datapath *dp)
{
	LIBBPF_OPTS(bpf_map_create_opts, lazy, .map_flags = BPF_F_NO_PREALLOC);
	const size_t key = sizeof(struct axo_flow_key), flow = sizeof(struct axo_flow);

	dp->fd[MAP_FLOW] = bpf_map_create(BPF_MAP_TYPE_HASH, "flow", key, flow, 65536, &lazy);
	dp->fd[MAP_FLOW_LRU] = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "lru", key, flow, 65536, NULL);
	dp->fd[MAP_COUNTS] =
		bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counts", 4, 8, AXO_COUNT_MAX, NULL);
	dp->fd[MAP_EVENTS] = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, 1 << 20, NULL);
}

static void flows_make(const struct datapath *dp)
{
	struct axo_flow flow = {.generation = FAKE_GENERATION, .verdict = AXO_VERDICT_ALLOW};
	struct axo_flow_key key = {.proto = IPPROTO_TCP};

	addr_parse("10.0.0.2", &key.addr[0], NULL);
	addr_parse("10.7.0.0", &key.addr[1], NULL);
	for (unsigned int i = 0; i < FLOWS; i++) {
		key.port[0] = htons(i);
		/* Every tenth flow is that of endpoint 1, by its address; every fifth is half-open. */
		key.addr[0].b[15] = i % 10 ? 99 : 2;
		bpf_map_update_elem(dp->fd[i % 5 ? MAP_FLOW : MAP_FLOW_LRU], &key, &flow, BPF_ANY);
	}
}

static int start(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct axo_event_drop event = {
		.type = AXO_EVENT_DROP, .reason = AXO_DROP_NO_POD, .len = 60, .endpoint = 1};

	*state = s;
	maps_make(&s->fake.datapath);
	s->emit = s->fake.datapath.fd[MAP_EVENTS] < 0
			  ? -1
			  : emit_load(s->fake.datapath.fd[MAP_EVENTS], &event);
	s->skip = s->emit < 0 || s->fake.datapath.fd[MAP_FLOW] < 0;
	if (s->skip)
		return 0;
	flows_make(&s->fake.datapath);
	fake_start(&s->fake);
	return 0;
}

static int stop(void **state)
{
	struct stage *s = *state;
	int status = s->fake.pid ? fake_stop(&s->fake) : 0;

	for (int i = 0; i < MAP_COUNT; i++)
		if (s->fake.datapath.fd[i] > 0)
			close(s->fake.datapath.fd[i]);
	if (s->emit >= 0)
		close(s->emit);
	free(s);
	return status;
}

static struct stage *stage(void **state)
{
	struct stage *s = *state;

	if (s->skip) {
		print_message("skipped: needs CAP_BPF\n");
		skip();
	}
	return s;
}

static json_t *get(const struct stage *s, const char *path)
{
	_cleanup_http_ struct http *h = NULL;
	struct http_response res = {0};
	struct error e = {.msg = ""};
	json_t *json;

	if (http_open(s->fake.socket, 5000, &h, &e) || http_request(h, "GET", path, NULL, &res, &e))
		fail_msg("%s: %s", path, e.msg);
	json = json_loads(res.body, 0, NULL);
	free(res.body);
	assert_non_null(json);
	return json;
}

static void all_flows_of_both_tables_are_listed_once(void **state)
{
	struct stage *s = stage(state);
	json_t *list = get(s, "/v1/flows");
	bool seen[FLOWS] = {0};
	const json_t *flow;
	size_t i;

	assert_int_equal(FLOWS, json_array_size(list));
	json_array_foreach(list, i, flow) {
		json_int_t port = json_integer_value(json_object_get(flow, "sourcePort"));

		assert_in_range(port, 0, FLOWS - 1);
		assert_false(seen[port]);
		seen[port] = true;
		assert_true(json_is_true(json_object_get(flow, "current")));
	}
	json_decref(list);
}

static void flows_of_an_endpoint_are_those_with_its_address(void **state)
{
	struct stage *s = stage(state);
	json_t *list = get(s, "/v1/flows?endpoint=1");

	assert_int_equal(FLOWS / 10, json_array_size(list));
	json_decref(list);
	list = get(s, "/v1/flows?endpoint=2");
	assert_int_equal(0, json_array_size(list));
	json_decref(list);
}

static int raw_get(const struct stage *s, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char request[128];

	strcpy(addr.sun_path, s->fake.socket);
	assert_int_equal(0, connect(fd, (struct sockaddr *)&addr, sizeof(addr)));
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n\r\n", path);
	assert_int_equal(strlen(request), send(fd, request, strlen(request), MSG_NOSIGNAL));
	return fd;
}

/* Until @until stands in what was heard (of which @buf holds the last part); false = deadline. */
static bool hear(int fd, const char *until, char *buf, size_t size)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t used = 0;

	while (poll(&p, 1, 5000) > 0) {
		ssize_t n;

		if (used > size / 2) {
			memmove(buf, buf + used - 256, 256);
			used = 256;
		}
		n = recv(fd, buf + used, size - 1 - used, 0);
		if (n <= 0)
			return false;
		used += n;
		buf[used] = '\0';
		if (strstr(buf, until))
			return true;
	}
	return false;
}

static void a_listener_hears_events_from_its_head_on(void **state)
{
	struct stage *s = stage(state);
	int fd = raw_get(s, "/v1/events?type=drop");
	char buf[8192];

	assert_true(hear(fd, "\r\n\r\n", buf, sizeof(buf)));
	assert_non_null(strstr(buf, "application/x-ndjson"));
	assert_int_equal(0, emit(s, 1));
	assert_true(hear(fd, "\"reason\":\"no_pod\"", buf, sizeof(buf)));
	close(fd);
}

static void events_before_the_first_listener_are_nobodys(void **state)
{
	struct stage *s = stage(state);
	char buf[8192];
	int fd;

	assert_int_equal(0, emit(s, 3));
	fd = raw_get(s, "/v1/events");
	assert_true(hear(fd, "\r\n\r\n", buf, sizeof(buf)));
	assert_null(strstr(buf, "drop"));
	assert_int_equal(0, emit(s, 1));
	assert_true(hear(fd, "}\n", buf, sizeof(buf)));
	assert_null(strstr(strstr(buf, "\"type\"") + 1, "\"type\""));
	close(fd);
}

/* The ring takes new events only while somebody consumes it. */
static bool ring_is_full(void *arg)
{
	return emit(arg, 20000) != 0;
}

static void the_ring_is_left_alone_when_the_last_listener_is_gone(void **state)
{
	struct stage *s = stage(state);
	int fd[2] = {raw_get(s, "/v1/events"), raw_get(s, "/v1/events")};
	char buf[8192];

	for (int i = 0; i < 2; i++)
		assert_true(hear(fd[i], "\r\n\r\n", buf, sizeof(buf)));
	close(fd[0]);
	emit(s, 1);
	assert_true(hear(fd[1], "no_pod", buf, sizeof(buf)));
	close(fd[1]);
	/* Nothing is written to the clients that left: the server must notice by itself. */
	assert_true(wait_until(ring_is_full(s)));
}

/* Events that @fd hears of, as lines or as lost ones, until there are @expected of them. */
static unsigned int hear_of(int fd, unsigned int expected, unsigned int *lost)
{
	static const char drop[] = "{\"type\":\"drop\"", loss[] = "{\"type\":\"lost\",\"count\":";
	const struct timeval limit = {.tv_sec = 5};
	FILE *in = fdopen(dup(fd), "r");
	unsigned int drops = 0;
	char *line = NULL;
	size_t size = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	*lost = 0;
	while (drops + *lost < expected && getline(&line, &size, in) > 0) {
		drops += !strncmp(line, drop, strlen(drop));
		if (!strncmp(line, loss, strlen(loss)))
			*lost += atoi(line + strlen(loss));
	}
	free(line);
	fclose(in);
	return drops;
}

/* The server goes on meanwhile, and in the end no event is unaccounted for. */
static void a_listener_that_does_not_read_hears_what_it_lost(void **state)
{
	struct stage *s = stage(state);
	int fd = raw_get(s, "/v1/events");
	unsigned int drops, lost;
	char buf[4096];

	assert_true(hear(fd, "\r\n\r\n", buf, sizeof(buf)));
	for (int i = 0; i < 40; i++) {
		assert_int_equal(0, emit(s, 500));
		json_decref(get(s, "/v1/version"));
	}
	drops = hear_of(fd, 20000, &lost);
	assert_int_equal(20000, drops + lost);
	assert_in_range(lost, 1, 19999);
	close(fd);
}

static void streams_end_with_the_agent(void **state)
{
	struct stage *s = stage(state);
	int fd = raw_get(s, "/v1/events");
	char buf[8192];

	assert_true(hear(fd, "\r\n\r\n", buf, sizeof(buf)));
	/* 0 also says that no bit of an event type was left set. */
	assert_int_equal(0, fake_stop(&s->fake));
	assert_true(hear(fd, "0\r\n\r\n", buf, sizeof(buf)));
	close(fd);
}

static void clients_that_leave_in_the_middle_of_a_list_are_no_loss(void **state)
{
	struct stage *s = stage(state);
	json_t *list;

	for (int i = 0; i < 50; i++) {
		int fd = raw_get(s, "/v1/flows");
		char buf[512];

		if (i % 2)
			assert_true(recv(fd, buf, sizeof(buf), 0) > 0);
		close(fd);
	}
	list = get(s, "/v1/flows");
	assert_int_equal(FLOWS, json_array_size(list));
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, start, stop)
		ON_STAGE(all_flows_of_both_tables_are_listed_once),
		ON_STAGE(flows_of_an_endpoint_are_those_with_its_address),
		ON_STAGE(a_listener_hears_events_from_its_head_on),
		ON_STAGE(events_before_the_first_listener_are_nobodys),
		ON_STAGE(the_ring_is_left_alone_when_the_last_listener_is_gone),
		ON_STAGE(a_listener_that_does_not_read_hears_what_it_lost),
		ON_STAGE(streams_end_with_the_agent),
		ON_STAGE(clients_that_leave_in_the_middle_of_a_list_are_no_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
