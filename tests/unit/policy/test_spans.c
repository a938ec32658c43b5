/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ranges of ports to prefixes: every port of the result is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "axoneme/policy.h"
#include "lib/cleanup.h"
#include "policy/spans.h"
#include "tests/policy-reference/random.h"

#define TCP IPPROTO_TCP
#define UDP IPPROTO_UDP
#define ANY SPAN_ANY_PROTO
#define SPAN(p, a, b, d, r)                                                      \
	{                                                                        \
		.proto = (p), .first = (a), .last = (b), .deny = (d), .ref = (r) \
	}

/* What the longest prefix says: 0 nothing, 1 allow, 2 deny. */
static int entries_say(const struct prefix_list *l, uint8_t proto, uint16_t port)
{
	const struct prefix_entry *best = NULL;

	for (size_t i = 0; i < l->count; i++) {
		const struct prefix_entry *e = &l->items[i];
		int port_bits = e->bits > AXO_POL_BITS_PROTO ? e->bits - AXO_POL_BITS_PROTO : 0;

		if (e->bits >= AXO_POL_BITS_PROTO && e->proto != proto)
			continue;
		if ((uint32_t)(e->port ^ port) >> (16 - port_bits) && port_bits)
			continue;
		if (!best || e->bits > best->bits)
			best = e;
	}
	return best ? 1 + best->deny : 0;
}

static int spans_say(const struct span *s, size_t count, uint8_t proto, uint16_t port)
{
	int say = 0;

	for (size_t i = 0; i < count; i++)
		if (s[i].proto == ANY ||
		    (s[i].proto == proto && s[i].first <= port && port <= s[i].last))
			say = say == 2 || s[i].deny ? 2 : 1;
	return say;
}

static size_t count_of(struct span *spans, size_t count)
{
	struct prefix_list l = {0};

	spans_resolve(spans, count, NULL, &l);
	free(l.items);
	return l.count;
}

static void a_range_takes_at_most_thirty_prefixes(void **state)
{
	(void)state;
	assert_int_equal(count_of(&(struct span)SPAN(TCP, 80, 80, false, 16), 1), 1);
	assert_int_equal(count_of(&(struct span)SPAN(TCP, 0, 65535, false, 16), 1), 1);
	assert_int_equal(count_of(&(struct span)SPAN(TCP, 1, 65535, false, 16), 1), 16);
	assert_int_equal(count_of(&(struct span)SPAN(TCP, 1, 65534, false, 16), 1), 30);
	assert_int_equal(count_of(&(struct span)SPAN(TCP, 1024, 2047, false, 16), 1), 1);
	assert_int_equal(count_of(&(struct span)SPAN(ANY, 0, 65535, true, 16), 1), 1);
	assert_int_equal(count_of(NULL, 0), 0);
}

static void what_a_wider_span_says_needs_no_entry(void **state)
{
	struct span covered[] = {SPAN(TCP, 80, 80, false, 17), SPAN(ANY, 0, 65535, false, 18)};
	struct span denied[] = {SPAN(TCP, 80, 80, false, 17), SPAN(TCP, 0, 65535, true, 18)};
	struct span joined[] = {SPAN(UDP, 0, 65535, false, 17), SPAN(UDP, 7, 9, false, 18)};

	(void)state;
	assert_int_equal(count_of(covered, 2), 1);
	assert_int_equal(count_of(denied, 2), 1);
	assert_int_equal(count_of(joined, 2), 1);
}

static void deny_names_the_widest_rule_and_the_lowest_reference(void **state)
{
	struct span spans[] = {SPAN(TCP, 80, 80, true, 20), SPAN(TCP, 80, 81, true, 30),
			       SPAN(TCP, 80, 81, true, 25)};
	struct prefix_list l = {0};

	(void)state;
	spans_resolve(spans, 3, NULL, &l);
	assert_int_equal(l.count, 1);
	assert_int_equal(l.items[0].ref, 25);
	assert_int_equal(l.items[0].bits, AXO_POL_BITS_PORT - 1);
	free(l.items);
}

static void random_span(struct span *s, uint64_t *state)
{
	static const uint16_t protos[] = {TCP, TCP, TCP, UDP, ANY};
	static const uint16_t ends[] = {0, 1, 79, 80, 81, 1023, 1024, 32767, 32768, 65534, 65535};
	uint16_t a = ends[random_below(state, 11)], b = ends[random_below(state, 11)];

	*s = (struct span){
		.proto = protos[random_below(state, 5)],
		.first = a < b ? a : b,
		.last = a < b ? b : a,
		.deny = random_below(state, 3) == 0,
		.ref = 16 + random_below(state, 100),
	};
	if (s->proto == ANY) {
		s->first = 0;
		s->last = 65535;
	}
}

static void every_port_gets_what_the_spans_say(void **state)
{
	static const uint16_t near[] = {0,     1,     2,     78,    79,	   80,	  81,
					82,    1022,  1023,  1024,  32766, 32767, 32768,
					32769, 65533, 65534, 65535, 500,   40000};
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct span spans[8], given[8];
		size_t count = 1 + random_below(&seed, 8);
		struct prefix_list l = {0};

		for (size_t i = 0; i < count; i++) {
			random_span(&spans[i], &seed);
			given[i] = spans[i];
		}
		spans_resolve(spans, count, NULL, &l);
		for (size_t i = 0; i < ARRAY_SIZE(near); i++)
			for (uint8_t proto = TCP; proto <= UDP; proto += UDP - TCP)
				if (entries_say(&l, proto, near[i]) !=
				    spans_say(given, count, proto, near[i]))
					fail_msg("round %d port %u", round, near[i]);
		free(l.items);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_takes_at_most_thirty_prefixes),
		cmocka_unit_test(what_a_wider_span_says_needs_no_entry),
		cmocka_unit_test(deny_names_the_widest_rule_and_the_lowest_reference),
		cmocka_unit_test(every_port_gets_what_the_spans_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
