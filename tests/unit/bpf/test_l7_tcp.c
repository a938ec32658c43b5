// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Order of a judged stream (bpf/lib/l7_tcp.h), against a model: a stream of structure and free
 * bytes, a network that splits, merges, loses, repeats and reorders, and a receiver.
 *
 * Whatever is sent, the structure that the receiver gets is the structure that was judged; and
 * an honest sender always gets through.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct l7_bytes {
	const uint8_t *payload;
	uint32_t len;
};

static void l7_loop(uint32_t count, long (*step)(uint32_t i, void *context), void *context)
{
	for (uint32_t i = 0; i < count; i++)
		if (step(i, context))
			return;
}

#include "bpf/lib/l7_keep.h"

#define STREAM 24000
#define FREE_MAX 4000
#define STRUCTURE_MAX 300
#define SECOND 1000000000ull

static int l7_bytes_hash(struct l7_bytes *from, const struct axo_l7_tcp *t, __u32 off, __u32 len,
			 __u64 *hash)
{
	__u64 sum = 0;

	assert_true(off + len <= from->len);
	for (__u32 at = 0; at < len; at += AXO_L7_BLOCK) {
		__u32 n = len - at < AXO_L7_BLOCK ? len - at : AXO_L7_BLOCK;
		uint8_t block[AXO_L7_BLOCK] __attribute__((aligned(8))) = {};

		memcpy(block, from->payload + off + at, n);
		sum = l7_hash_add(sum, block, n, t->key);
	}
	*hash = sum;
	return 0;
}

/**
 * struct model
 * @bytes:  the stream of an honest sender; @free: which are free, as the judge finds out
 * @judged: what the judge has seen of the structure
 * @got:    what the receiver has in order, up to @rcv; @early: of what is ahead of it
 * @now_ns: the clock
 */
struct model {
	struct axo_l7_tcp t;
	uint32_t base;
	uint8_t bytes[STREAM], judged[STREAM], got[STREAM];
	bool free[STREAM], early[STREAM];
	uint32_t rcv;
	uint64_t now_ns;
};

static uint32_t below(uint32_t n)
{
	return n ? (uint32_t)random() % n : 0;
}

static void model_init(struct model *m, uint32_t base)
{
	memset(m, 0, sizeof(*m));
	m->base = base;
	for (size_t i = 0; i < AXO_L7_KEY_WORDS; i++)
		m->t.key[i] = (uint32_t)random() * 2654435761u;
	l7_tcp_start(&m->t, base);
	for (uint32_t i = 0; i < STREAM;) {
		uint32_t structure = 1 + below(STRUCTURE_MAX), gap = below(3) ? 0 : below(FREE_MAX);

		for (; structure && i < STREAM; structure--, i++)
			m->bytes[i] = random();
		for (; gap && i < STREAM; gap--, i++) {
			m->bytes[i] = random();
			m->free[i] = true;
		}
	}
	m->now_ns = SECOND;
}

/** judge - the new bytes of @s: structure is written down, free runs are skipped */
static void judge(struct model *m, const struct l7_segment *s, struct l7_bytes *from)
{
	uint32_t begin = UINT32_MAX, end = 0, pos = m->t.next - s->seq;

	while (pos < s->len) {
		uint32_t at = s->seq + pos - m->base;

		if (m->t.skip) {
			m->t.skip--;
		} else {
			assert_false(m->free[at]);
			m->judged[at] = from->payload[pos];
			begin = begin < pos ? begin : pos;
			end = pos + 1;
			for (at++; at < STREAM && m->free[at]; at++)
				m->t.skip++;
		}
		pos++;
		m->t.next++;
	}
	if (begin < end)
		assert_int_equal(l7_tcp_keep(&m->t, s, begin, end, from), 0);
}

/** receive - whole segment, as a stack does: what it has already it keeps */
static void receive(struct model *m, uint32_t at, const uint8_t *payload, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (at + i < m->rcv || m->early[at + i])
			continue;
		m->early[at + i] = true;
		m->got[at + i] = payload[i];
	}
	while (m->rcv < STREAM && m->early[m->rcv])
		m->rcv++;
}

static enum l7_seg offer(struct model *m, uint32_t at, const uint8_t *payload, uint32_t len,
			 uint32_t cut, bool lost)
{
	struct l7_segment s = {.seq = m->base + at, .len = len, .cut = cut < len ? cut : 0};
	struct l7_bytes from = {payload, len};
	enum l7_seg rc = l7_tcp_look(&m->t, &s, &from);

	if (rc == L7_SEG_JUDGE)
		judge(m, &s, &from);
	if (rc == L7_SEG_PASS || rc == L7_SEG_JUDGE) {
		l7_tcp_passes(&m->t, &s);
		if (!lost)
			receive(m, at, payload, len);
	} else if (rc == L7_SEG_WAIT) {
		rc = l7_tcp_wait(&m->t, m->now_ns);
	}
	return rc;
}

static void acknowledge(struct model *m)
{
	assert_true(l7_tcp_ack(&m->t, m->base + m->rcv));
}

static void check_received(const struct model *m)
{
	for (uint32_t i = 0; i < m->rcv; i++) {
		if (!m->free[i] && m->got[i] != m->judged[i])
			fail_msg("byte %u: judged %02x, received %02x", i, m->judged[i], m->got[i]);
	}
}

/* Segments as they were first sent keep their ends when they are repeated, as TCPs do. */
static void honest_round(struct model *m, uint32_t mss, int loss_percent, bool reorder)
{
	uint32_t una = m->rcv, window = una + 20 * mss < STREAM ? una + 20 * mss : STREAM;
	uint32_t at[64], n = 0;

	for (uint32_t i = una - una % mss; i < window && n < 64; i += mss)
		at[n++] = i;
	for (uint32_t i = 0; reorder && i + 1 < n; i++) {
		uint32_t j = i + below(n - i), was = at[i];

		at[i] = at[j];
		at[j] = was;
	}
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = STREAM - at[i] < mss ? STREAM - at[i] : mss;
		bool lost = below(100) < (uint32_t)loss_percent;

		if (below(100) < (uint32_t)loss_percent)
			continue; /* lost before it was seen */
		assert_in_range(offer(m, at[i], m->bytes + at[i], len, 0, lost), L7_SEG_PASS,
				L7_SEG_WAIT);
		if (below(2))
			acknowledge(m);
	}
}

static void honest_stream_arrives(uint32_t base, int loss_percent, bool reorder)
{
	struct model *m = malloc(sizeof(*m));
	uint32_t mss = 1 + below(1448);
	int rounds;

	assert_non_null(m);
	model_init(m, base);
	for (rounds = 0; m->rcv < STREAM; rounds++) {
		if (rounds > 4 * STREAM)
			fail_msg("stuck at %u of %u, mss %u", m->rcv, STREAM, mss);
		honest_round(m, mss, loss_percent, reorder);
	}
	check_received(m);
	assert_memory_equal(m->got, m->bytes, STREAM);
	free(m);
}

static void stream_in_order_arrives(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		honest_stream_arrives((uint32_t)random() << 1, 0, false);
}

static void stream_with_loss_and_reordering_arrives(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		honest_stream_arrives((uint32_t)random() << 1, 3 + i % 20, true);
}

static void stream_over_the_sequence_wrap_arrives(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		honest_stream_arrives(-(uint32_t)(1 + i * STREAM / 50), 5, true);
}

/* Random segments with random bytes: what arrives is what was judged, or the end comes. */
static bool hostile_segment(struct model *m)
{
	uint32_t at = m->rcv + below(3000), len = 1 + below(below(8) ? 600 : 6000);
	uint8_t payload[6001];
	enum l7_seg rc;

	at -= at < 1500 ? below(at + 1) : below(1500);
	if (at >= STREAM)
		at = STREAM - 1;
	if (at + len > STREAM)
		len = STREAM - at;
	memcpy(payload, m->bytes + at, len);
	if (!below(3))
		payload[below(len)] ^= 1 + below(255);
	rc = offer(m, at, payload, len, below(4) ? 0 : 1 + below(1448), !below(4));
	return rc != L7_SEG_FORGED && rc != L7_SEG_STALLED;
}

static void hostile_bytes_never_arrive_unjudged(void **state)
{
	struct model *m = malloc(sizeof(*m));
	int forged = 0, whole = 0;

	(void)state;
	assert_non_null(m);
	for (int i = 0; i < 3000; i++) {
		bool alive = true;

		model_init(m, (uint32_t)random() << 1);
		for (int n = 0; n < 300 && alive; n++) {
			alive = hostile_segment(m);
			if (!below(3))
				acknowledge(m);
		}
		check_received(m);
		forged += !alive;
		whole += m->rcv == STREAM;
	}
	/* Neither refuses everything nor nothing. */
	assert_true(forged > 100);
	free(m);
	(void)whole;
}

static void fill(struct model *m, uint32_t structure)
{
	model_init(m, 4000000000u);
	for (uint32_t i = 0; i < STREAM; i++)
		m->free[i] = i >= structure;
}

static void same_bytes_again_pass(void **state)
{
	static struct model m;

	(void)state;
	fill(&m, 1000);
	assert_int_equal(offer(&m, 0, m.bytes, 500, 0, true), L7_SEG_JUDGE);
	assert_int_equal(offer(&m, 0, m.bytes, 500, 0, true), L7_SEG_PASS);
	/* Longer than before: the old part is compared, the new one judged. */
	assert_int_equal(offer(&m, 0, m.bytes, 700, 0, false), L7_SEG_JUDGE);
}

static void other_bytes_again_are_forged(void **state)
{
	static struct model m;
	uint8_t other[500];

	(void)state;
	fill(&m, 1000);
	for (uint32_t i = 0; i < 500; i += 7) {
		fill(&m, 1000);
		assert_int_equal(offer(&m, 0, m.bytes, 500, 0, true), L7_SEG_JUDGE);
		memcpy(other, m.bytes, 500);
		other[i] ^= 0x80;
		assert_int_equal(offer(&m, 0, other, 500, 0, true), L7_SEG_FORGED);
	}
}

static void swapped_blocks_are_forged(void **state)
{
	static struct model m;
	uint8_t other[512];

	(void)state;
	fill(&m, 1000);
	assert_int_equal(offer(&m, 0, m.bytes, 512, 0, true), L7_SEG_JUDGE);
	memcpy(other, m.bytes + 128, 128);
	memcpy(other + 128, m.bytes, 128);
	memcpy(other + 256, m.bytes + 256, 256);
	assert_int_equal(offer(&m, 0, other, 512, 0, true), L7_SEG_FORGED);
}

static void acknowledged_bytes_may_differ(void **state)
{
	static struct model m;
	uint8_t other[500] = {};

	(void)state;
	fill(&m, 1000);
	assert_int_equal(offer(&m, 0, m.bytes, 500, 0, false), L7_SEG_JUDGE);
	acknowledge(&m);
	assert_int_equal(offer(&m, 0, other, 500, 0, false), L7_SEG_PASS);
	check_received(&m);
}

static void repeat_between_boundaries_waits(void **state)
{
	static struct model m;

	(void)state;
	fill(&m, 1000);
	assert_int_equal(offer(&m, 0, m.bytes, 500, 0, true), L7_SEG_JUDGE);
	assert_int_equal(offer(&m, 100, m.bytes + 100, 400, 0, true), L7_SEG_WAIT);
	assert_int_equal(offer(&m, 0, m.bytes, 400, 0, true), L7_SEG_WAIT);
	m.now_ns += AXO_L7_STALL_NS + 1;
	assert_int_equal(offer(&m, 100, m.bytes + 100, 400, 0, true), L7_SEG_STALLED);
}

static void segments_of_a_super_packet_may_be_repeated_alone(void **state)
{
	static struct model m;

	(void)state;
	fill(&m, 10000);
	assert_int_equal(offer(&m, 0, m.bytes, 5000, 1000, true), L7_SEG_JUDGE);
	for (uint32_t at = 0; at < 5000; at += 1000)
		assert_int_equal(offer(&m, at, m.bytes + at, 1000, 0, true), L7_SEG_PASS);
}

static void structure_behind_a_gap_waits_and_bodies_do_not(void **state)
{
	static struct model m;

	(void)state;
	fill(&m, 1000);
	assert_int_equal(offer(&m, 500, m.bytes + 500, 500, 0, false), L7_SEG_WAIT);
	assert_int_equal(offer(&m, 0, m.bytes, 1000, 0, false), L7_SEG_JUDGE);
	assert_int_equal(offer(&m, 9000, m.bytes + 9000, 500, 0, false), L7_SEG_PASS);
	assert_int_equal(offer(&m, 3000, m.bytes + 3000, 500, 0, false), L7_SEG_PASS);
}

static void acknowledgement_of_what_never_passed_is_told(void **state)
{
	static struct model m;

	(void)state;
	fill(&m, 1000);
	assert_int_equal(offer(&m, 0, m.bytes, 500, 0, false), L7_SEG_JUDGE);
	assert_true(l7_tcp_ack(&m.t, m.base + 500));
	assert_false(l7_tcp_ack(&m.t, m.base + 501));
	/* An old one says nothing. */
	assert_true(l7_tcp_ack(&m.t, m.base + 1));
	assert_int_equal(m.t.acked, m.base + 500);
}

static void body_of_four_gigabytes_passes(void **state)
{
	static struct axo_l7_tcp t;
	uint64_t body = 5ull << 30, at = 0;
	struct l7_segment s = {.len = 60000};

	(void)state;
	l7_tcp_start(&t, 77);
	t.skip = body;
	for (; at + s.len <= body; at += s.len) {
		s.seq = 77 + (uint32_t)at;
		assert_int_equal(l7_tcp_look(&t, &s, NULL), L7_SEG_PASS);
		l7_tcp_passes(&t, &s);
		assert_true(l7_tcp_ack(&t, s.seq + s.len));
	}
	s.seq = 77 + (uint32_t)at;
	assert_int_equal(l7_tcp_look(&t, &s, NULL), L7_SEG_JUDGE);
	assert_int_equal((uint32_t)(t.next - s.seq), body - at);
}

static void full_ring_waits_for_acknowledgements(void **state)
{
	static struct model m;
	uint32_t at = 0;

	(void)state;
	fill(&m, STREAM);
	while (offer(&m, at, m.bytes + at, 10, 0, false) == L7_SEG_JUDGE)
		at += 10;
	assert_in_range(at, 10 * 32, 10 * AXO_L7_PIECES);
	acknowledge(&m);
	assert_int_equal(offer(&m, at, m.bytes + at, 10, 0, false), L7_SEG_JUDGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_in_order_arrives),
		cmocka_unit_test(stream_with_loss_and_reordering_arrives),
		cmocka_unit_test(stream_over_the_sequence_wrap_arrives),
		cmocka_unit_test(hostile_bytes_never_arrive_unjudged),
		cmocka_unit_test(same_bytes_again_pass),
		cmocka_unit_test(other_bytes_again_are_forged),
		cmocka_unit_test(swapped_blocks_are_forged),
		cmocka_unit_test(acknowledged_bytes_may_differ),
		cmocka_unit_test(repeat_between_boundaries_waits),
		cmocka_unit_test(segments_of_a_super_packet_may_be_repeated_alone),
		cmocka_unit_test(structure_behind_a_gap_waits_and_bodies_do_not),
		cmocka_unit_test(acknowledgement_of_what_never_passed_is_told),
		cmocka_unit_test(body_of_four_gigabytes_passes),
		cmocka_unit_test(full_ring_waits_for_acknowledgements),
	};

	srandom(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
