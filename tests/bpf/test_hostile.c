// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hostile frames.  Whatever a pod sends, these hold:
 *      1. the program ends with a redirect or a drop, and never leaves the frame to the kernel
 *      2. a drop is counted, exactly once
 *      3. what passes has the sender's own MAC and its own address
 *      4. what passes to a pod has the length that it had
 * BPF_PROG_TEST_RUN takes no frame that is shorter than its Ethernet and IP header, and none
 * longer than a page: test_live.c sends those over the wire.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bpf/fixture.h"

#define MUTATIONS 4000
#define SEED 20240229
#define V4_MIN 34
#define V6_MIN 54
#define LARGE 3000

/* A frame of each kind that the programs look into. */
typedef void (*maker)(struct frame *f);

static void make_tcp4(struct frame *f)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A4, B4);
	frame_tcp(f, 4000, 80, 0x18);
	frame_payload(f, "payload", 7);
	frame_finish(f);
}

static void make_udp6(struct frame *f)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A6, B6);
	frame_udp(f, 4000, 53);
	frame_payload(f, "payload", 7);
	frame_finish(f);
}

static void make_chain(struct frame *f)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A6, B6);
	frame_ext(f, 0, 8);
	frame_ext(f, 60, 24);
	frame_ext(f, 43, 8);
	frame_fragment(f, 0, true, 99);
	frame_tcp(f, 4000, 80, 0x02);
	frame_payload(f, "payload", 7);
	frame_finish(f);
}

static void make_options(struct frame *f)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A4, WORLD4);
	frame_payload(f, "\x44\x0c\x05\0\0\0\0\0\0\0\0\0", 12);
	f->b[f->l3] = 0x48;
	frame_udp(f, 4000, 53);
	frame_payload(f, "payload", 7);
	frame_finish(f);
}

static void make_icmp_error(struct frame *f)
{
	struct frame quoted;

	frame_eth(&quoted, GW_MAC, B_MAC, 0);
	frame_ip(&quoted, B6, A6);
	frame_ext(&quoted, 60, 8);
	frame_udp(&quoted, 53, 4000);
	frame_finish(&quoted);
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A6, B6);
	frame_icmp(f, 1, 4, 0);
	frame_quote(f, &quoted, 500);
	frame_finish(f);
}

static void make_icmp_error4(struct frame *f)
{
	struct frame quoted;

	frame_eth(&quoted, GW_MAC, B_MAC, 0);
	frame_ip(&quoted, B4, A4);
	frame_tcp(&quoted, 80, 4000, 0x10);
	frame_finish(&quoted);
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A4, B4);
	frame_icmp(f, 3, 4, 1400);
	frame_quote(f, &quoted, 28);
	frame_finish(f);
}

static void make_arp(struct frame *f)
{
	frame_arp(f, 1, A_MAC, A4, GW4);
}

static void make_solicitation(struct frame *f)
{
	frame_solicit(f, A_MAC, A6, "ff02::1:ff00:1", GW6);
	frame_payload(f, "\x01\x01\x02\0\0\0\0\x0a", 8);
	frame_finish(f);
}

static void make_vlan(struct frame *f)
{
	frame_eth(f, GW_MAC, A_MAC, ETH_P_IP);
	frame_vlan(f, 5);
	frame_ip(f, A4, B4);
	frame_udp(f, 1, 2);
	frame_finish(f);
}

static void make_nobody(struct frame *f)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A6, NOBODY6);
	frame_sctp(f, 4000, 53);
	frame_payload(f, "payload", 7);
	frame_finish(f);
}

static const maker makers[] = {
	make_tcp4,	  make_udp6, make_chain, make_options,	    make_icmp_error,
	make_icmp_error4, make_arp,  make_vlan,	 make_solicitation, make_nobody,
};
#define MAKERS (sizeof(makers) / sizeof(makers[0]))

static uint16_t ethertype(const struct frame *f)
{
	return f->b[12] << 8 | f->b[13];
}

/** is_own - rule 3, read from the frame by the simplest means */
static bool is_own(const struct frame *f)
{
	struct axo_addr own4 = text_addr(A4), own6 = text_addr(A6);
	uint8_t mac[6];

	mac_bytes(A_MAC, mac);
	if (memcmp(f->b + 6, mac, 6))
		return false;
	if (ethertype(f) == ETH_P_IP)
		return !memcmp(f->b + 26, own4.b + 12, 4);
	if (ethertype(f) == ETH_P_ARP)
		return !memcmp(f->b + 28, own4.b + 12, 4) || !memcmp(f->b + 28, "\0\0\0\0", 4);
	/* Solicitations for the gateway are answered to link-local and to no address at all. */
	return ethertype(f) == ETH_P_IPV6 &&
	       (!memcmp(f->b + 22, own6.b, 16) ||
		(f->b[54] == 135 && (f->b[22] == 0xfe || f->b[22] == 0)));
}

/** check - send @f as pod A and see that the rules hold; returns what was made of it */
static struct outcome check(struct fixture *x, const struct frame *f)
{
	struct outcome o = from_pod(x, POD_A, f);

	if (o.verdict != ACT_SHOT && o.verdict != ACT_REDIRECT)
		fail_msg("rule 1: verdict %d", o.verdict);
	if (o.verdict == ACT_SHOT && !o.reason)
		fail_msg("rule 2: silent drop");
	if (o.reason)
		return o;
	if (!is_own(f))
		fail_msg("rule 3: a frame that is not its own passed");
	if (ethertype(f) != ETH_P_ARP && !(ethertype(f) == ETH_P_IPV6 && f->b[54] == 135) &&
	    o.len != f->len)
		fail_msg("rule 4: %zu bytes became %zu", f->len, o.len);
	return o;
}

static bool runs(const struct frame *f)
{
	if (ethertype(f) == ETH_P_IP)
		return f->len >= V4_MIN;
	return f->len >= (ethertype(f) == ETH_P_IPV6 ? V6_MIN : ETH_HLEN);
}

/** flows_for_errors - so that the ICMP errors belong to something */
static void flows_for_errors(struct fixture *x)
{
	struct frame f;

	frame_eth(&f, GW_MAC, B_MAC, 0);
	frame_ip(&f, B6, A6);
	frame_udp(&f, 53, 4000);
	frame_finish(&f);
	assert_pass(from_pod(x, POD_B, &f));
	frame_eth(&f, GW_MAC, B_MAC, 0);
	frame_ip(&f, B4, A4);
	frame_tcp(&f, 80, 4000, 0x10);
	frame_finish(&f);
	assert_pass(from_pod(x, POD_B, &f));
}

static void every_length_is_survived_and_the_cut_refused(void **state)
{
	struct fixture *x = *state;
	static struct frame whole, f;

	flows_for_errors(x);
	for (size_t m = 0; m < MAKERS; m++) {
		makers[m](&whole);
		for (f = whole; f.len > 0 && runs(&f); f.len--) {
			struct outcome o = check(x, &f);

			/* The IP header says how long it is, or ARP is as long as it is. */
			if (f.len < whole.len && !o.reason &&
			    (makers[m] != make_solicitation || f.len < whole.len - 8))
				fail_msg("maker %zu, %zu of %zu bytes passed", m, f.len, whole.len);
		}
	}
}

static void trailing_bytes_do_no_harm(void **state)
{
	struct fixture *x = *state;
	static struct frame f;

	flows_for_errors(x);
	for (size_t m = 0; m < MAKERS; m++) {
		int reason;

		makers[m](&f);
		reason = check(x, &f).reason;
		frame_payload(&f, NULL, 60);
		assert_int_equal(check(x, &f).reason, reason);
	}
}

static void random_bytes_anywhere_break_no_rule(void **state)
{
	struct fixture *x = *state;
	static struct frame f;
	unsigned int passed = 0;

	srandom(SEED);
	for (int i = 0; i < MUTATIONS; i++) {
		makers[random() % MAKERS](&f);
		for (int n = random() % 4; n >= 0; n--)
			f.b[6 + random() % (f.len - 6)] = random();
		if (random() % 8 == 0)
			f.len = ETH_HLEN + random() % (f.len - ETH_HLEN);
		if (runs(&f))
			passed += !check(x, &f).reason;
	}
	/* The test is worth something only if much was let through, too. */
	assert_in_range(passed, MUTATIONS / 20, MUTATIONS);
}

/** random_header - as the last, but only what the IP and transport headers decide by */
static void random_headers_break_no_rule(void **state)
{
	struct fixture *x = *state;
	static struct frame f;

	srandom(SEED + 1);
	for (int i = 0; i < MUTATIONS; i++) {
		makers[random() % MAKERS](&f);
		f.b[ETH_HLEN + random() % 40 % (f.len - ETH_HLEN)] ^= 1 << random() % 8;
		if (runs(&f))
			check(x, &f);
	}
}

static void large_frame_passes_to_who_takes_it(void **state)
{
	struct fixture *x = *state;
	struct axo_endpoint ep = endpoint_default(x, POD_B);
	static struct frame f;

	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A4, B4);
	frame_udp(&f, 1, 2);
	frame_payload(&f, NULL, LARGE - 28);
	frame_finish(&f);
	assert_int_equal(check(x, &f).reason, AXO_DROP_MTU);
	ep.mtu = LARGE;
	endpoint_set(x, POD_B, &ep);
	bump(x);
	assert_int_equal(check(x, &f).reason, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(every_length_is_survived_and_the_cut_refused),
		fixture_test(trailing_bytes_do_no_harm),
		fixture_test(random_bytes_anywhere_break_no_rule),
		fixture_test(random_headers_break_no_rule),
		fixture_test(large_frame_passes_to_who_takes_it),
	};

	return cmocka_run_group_tests_name("hostile", tests, fixture_group_setup,
					   fixture_group_teardown);
}
