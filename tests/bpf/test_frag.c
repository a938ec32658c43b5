// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fragments: they follow their first one, and nobody else's. */
#include <string.h>

#include "tests/bpf/fixture.h"

#define ID 0x1234

static const char *const addr_a[] = {A4, A6};
static const char *const addr_b[] = {B4, B6};

/** fragment - of a UDP datagram from pod A to pod B; the first one carries the ports */
static void fragment(struct frame *f, int v6, uint16_t offset, bool more, uint32_t id)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, addr_a[v6], addr_b[v6]);
	frame_fragment(f, offset, more, id);
	if (offset)
		frame_proto(f, 17);
	else
		frame_udp(f, 1111, 2222);
	frame_payload(f, "0123456789abcdef01234567", 24);
	frame_finish(f);
}

static struct outcome send_fragment(struct fixture *x, int v6, uint16_t offset, bool more)
{
	struct frame f;

	fragment(&f, v6, offset, more, ID);
	return from_pod(x, POD_A, &f);
}

static void later_fragments_follow_the_first(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		assert_pass(send_fragment(x, v6, 0, true));
		assert_pass(send_fragment(x, v6, 32, true));
		assert_pass(send_fragment(x, v6, 56, false));
		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, addr_a[v6], addr_b[v6]);
		frame_udp(&f, 1111, 2222);
		assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow_lru");
		assert_int_equal(flow.side[flow.originator].packets, 3);
	}
}

/* RFC 8200, 4.5: only the first fragment's next header counts. */
static void later_fragment_behind_destination_options_follows(void **state)
{
	struct fixture *x = *state;
	struct axo_flow flow;
	struct frame f;

	for (int later = 0; later < 2; later++) {
		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, A6, B6);
		frame_fragment(&f, later * 40, !later, ID);
		if (later) {
			frame_proto(&f, 60);
		} else {
			frame_ext(&f, 60, 8);
			frame_udp(&f, 1111, 2222);
		}
		frame_payload(&f, "0123456789abcdef01234567", 24);
		frame_finish(&f);
		assert_pass(from_pod(x, POD_A, &f));
	}
	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A6, B6);
	frame_udp(&f, 1111, 2222);
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow_lru");
	assert_int_equal(flow.side[flow.originator].packets, 2);
}

static void fragment_before_its_first_is_dropped(void **state)
{
	struct fixture *x = *state;

	for (int v6 = 0; v6 < 2; v6++) {
		assert_drop(send_fragment(x, v6, 32, true), FRAG_NO_FIRST, EGRESS);
		assert_pass(send_fragment(x, v6, 0, true));
		assert_pass(send_fragment(x, v6, 32, true));
	}
}

static void fragment_of_other_datagram_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		assert_pass(send_fragment(x, v6, 0, true));
		fragment(&f, v6, 32, false, ID + 1);
		assert_drop(from_pod(x, POD_A, &f), FRAG_NO_FIRST, EGRESS);
	}
}

static void fragment_from_other_device_is_another_datagrams(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		assert_pass(send_fragment(x, v6, 0, true));
		fragment(&f, v6, 32, false, ID);
		mac_bytes(GW_MAC, f.b + 6);
		assert_drop(from_host(x, &f), FRAG_NO_FIRST, INGRESS);
	}
}

static void spoofed_fragment_is_spoofed(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		for (int offset = 0; offset <= 32; offset += 32) {
			fragment(&f, v6, offset, true, ID);
			assert_drop(from_pod(x, POD_B, &f), SPOOFED_MAC, EGRESS);
			mac_bytes(B_MAC, f.b + 6);
			assert_drop(from_pod(x, POD_B, &f), SPOOFED_IP, EGRESS);
		}
		assert_drop(send_fragment(x, v6, 32, false), FRAG_NO_FIRST, EGRESS);
	}
}

static void first_fragment_without_whole_header_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	for (int v6 = 0; v6 < 2; v6++) {
		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, addr_a[v6], addr_b[v6]);
		frame_fragment(&f, 0, true, ID);
		frame_proto(&f, 6);
		frame_payload(&f, "\x10\x00\x00\x50\0\0\0\0", 8);
		frame_finish(&f);
		assert_drop(from_pod(x, POD_A, &f), TOO_SHORT, EGRESS);
	}
}

static void atomic_fragment_is_a_whole_packet(void **state)
{
	struct fixture *x = *state;
	char key[64];

	assert_pass(send_fragment(x, 1, 0, false));
	assert_int_not_equal(bpf_map_get_next_key(bpf_map__fd(x->skel->maps.axo_frag), NULL, key),
			     0);
}

static void fragments_reach_stack_and_come_from_it(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	for (int later = 0; later < 2; later++) {
		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, A4, WORLD4);
		frame_fragment(&f, later * 32, true, ID);
		frame_udp(&f, 5, 6);
		frame_payload(&f, NULL, 24);
		frame_finish(&f);
		assert_pass(from_pod(x, POD_A, &f));
		frame_eth(&f, GW_MAC, GW_MAC, 0);
		frame_ip(&f, WORLD4, A4);
		frame_fragment(&f, later * 32, true, ID);
		frame_udp(&f, 6, 5);
		frame_payload(&f, NULL, 24);
		frame_finish(&f);
		assert_pass(from_host(x, &f));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(later_fragments_follow_the_first),
		fixture_test(later_fragment_behind_destination_options_follows),
		fixture_test(fragment_before_its_first_is_dropped),
		fixture_test(fragment_of_other_datagram_is_dropped),
		fixture_test(fragment_from_other_device_is_another_datagrams),
		fixture_test(spoofed_fragment_is_spoofed),
		fixture_test(first_fragment_without_whole_header_is_dropped),
		fixture_test(atomic_fragment_is_a_whole_packet),
		fixture_test(fragments_reach_stack_and_come_from_it),
	};

	return cmocka_run_group_tests_name("frag", tests, fixture_group_setup,
					   fixture_group_teardown);
}
