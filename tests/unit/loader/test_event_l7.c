// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events and sums of HTTP requests, as people and Prometheus see them. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <jansson.h>

#include "axoneme/http.h"
#include "axoneme/policy.h"
#include "lib/cidr.h"
#include "loader/event_l7_json.h"
#include "loader/http_metrics.h"

static json_t *shown(const char *head, size_t len, uint8_t verdict)
{
	struct axo_event_l7 ev = {
		.type = AXO_EVENT_L7,
		.verdict = verdict,
		.reason = verdict == AXO_POL_ALLOW ? 0 : 1,
		.family = 4,
		.status = 200,
		.head_len = (uint16_t)len,
		.latency_ns = 1234,
		.sport = htons(4000),
		.dport = htons(80),
	};
	struct evbuffer *out = evbuffer_new();
	json_t *json;

	memcpy(ev.head, head, len < sizeof(ev.head) ? len : sizeof(ev.head));
	event_l7_to_json(&ev, 1000000, "\"rule\":\"a/b#ingress[0]\"", out);
	evbuffer_add(out, "", 1);
	json = json_loads((const char *)evbuffer_pullup(out, -1), 0, NULL);
	evbuffer_free(out);
	assert_non_null(json);
	return json;
}

static void assert_member(const json_t *json, const char *name, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(json, name)), want);
}

static void request_is_shown_with_method_path_and_host(void **state)
{
	static const char head[] = "GET /a?b=c HTTP/1.1\r\nX: y\r\nhOST:  web.example \r\n\r\n";
	json_t *json = shown(head, strlen(head), AXO_POL_ALLOW);

	(void)state;
	assert_member(json, "method", "GET");
	assert_member(json, "path", "/a?b=c");
	assert_member(json, "host", "web.example");
	assert_member(json, "verdict", "allow");
	assert_member(json, "rule", "a/b#ingress[0]");
	assert_int_equal(json_integer_value(json_object_get(json, "latencyNs")), 1234);
	assert_null(json_object_get(json, "reason"));
	json_decref(json);
}

static void denied_request_has_a_reason(void **state)
{
	json_t *json = shown("GET /", 5, AXO_POL_DENY);

	(void)state;
	assert_member(json, "verdict", "deny");
	assert_member(json, "reason", "rule");
	assert_null(json_object_get(json, "latencyNs"));
	json_decref(json);
}

/* A client sends what it likes: it is always one object, and never another's members. */
static void bytes_of_a_client_stay_text(void **state)
{
	static const char odd[] = "G\"ET /\\\",\"status\":1,\"x\":\" \xff\0\r\nHost: \"}\n";
	json_t *json = shown(odd, sizeof(odd) - 1, AXO_POL_ALLOW);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(json, "status")), 200);
	assert_null(json_object_get(json, "x"));
	json_decref(json);
	for (int i = 0; i < 2000; i++) {
		char head[300];
		size_t len = (size_t)(random() % 300);

		for (size_t at = 0; at < len; at++)
			head[at] = (char)(random() % 4 ? "GET / \r\nHost:\"\\"[random() % 16]
						       : random());
		json_decref(shown(head, len, AXO_POL_ALLOW));
	}
}

static void head_may_be_cut_anywhere(void **state)
{
	static const char head[] = "POST /path HTTP/1.1\r\nHost: a\r\n\r\n";
	struct l7_head h;

	(void)state;
	for (size_t len = 0; len <= strlen(head); len++) {
		l7_head_parse((const uint8_t *)head, len, &h);
		assert_int_equal(h.method_len, len < 4 ? len : 4);
		assert_int_equal(h.target_len, len < 5 ? 0 : len < 10 ? len - 5 : 5);
		assert_int_equal(h.host_len, len < 28 ? 0 : 1);
	}
}

static void buckets_add_up(void **state)
{
	struct axo_http_sums sums = {.n = {[0] = 3, [2] = 5, [7] = 1}, .latency_ns = 1500000000};
	struct evbuffer *out = evbuffer_new();
	const char *text;

	(void)state;
	sums.latency[0] = 2;
	sums.latency[1] = 1;
	sums.latency[AXO_HTTP_LATENCIES - 1] = 2;
	http_sums_write(&sums, out);
	evbuffer_add(out, "", 1);
	text = (const char *)evbuffer_pullup(out, -1);
	assert_non_null(strstr(text, "\naxoneme_http_requests_total{result=\"denied\"} 3\n"));
	assert_non_null(strstr(text, "\naxoneme_http_requests_total{result=\"2xx\"} 5\n"));
	assert_non_null(strstr(text, "\naxoneme_http_resets_total 1\n"));
	assert_non_null(strstr(text, "_bucket{le=\"8.192e-06\"} 2\n"));
	assert_non_null(strstr(text, "_bucket{le=\"1.6384e-05\"} 3\n"));
	assert_non_null(strstr(text, "_bucket{le=\"+Inf\"} 5\n"));
	assert_non_null(strstr(text, "_sum 1.500000000\n"));
	assert_non_null(strstr(text, "_count 5\n"));
	evbuffer_free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_shown_with_method_path_and_host),
		cmocka_unit_test(denied_request_has_a_reason),
		cmocka_unit_test(bytes_of_a_client_stay_text),
		cmocka_unit_test(head_may_be_cut_anywhere),
		cmocka_unit_test(buckets_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
