/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* loader/metrics.c and metrics_text.c: counting, and the text that Prometheus reads. */
#include "loader/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <event2/buffer.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/clock.h"

static char *text_of(struct metrics *m)
{
	struct agent agent = {.metrics = m, .started_ms = clock_us() / 1000};
	struct evbuffer *out = evbuffer_new();
	char *text;

	metrics_write(&agent, out);
	evbuffer_add(out, "", 1);
	text = strdup((const char *)evbuffer_pullup(out, -1));
	evbuffer_free(out);
	return text;
}

static void requests_are_counted_by_command_and_code(void **state)
{
	struct metrics *m = metrics_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	metrics_request(m, METRIC_DEL, 0, 10);
	metrics_request(m, METRIC_DEL, 105, 10);
	metrics_request(m, METRIC_DEL, 0, 10);
	metrics_request(m, METRIC_ADD_RESERVE, 100, 10);
	text = text_of(m);
	assert_non_null(
		strstr(text, "\naxoneme_cni_requests_total{command=\"del\",code=\"0\"} 2\n"));
	assert_non_null(
		strstr(text, "\naxoneme_cni_requests_total{command=\"del\",code=\"105\"} 1\n"));
	assert_non_null(strstr(
		text, "\naxoneme_cni_requests_total{command=\"add_reserve\",code=\"100\"} 1\n"));
	assert_null(strstr(text, "command=\"gc\""));
	metrics_free(m);
}

/* A bucket holds what took no longer than its bound, and all below. */
static void durations_fall_into_their_buckets(void **state)
{
	struct metrics *m = metrics_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	metrics_request(m, METRIC_CHECK, 0, 500);
	metrics_request(m, METRIC_CHECK, 0, 501);
	metrics_request(m, METRIC_CHECK, 0, 2000000);
	metrics_request(m, METRIC_CHECK, 0, 60000000);
	text = text_of(m);
#define BUCKET(le, n) "_bucket{command=\"check\",le=\"" le "\"} " n "\n"
	assert_non_null(strstr(text, BUCKET("0.0005", "1")));
	assert_non_null(strstr(text, BUCKET("0.001", "2")));
	assert_non_null(strstr(text, BUCKET("1", "2")));
	assert_non_null(strstr(text, BUCKET("2.5", "3")));
	assert_non_null(strstr(text, BUCKET("10", "3")));
	assert_non_null(strstr(text, BUCKET("+Inf", "4")));
	assert_non_null(strstr(text, "_sum{command=\"check\"} 62.001001\n"));
	assert_non_null(strstr(text, "_count{command=\"check\"} 4\n"));
	metrics_free(m);
}

static void more_codes_than_places_are_not_lost(void **state)
{
	struct metrics *m = metrics_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	for (unsigned int code = 0; code < 40; code++)
		metrics_request(m, METRIC_GC, code, 1);
	text = text_of(m);
	assert_non_null(strstr(text, "_count{command=\"gc\"} 40\n"));
	metrics_free(m);
}

static void every_family_has_help_and_type_once(void **state)
{
	struct metrics *m = metrics_new();
	_cleanup_free_ char *text = NULL;
	char *rest;

	(void)state;
	metrics_request(m, METRIC_DEL, 0, 10);
	text = text_of(m);
	rest = text;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char name[128];

		if (sscanf(line, "# HELP %127s", name) == 1) {
			line = strtok_r(NULL, "\n", &rest);
			assert_memory_equal("# TYPE ", line, 7);
			assert_memory_equal(name, line + 7, strlen(name));
		} else {
			/* A sample belongs to the family that was last announced. */
			assert_memory_equal(name, line, strlen(name));
		}
	}
	metrics_free(m);
}

static void an_agent_that_starts_shows_what_it_has(void **state)
{
	_cleanup_free_ char *text = text_of(NULL);

	(void)state;
	assert_non_null(strstr(text, "axoneme_build_info{version=\"" AXO_VERSION "\"} 1\n"));
	assert_null(strstr(text, "axoneme_endpoints"));
	assert_null(strstr(text, "axoneme_ipam"));
}

static void resident_memory_is_plausible(void **state)
{
	(void)state;
	assert_in_range(metrics_rss_bytes(), 100 << 10, 1ULL << 40);
}

static void without_metrics_nothing_is_counted(void **state)
{
	(void)state;
	metrics_add(NULL, METRIC_EVENTS_LOST, 1);
	metrics_request(NULL, METRIC_DEL, 0, 1);
	assert_int_equal(0, metrics_get(NULL, METRIC_EVENTS_LOST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_counted_by_command_and_code),
		cmocka_unit_test(durations_fall_into_their_buckets),
		cmocka_unit_test(more_codes_than_places_are_not_lost),
		cmocka_unit_test(every_family_has_help_and_type_once),
		cmocka_unit_test(an_agent_that_starts_shows_what_it_has),
		cmocka_unit_test(resident_memory_is_plausible),
		cmocka_unit_test(without_metrics_nothing_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
