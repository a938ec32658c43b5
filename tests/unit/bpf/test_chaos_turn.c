// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Turns of a TCP connection: tables of segments and what each is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/lib/chaos_turn.h"

#define C AXO_CHAOS_CLIENT
#define S AXO_CHAOS_SERVER

/** struct step - a segment, relative to where its end starts, and what it must be */
struct step {
	uint8_t end;
	uint32_t seq;
	uint32_t len;
	enum chaos_turn is;
	bool fin;
	bool interim;
};

static void play(const struct step *steps, size_t count, uint32_t start)
{
	struct axo_chaos_flow f = {0};

	for (size_t i = 0; i < count; i++) {
		struct chaos_segment s = {
			.seq = start + steps[i].seq,
			.len = steps[i].len,
			.end = steps[i].end,
			.fin = steps[i].fin,
			.interim = steps[i].interim,
		};
		enum chaos_turn is = turn_step(&f, &s);

		if (is != steps[i].is)
			fail_msg("step %zu from %#x: expected %d, found %d", i, start, steps[i].is,
				 is);
	}
}

/* Also where sequence numbers wrap, in the middle of the table. */
#define PLAY(steps)                                                          \
	do {                                                                 \
		play(steps, sizeof(steps) / sizeof((steps)[0]), 0);          \
		play(steps, sizeof(steps) / sizeof((steps)[0]), 0xffffffa0); \
		play(steps, sizeof(steps) / sizeof((steps)[0]), 0x7fffff00); \
	} while (0)

static void request_and_response_alternate(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0},  {S, 0, 50, TURN_RESPONSE, 0, 0},
		{C, 100, 10, TURN_REQUEST, 0, 0}, {S, 50, 1, TURN_RESPONSE, 0, 0},
		{C, 110, 1, TURN_REQUEST, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void several_segments_are_one_request_and_one_response(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0},  {C, 100, 100, TURN_MORE, 0, 0},
		{C, 200, 1, TURN_MORE, 0, 0},	  {S, 0, 1400, TURN_RESPONSE, 0, 0},
		{S, 1400, 1400, TURN_MORE, 0, 0}, {S, 2800, 9, TURN_MORE, 0, 0},
		{C, 201, 4, TURN_REQUEST, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void banner_of_the_server_is_no_response(void **state)
{
	static const struct step steps[] = {
		{S, 0, 78, TURN_MORE, 0, 0},
		{C, 0, 20, TURN_REQUEST, 0, 0},
		{S, 78, 11, TURN_RESPONSE, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void pure_acknowledgements_take_no_turn(void **state)
{
	static const struct step steps[] = {
		{C, 0, 0, TURN_NOTHING, 0, 0},	{C, 0, 10, TURN_REQUEST, 0, 0},
		{S, 0, 0, TURN_NOTHING, 0, 0},	{S, 0, 10, TURN_RESPONSE, 0, 0},
		{C, 10, 0, TURN_NOTHING, 0, 0}, {C, 10, 5, TURN_REQUEST, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void repetitions_take_no_turn(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0}, {C, 0, 100, TURN_REPEAT, 0, 0},
		{S, 0, 50, TURN_RESPONSE, 0, 0}, {C, 0, 100, TURN_REPEAT, 0, 0},
		{C, 50, 50, TURN_REPEAT, 0, 0},	 {S, 0, 50, TURN_REPEAT, 0, 0},
		{C, 100, 9, TURN_REQUEST, 0, 0}, {S, 0, 50, TURN_REPEAT, 0, 0},
		{S, 50, 7, TURN_RESPONSE, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

/* Linux repeats a byte that is acknowledged or none; others send one byte of garbage. */
static void keepalives_take_no_turn(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0}, {S, 0, 50, TURN_RESPONSE, 0, 0},
		{C, 99, 0, TURN_NOTHING, 0, 0},	 {C, 99, 1, TURN_REPEAT, 0, 0},
		{S, 49, 1, TURN_REPEAT, 0, 0},	 {C, 100, 10, TURN_REQUEST, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void repetition_with_new_bytes_is_new(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0},
		{C, 0, 150, TURN_MORE, 0, 0},
		{C, 0, 150, TURN_REPEAT, 0, 0},
		{S, 0, 10, TURN_RESPONSE, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void interim_responses_do_not_end_the_turn(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0},  {S, 0, 25, TURN_NOTHING, 0, 1},
		{S, 0, 25, TURN_REPEAT, 0, 1},	  {C, 100, 500, TURN_MORE, 0, 0},
		{S, 25, 99, TURN_RESPONSE, 0, 0}, {C, 600, 1, TURN_REQUEST, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

static void fin_is_kept_in_order_and_begins_nothing(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0}, {S, 0, 50, TURN_RESPONSE, 1, 0},
		{S, 0, 50, TURN_REPEAT, 1, 0},	 {C, 100, 0, TURN_MORE, 1, 0},
		{C, 100, 0, TURN_REPEAT, 1, 0},
	};

	(void)state;
	PLAY(steps);
}

/* A request that comes while the response to the last one is under way: a turn of its own. */
static void pipelined_request_behind_a_response_is_a_request(void **state)
{
	static const struct step steps[] = {
		{C, 0, 100, TURN_REQUEST, 0, 0},  {S, 0, 50, TURN_RESPONSE, 0, 0},
		{C, 100, 10, TURN_REQUEST, 0, 0}, {C, 110, 10, TURN_MORE, 0, 0},
		{S, 50, 50, TURN_RESPONSE, 0, 0}, {S, 100, 50, TURN_MORE, 0, 0},
	};

	(void)state;
	PLAY(steps);
}

/* Whatever is repeated, and however often: as many requests as the client made. */
static void random_repetitions_never_make_a_request(void **state)
{
	struct axo_chaos_flow f = {0};
	struct chaos_segment past[64] = {0};
	uint32_t next[2] = {0xfffff000, 0x7ffffff0}, requests = 0, responses = 0;

	(void)state;
	srand(7);
	for (uint32_t i = 0; i < 20000; i++) {
		struct chaos_segment *s = &past[i % 64];

		*s = (struct chaos_segment){.end = i & 1, .len = 1 + (uint32_t)rand() % 3000};
		s->seq = next[s->end];
		next[s->end] += s->len;
		requests += turn_step(&f, s) == TURN_REQUEST;
		for (int n = rand() % 4; n > 0; n--) {
			struct chaos_segment again = past[(uint32_t)rand() % 64];

			if (again.len)
				assert_int_equal(turn_step(&f, &again), TURN_REPEAT);
		}
		responses += i & 1;
	}
	assert_int_equal(requests, 10000);
	assert_int_equal(responses, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_and_response_alternate),
		cmocka_unit_test(several_segments_are_one_request_and_one_response),
		cmocka_unit_test(banner_of_the_server_is_no_response),
		cmocka_unit_test(pure_acknowledgements_take_no_turn),
		cmocka_unit_test(repetitions_take_no_turn),
		cmocka_unit_test(keepalives_take_no_turn),
		cmocka_unit_test(repetition_with_new_bytes_is_new),
		cmocka_unit_test(interim_responses_do_not_end_the_turn),
		cmocka_unit_test(fin_is_kept_in_order_and_begins_nothing),
		cmocka_unit_test(pipelined_request_behind_a_response_is_a_request),
		cmocka_unit_test(random_repetitions_never_make_a_request),
	};

	return cmocka_run_group_tests_name("chaos turn", tests, NULL, NULL);
}
