/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows and events as JSON text that is written by hand: is it JSON, and what does it say? */
#include "loader/flow_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <jansson.h>

#include "axoneme/drop.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "loader/event_json.h"
#include "loader/json_list.h"
#include "loader/proto.h"

#define GENERATION 9
#define NOW_S 1000

static json_t *parsed(struct evbuffer *out)
{
	json_t *json = json_loadb((const char *)evbuffer_pullup(out, -1), evbuffer_get_length(out),
				  JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(json);
	evbuffer_free(out);
	return json;
}

static json_t *flow_json(const struct axo_flow_key *key, const struct axo_flow *flow)
{
	struct evbuffer *out = evbuffer_new();

	flow_to_json(key, flow, NOW_S, GENERATION, out);
	return parsed(out);
}

static const char *text(const json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	assert_non_null(value);
	return value;
}

static json_int_t number(const json_t *json, const char *key)
{
	assert_true(json_is_integer(json_object_get(json, key)));
	return json_integer_value(json_object_get(json, key));
}

static struct axo_flow_key key_of(const char *a, const char *b)
{
	struct axo_flow_key key = {.proto = IPPROTO_TCP, .port = {htons(80), htons(4711)}};

	assert_int_equal(0, addr_parse(a, &key.addr[0], NULL));
	assert_int_equal(0, addr_parse(b, &key.addr[1], NULL));
	return key;
}

static void source_is_the_originator(void **state)
{
	struct axo_flow_key key = key_of("10.0.0.1", "10.0.0.2");
	struct axo_flow flow = {.generation = GENERATION,
				.identity = {300, 301},
				.side = {{.packets = 1, .bytes = 2}, {.packets = 3, .bytes = 4}}};

	(void)state;
	for (int originator = 0; originator < 2; originator++) {
		json_t *json;

		flow.originator = originator;
		json = flow_json(&key, &flow);
		assert_string_equal(originator ? "10.0.0.2" : "10.0.0.1", text(json, "source"));
		assert_string_equal(originator ? "10.0.0.1" : "10.0.0.2",
				    text(json, "destination"));
		assert_int_equal(originator ? 4711 : 80, number(json, "sourcePort"));
		assert_int_equal(originator ? 80 : 4711, number(json, "destinationPort"));
		assert_int_equal(300 + originator, number(json, "sourceIdentity"));
		assert_int_equal(301 - originator, number(json, "destinationIdentity"));
		assert_int_equal(originator ? 3 : 1, number(json, "packets"));
		assert_int_equal(originator ? 4 : 2, number(json, "bytes"));
		assert_int_equal(originator ? 1 : 3, number(json, "replyPackets"));
		assert_int_equal(originator ? 2 : 4, number(json, "replyBytes"));
		json_decref(json);
	}
}

static void ages_never_wrap(void **state)
{
	static const struct {
		uint32_t created_s;
		uint32_t seen_s;
		int age, idle, expires;
	} rows[] = {
		{990, 995, 10, 5, AXO_TIMEOUT_TCP_NEW_S - 5},
		{1001, 1002, 0, 0, AXO_TIMEOUT_TCP_NEW_S}, /* the programs' clock is ahead */
		{0, 10, 1000, 990, 0},			   /* dead, not swept yet */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct axo_flow_key key = key_of("10.0.0.1", "10.0.0.2");
		struct axo_flow flow = {.created_s = rows[i].created_s, .seen_s = rows[i].seen_s};
		json_t *json = flow_json(&key, &flow);

		assert_int_equal(rows[i].age, number(json, "ageSeconds"));
		assert_int_equal(rows[i].idle, number(json, "idleSeconds"));
		assert_int_equal(rows[i].expires, number(json, "expiresSeconds"));
		json_decref(json);
	}
}

static void states_verdicts_and_protocols_have_names(void **state)
{
	static const struct {
		uint8_t proto, state, verdict;
		const char *proto_name, *state_name, *verdict_name;
	} rows[] = {
		{IPPROTO_TCP, AXO_FLOW_NEW, AXO_VERDICT_ALLOW, "TCP", "new", "allow"},
		{IPPROTO_UDP, AXO_FLOW_REPLIED, AXO_VERDICT_NONE, "UDP", "replied", "none"},
		{IPPROTO_SCTP, AXO_FLOW_ESTABLISHED, AXO_VERDICT_ALLOW, "SCTP", "established",
		 "allow"},
		{IPPROTO_ICMP, AXO_FLOW_CLOSING, AXO_VERDICT_ALLOW, "ICMP", "closing", "allow"},
		{IPPROTO_ICMPV6, 200, AXO_VERDICT_ALLOW, "ICMPv6", "unknown", "allow"},
		{255, AXO_FLOW_NEW, AXO_VERDICT_ALLOW, "255", "new", "allow"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct axo_flow_key key = key_of("fd00::1", "fd00::2");
		struct axo_flow flow = {.state = rows[i].state, .verdict = rows[i].verdict};
		json_t *json;

		key.proto = rows[i].proto;
		json = flow_json(&key, &flow);
		assert_string_equal(rows[i].proto_name, text(json, "proto"));
		assert_string_equal(rows[i].state_name, text(json, "state"));
		assert_string_equal(rows[i].verdict_name, text(json, "verdict"));
		assert_string_equal("fd00::1", text(json, "source"));
		json_decref(json);
	}
}

static void only_the_present_generation_is_current(void **state)
{
	struct axo_flow_key key = key_of("10.0.0.1", "10.0.0.2");
	struct axo_flow flow = {.generation = GENERATION};
	json_t *json = flow_json(&key, &flow);

	(void)state;
	assert_true(json_is_true(json_object_get(json, "current")));
	json_decref(json);
	flow.generation = GENERATION - 1;
	json = flow_json(&key, &flow);
	assert_true(json_is_false(json_object_get(json, "current")));
	json_decref(json);
}

static json_t *drop_json(const struct axo_event_drop *ev)
{
	struct evbuffer *out = evbuffer_new();
	size_t len;

	event_drop_to_json(ev, 1769860800123456ULL, NULL, out);
	len = evbuffer_get_length(out);
	/* One line, so that a stream can be read line by line. */
	assert_int_equal(len - 1, evbuffer_search(out, "\n", 1, NULL).pos);
	return parsed(out);
}

static void a_drop_says_what_was_seen(void **state)
{
	struct axo_event_drop ev = {.reason = AXO_DROP_SPOOFED_IP,
				    .dir = AXO_DIR_EGRESS,
				    .proto = IPPROTO_UDP,
				    .ifindex = 12,
				    .endpoint = 7,
				    .len = 98,
				    .ethertype = 0x0800,
				    .family = 4,
				    .sport = htons(1),
				    .dport = htons(53),
				    .src_identity = 300,
				    .dst_identity = 2};
	json_t *json;

	(void)state;
	addr_parse("10.9.9.9", &ev.saddr, NULL);
	addr_parse("10.0.0.1", &ev.daddr, NULL);
	json = drop_json(&ev);
	assert_string_equal("drop", text(json, "type"));
	assert_string_equal("2026-01-31T12:00:00.123456Z", text(json, "time"));
	assert_string_equal("spoofed_ip", text(json, "reason"));
	assert_string_equal("source address is not the endpoint's", text(json, "message"));
	assert_string_equal("egress", text(json, "direction"));
	assert_string_equal("0x0800", text(json, "etherType"));
	assert_string_equal("UDP", text(json, "protocol"));
	assert_string_equal("10.9.9.9", text(json, "source"));
	assert_string_equal("10.0.0.1", text(json, "destination"));
	assert_int_equal(7, number(json, "endpoint"));
	assert_int_equal(12, number(json, "ifindex"));
	assert_int_equal(98, number(json, "length"));
	assert_int_equal(1, number(json, "sourcePort"));
	assert_int_equal(53, number(json, "destinationPort"));
	assert_int_equal(300, number(json, "sourceIdentity"));
	assert_int_equal(2, number(json, "destinationIdentity"));
	json_decref(json);
}

static void what_was_not_parsed_is_empty(void **state)
{
	struct axo_event_drop ev = {.reason = AXO_DROP_TOO_SHORT, .dir = AXO_DIR_INGRESS};
	json_t *json = drop_json(&ev);

	(void)state;
	assert_string_equal("ingress", text(json, "direction"));
	assert_string_equal("", text(json, "protocol"));
	assert_string_equal("", text(json, "source"));
	assert_string_equal("", text(json, "destination"));
	json_decref(json);
}

/* Reasons are written without escaping: every number must give JSON, listed or not. */
static void every_reason_gives_json(void **state)
{
	char buf[16];

	(void)state;
	for (unsigned int reason = 0; reason < 256; reason++) {
		struct axo_event_drop ev = {.reason = reason};
		json_t *json = drop_json(&ev);

		assert_string_equal(drop_reason_name(reason, buf), text(json, "reason"));
		assert_string_equal(drop_reason_text(reason), text(json, "message"));
		json_decref(json);
	}
	assert_string_equal("map_full", drop_reason_name(AXO_DROP_MAP_FULL, buf));
	assert_string_equal("reason_255", drop_reason_name(255, buf));
}

static void arrays_have_a_line_per_element(void **state)
{
	(void)state;
	for (int n = 0; n < 3; n++) {
		struct evbuffer *out = evbuffer_new();
		bool any = false;
		json_t *json;

		json_list_begin(out);
		for (int i = 0; i < n; i++)
			json_list_add(out, &any, json_integer(i));
		json_list_add(out, &any, NULL);
		json_list_end(out);
		if (n == 2)
			assert_memory_equal("[\n0,\n1\n]\n", evbuffer_pullup(out, -1), 9);
		json = parsed(out);
		assert_int_equal(n, json_array_size(json));
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_is_the_originator),
		cmocka_unit_test(ages_never_wrap),
		cmocka_unit_test(states_verdicts_and_protocols_have_names),
		cmocka_unit_test(only_the_present_generation_is_current),
		cmocka_unit_test(a_drop_says_what_was_seen),
		cmocka_unit_test(what_was_not_parsed_is_empty),
		cmocka_unit_test(every_reason_gives_json),
		cmocka_unit_test(arrays_have_a_line_per_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
