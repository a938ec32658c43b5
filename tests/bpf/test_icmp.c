// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ICMP errors: those that the datapath sends, byte by byte, and when it keeps silent; and those
 * that pass because they belong to a flow.
 */
#include <netinet/in.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bpf/fixture.h"

#define LARGE 3000
#define NS_PER_S 1000000000ull

/* Per family: the ends, the header's length, and types and codes of RFC 792 and RFC 4443. */
struct family {
	const char *gw, *a, *b, *nobody, *world;
	size_t l3_len;
	uint8_t unreachable, host_code;
	uint8_t exceeded;
	uint8_t too_big, too_big_code;
	size_t quote_max;
};

static const struct family families[] = {
	{GW4, A4, B4, NOBODY4, WORLD4, 20, 3, 1, 11, 3, 4, 548},
	{GW6, A6, B6, NOBODY6, WORLD6, 40, 1, 3, 3, 2, 0, 1232},
};

/** bucket_fill - this test may have as many errors as it likes */
static void bucket_fill(struct fixture *x, uint64_t credit_ns, uint64_t time_ns)
{
	struct axo_icmp_bucket b[256];
	uint32_t zero = 0;

	for (size_t i = 0; i < sizeof(b) / sizeof(b[0]); i++)
		b[i] = (struct axo_icmp_bucket){.credit_ns = credit_ns, .time_ns = time_ns};
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_icmp_bucket), &zero, b, 0), 0);
}

static int icmp_reset(void **state)
{
	int rc = fixture_reset(state);

	bucket_fill(*state, 1000000000, 0);
	return rc;
}

static void udp(struct frame *f, const char *smac, const char *src, const char *dst, size_t len)
{
	frame_eth(f, GW_MAC, smac, 0);
	frame_ip(f, src, dst);
	frame_udp(f, 4444, 53);
	frame_payload(f, NULL, len);
	if (len)
		memset(f->b + f->len - len, 'q', len);
	frame_finish(f);
}

/** assert_error - @o is the ICMP error that @f deserves, from @src */
static void assert_error(const struct outcome *o, const struct frame *f, const char *src,
			 uint8_t type, uint8_t code)
{
	const struct family *fam = &families[f->family == 6];
	struct axo_addr from = text_addr(src);
	const uint8_t *icmp = o->b + 14 + fam->l3_len, *ip = o->b + 14;
	const uint8_t *sender = f->b + 14 + (f->family == 4 ? 12 : 8);
	size_t alen = f->family == 4 ? 4 : 16, quote = f->len - 14;
	uint8_t gw[6];

	if (quote > fam->quote_max)
		quote = fam->quote_max;
	mac_bytes(GW_MAC, gw);
	assert_int_equal(o->verdict, ACT_REDIRECT);
	assert_int_equal(o->len, 14 + fam->l3_len + 8 + quote);
	assert_memory_equal(o->b, f->b + 6, 6);
	assert_memory_equal(o->b + 6, gw, 6);
	assert_memory_equal(o->b + 12, f->b + 12, 2);
	assert_memory_equal(ip + (alen == 4 ? 12 : 8), alen == 4 ? from.b + 12 : from.b, alen);
	assert_memory_equal(ip + (alen == 4 ? 16 : 24), sender, alen);
	assert_int_equal(icmp[0], type);
	assert_int_equal(icmp[1], code);
	assert_memory_equal(icmp + 8, f->b + 14, quote);
	assert_true(frame_l4_ok(o->b, o->len));
	if (f->family == 4)
		assert_true(frame_l3_ok(o->b, o->len));
}

static void unknown_pod_is_answered_to_the_pod(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];

		/* All four remainders of the length, and more than is quoted. */
		for (size_t len = 0; len < 4 * 400; len += 397) {
			struct outcome o;
			struct frame f;

			udp(&f, A_MAC, fam->a, fam->nobody, len);
			o = from_pod(x, POD_A, &f);
			assert_drop(o, NO_POD, EGRESS);
			assert_error(&o, &f, fam->gw, fam->unreachable, fam->host_code);
		}
	}
}

static void unknown_pod_is_answered_to_the_stack(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];
		struct outcome o;
		struct frame f;

		udp(&f, GW_MAC, fam->world, fam->nobody, 100);
		o = from_host(x, &f);
		assert_drop(o, NO_POD, INGRESS);
		/* Not from the gateway: its own address the stack would refuse. */
		assert_error(&o, &f, fam->nobody, fam->unreachable, fam->host_code);
	}
}

static void ttl_ends_at_the_gateway(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];

		for (int ttl = 0; ttl < 3; ttl++) {
			struct outcome o;
			struct frame f;

			udp(&f, A_MAC, fam->a, fam->b, 10);
			*frame_ttl(&f) = ttl;
			frame_finish(&f);
			o = from_pod(x, POD_A, &f);
			if (ttl == 2) {
				assert_pass(o);
				continue;
			}
			assert_drop(o, TTL_EXCEEDED, EGRESS);
			assert_error(&o, &f, fam->gw, fam->exceeded, 0);
		}
		/* Not a hop: the stack decides about what goes to it, and has decided. */
		for (int from_stack = 0; from_stack < 2; from_stack++) {
			struct frame f;

			udp(&f, from_stack ? GW_MAC : A_MAC, from_stack ? fam->world : fam->a,
			    from_stack ? fam->a : fam->world, 10);
			*frame_ttl(&f) = 1;
			frame_finish(&f);
			assert_pass(from_stack ? from_host(x, &f) : from_pod(x, POD_A, &f));
		}
	}
}

static void larger_than_receivers_mtu_is_answered_with_it(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];
		size_t fits = POD_MTU - fam->l3_len - 8;
		const uint8_t *icmp;
		struct outcome o;
		struct frame f;

		udp(&f, A_MAC, fam->a, fam->b, fits);
		assert_pass(from_pod(x, POD_A, &f));
		udp(&f, A_MAC, fam->a, fam->b, fits + 1);
		o = from_pod(x, POD_A, &f);
		assert_drop(o, MTU, EGRESS);
		assert_error(&o, &f, fam->gw, fam->too_big, fam->too_big_code);
		icmp = o.b + 14 + fam->l3_len;
		assert_int_equal(icmp[6] << 8 | icmp[7], POD_MTU);
		assert_int_equal(icmp[4] << 8 | icmp[5], 0);
	}
}

static void super_packet_counts_by_its_segments(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];
		int fits = POD_MTU - fam->l3_len - 20;
		struct frame f;

		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, fam->a, fam->b);
		frame_tcp(&f, 1, 2, 0x10);
		frame_payload(&f, NULL, LARGE);
		frame_finish(&f);
		assert_pass(from_pod_gso(x, POD_A, &f, fits));
		assert_drop(from_pod_gso(x, POD_A, &f, fits + 1), MTU, EGRESS);
		assert_drop(from_pod(x, POD_A, &f), MTU, EGRESS);
	}
}

/* Linux sends SCTP as super-packets whose segments differ in length: gso_size is a marker. */
static void sctp_super_packet_passes(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		struct frame f;

		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, families[i].a, families[i].b);
		frame_sctp(&f, 1, 2);
		frame_payload(&f, NULL, LARGE);
		frame_finish(&f);
		assert_pass(from_pod_gso(x, POD_A, &f, 0xffff));
		assert_drop(from_pod(x, POD_A, &f), MTU, EGRESS);
	}
}

static void nothing_answers_errors_and_later_fragments(void **state)
{
	struct fixture *x = *state;
	struct frame f, quoted;
	struct outcome o;

	udp(&quoted, B_MAC, B4, A4, 10);
	assert_pass(from_pod(x, POD_B, &quoted));
	/* An error about that datagram, with a TTL that ends here. */
	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A4, B4);
	frame_icmp(&f, 3, 3, 0);
	frame_quote(&f, &quoted, 28);
	*frame_ttl(&f) = 1;
	frame_finish(&f);
	o = from_pod(x, POD_A, &f);
	assert_drop(o, TTL_EXCEEDED, EGRESS);
	assert_int_equal(o.verdict, ACT_SHOT);
	for (int later = 0; later < 2; later++) {
		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, A4, B4);
		*frame_ttl(&f) = later ? 1 : 64;
		frame_fragment(&f, later * 32, true, 7);
		frame_udp(&f, 1, 2);
		frame_payload(&f, NULL, 24);
		frame_finish(&f);
		o = from_pod(x, POD_A, &f);
	}
	assert_drop(o, TTL_EXCEEDED, EGRESS);
	assert_int_equal(o.verdict, ACT_SHOT);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/** flood - @n packets for nobody; how many were answered, the rest must be counted as limited */
static uint64_t flood(struct fixture *x, unsigned int n)
{
	uint64_t limited = count_read(x, AXO_COUNT_ICMP_LIMITED);
	uint64_t sent = count_read(x, AXO_COUNT_ICMP_SENT), answered = 0;
	struct frame f;

	udp(&f, A_MAC, A4, NOBODY4, 10);
	for (unsigned int i = 0; i < n; i++) {
		struct outcome o = from_pod(x, POD_A, &f);

		assert_drop(o, NO_POD, EGRESS);
		answered += o.verdict == ACT_REDIRECT;
	}
	assert_int_equal(count_read(x, AXO_COUNT_ICMP_SENT) - sent, answered);
	assert_int_equal(count_read(x, AXO_COUNT_ICMP_LIMITED) - limited, n - answered);
	return answered;
}

static void errors_are_limited_to_a_rate(void **state)
{
	struct fixture *x = *state;
	uint64_t begin = now_ns(), answered, earned;
	const uint64_t cost = NS_PER_S / AXO_ICMP_RATE;

	bucket_fill(x, 2 * cost, begin);
	answered = flood(x, 1000);
	earned = (now_ns() - begin) / cost + 1;
	/* The test may have run on every CPU, and each has a bucket. */
	assert_in_range(answered, 2, (2 + earned) * sysconf(_SC_NPROCESSORS_CONF));
}

static void unused_rate_is_saved_up_for_a_burst_only(void **state)
{
	struct fixture *x = *state;
	uint64_t begin = now_ns(), answered, earned;
	const uint64_t cost = NS_PER_S / AXO_ICMP_RATE;

	bucket_fill(x, 0, 0);
	answered = flood(x, 1000);
	earned = (now_ns() - begin) / cost + 1;
	assert_in_range(answered, AXO_ICMP_BURST,
			(AXO_ICMP_BURST + earned) * sysconf(_SC_NPROCESSORS_CONF));
}

/** error_about - from @src to @dst, type and code of "port unreachable", about @quoted */
static void error_about(struct frame *f, const char *smac, const char *src, const char *dst,
			const struct frame *quoted)
{
	frame_eth(f, GW_MAC, smac, 0);
	frame_ip(f, src, dst);
	if (f->family == 4)
		frame_icmp(f, 3, 3, 0);
	else
		frame_icmp(f, 1, 4, 0);
	frame_quote(f, quoted, f->family == 4 ? 28 : 1000);
	frame_finish(f);
}

static void error_about_a_flow_reaches_its_sender(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];
		struct frame quoted, f;
		struct outcome o;

		/* Pod to pod. */
		udp(&quoted, A_MAC, fam->a, fam->b, 10);
		assert_pass(from_pod(x, POD_A, &quoted));
		error_about(&f, B_MAC, fam->b, fam->a, &quoted);
		o = from_pod(x, POD_B, &f);
		assert_pass(o);
		assert_int_equal(o.b[5], 0x0a);
		/* Stale flows too. */
		bump(x);
		assert_pass(from_pod(x, POD_B, &f));
		/* From a router on the way to the world; it is the stack that brings it. */
		udp(&quoted, A_MAC, fam->a, fam->world, 10);
		assert_pass(from_pod(x, POD_A, &quoted));
		error_about(&f, GW_MAC, i ? "2001:db8:9::9" : "198.51.100.9", fam->a, &quoted);
		o = from_host(x, &f);
		assert_pass(o);
		assert_int_equal(o.b[5], 0x0a);
		/* From a pod about what the world sent. */
		udp(&quoted, GW_MAC, fam->world, fam->b, 10);
		assert_pass(from_host(x, &quoted));
		error_about(&f, B_MAC, fam->b, fam->world, &quoted);
		o = from_pod(x, POD_B, &f);
		assert_pass(o);
		assert_memory_equal(o.b, f.b, f.len);
	}
}

static void unrelated_error_is_dropped(void **state)
{
	struct fixture *x = *state;

	for (int i = 0; i < 2; i++) {
		const struct family *fam = &families[i];
		struct frame quoted, f;

		udp(&quoted, A_MAC, fam->a, fam->b, 10);
		error_about(&f, B_MAC, fam->b, fam->a, &quoted);
		assert_drop(from_pod(x, POD_B, &f), ICMP_UNRELATED, EGRESS);
		assert_pass(from_pod(x, POD_A, &quoted));
		assert_pass(from_pod(x, POD_B, &f));
		/* From the wrong place, to the wrong address, with a spoofed source. */
		error_about(&f, GW_MAC, fam->b, fam->a, &quoted);
		assert_drop(from_host(x, &f), ICMP_UNRELATED, INGRESS);
		error_about(&f, B_MAC, fam->b, fam->world, &quoted);
		assert_drop(from_pod(x, POD_B, &f), ICMP_UNRELATED, EGRESS);
		error_about(&f, B_MAC, fam->world, fam->a, &quoted);
		assert_drop(from_pod(x, POD_B, &f), SPOOFED_IP, EGRESS);
		/* About its own packet: the direction is wrong. */
		error_about(&f, A_MAC, fam->a, fam->b, &quoted);
		assert_drop(from_pod(x, POD_A, &f), ICMP_UNRELATED, EGRESS);
		/* Cut before the ports. */
		error_about(&f, B_MAC, fam->b, fam->a, &quoted);
		f.len = f.l4 + 8 + fam->l3_len + 3;
		frame_finish(&f);
		assert_drop(from_pod(x, POD_B, &f), ICMP_UNRELATED, EGRESS);
	}
}

static void error_about_an_error_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame quoted, first, f;

	udp(&quoted, A_MAC, A4, B4, 10);
	assert_pass(from_pod(x, POD_A, &quoted));
	error_about(&first, B_MAC, B4, A4, &quoted);
	error_about(&f, A_MAC, A4, B4, &first);
	assert_drop(from_pod(x, POD_A, &f), ICMP_UNRELATED, EGRESS);
}

static void error_about_an_echo_is_related(void **state)
{
	struct fixture *x = *state;
	struct frame quoted, f;

	for (int v6 = 0; v6 < 2; v6++) {
		frame_eth(&quoted, GW_MAC, A_MAC, 0);
		frame_ip(&quoted, v6 ? A6 : A4, v6 ? WORLD6 : WORLD4);
		frame_icmp(&quoted, v6 ? 128 : 8, 0, 0x00070001);
		frame_payload(&quoted, "ping", 4);
		frame_finish(&quoted);
		assert_pass(from_pod(x, POD_A, &quoted));
		error_about(&f, GW_MAC, v6 ? GW6 : GW4, v6 ? A6 : A4, &quoted);
		assert_pass(from_host(x, &f));
	}
}

#define icmp_test(f) cmocka_unit_test_setup(f, icmp_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		icmp_test(unknown_pod_is_answered_to_the_pod),
		icmp_test(unknown_pod_is_answered_to_the_stack),
		icmp_test(ttl_ends_at_the_gateway),
		icmp_test(larger_than_receivers_mtu_is_answered_with_it),
		icmp_test(super_packet_counts_by_its_segments),
		icmp_test(sctp_super_packet_passes),
		icmp_test(nothing_answers_errors_and_later_fragments),
		icmp_test(errors_are_limited_to_a_rate),
		icmp_test(unused_rate_is_saved_up_for_a_burst_only),
		icmp_test(error_about_a_flow_reaches_its_sender),
		icmp_test(unrelated_error_is_dropped),
		icmp_test(error_about_an_error_is_dropped),
		icmp_test(error_about_an_echo_is_related),
	};

	return cmocka_run_group_tests_name("icmp", tests, fixture_group_setup,
					   fixture_group_teardown);
}
