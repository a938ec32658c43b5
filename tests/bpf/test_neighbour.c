// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* ARP and neighbour solicitations: the gateway is answered for, nothing else is. */
#include <string.h>

#include "tests/bpf/fixture.h"

#define GW6_SOLICITED "ff02::1:ff00:1"
#define LINK_LOCAL "fe80::a"

static void arp_for_gateway_is_answered(void **state)
{
	static const char *const sources[] = {A4, "0.0.0.0"};
	struct fixture *x = *state;
	uint64_t answered = count_read(x, AXO_COUNT_NEIGHBOUR);

	for (int unicast = 0; unicast < 2; unicast++) {
		for (int i = 0; i < 2; i++) {
			struct frame f, want;
			struct outcome o;

			frame_arp(&f, 1, A_MAC, sources[i], GW4);
			frame_arp(&want, 2, GW_MAC, GW4, sources[i]);
			mac_bytes(A_MAC, want.b);
			mac_bytes(A_MAC, want.b + 14 + 18);
			if (unicast)
				mac_bytes(GW_MAC, f.b);
			o = from_pod(x, POD_A, &f);
			assert_pass(o);
			assert_int_equal(o.len, want.len);
			assert_memory_equal(o.b, want.b, want.len);
		}
	}
	assert_int_equal(count_read(x, AXO_COUNT_NEIGHBOUR), answered + 4);
}

static void other_arp_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	frame_arp(&f, 1, A_MAC, A4, B4);
	assert_drop(from_pod(x, POD_A, &f), ARP, EGRESS);
	frame_arp(&f, 1, A_MAC, A4, A4);
	assert_drop(from_pod(x, POD_A, &f), ARP, EGRESS);
	frame_arp(&f, 2, A_MAC, GW4, GW4);
	assert_drop(from_pod(x, POD_A, &f), ARP, EGRESS);
	frame_arp(&f, 1, A_MAC, A4, GW4);
	f.b[14 + 5] = 16;
	assert_drop(from_pod(x, POD_A, &f), ARP, EGRESS);
}

static void spoofed_arp_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	frame_arp(&f, 1, A_MAC, B4, GW4);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_IP, EGRESS);
	frame_arp(&f, 1, B_MAC, A4, GW4);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
	frame_arp(&f, 1, A_MAC, A4, GW4);
	mac_bytes(B_MAC, f.b + 14 + 8);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
}

static void short_arp_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	frame_arp(&f, 1, A_MAC, A4, GW4);
	f.len -= 1;
	assert_drop(from_pod(x, POD_A, &f), TOO_SHORT, EGRESS);
}

/** assert_advertised - the gateway's MAC, to @dst, solicited or not (RFC 4861, 4.4) */
static void assert_advertised(const struct outcome *o, const char *dst, const char *dmac,
			      uint8_t flags)
{
	struct axo_addr gw = text_addr(GW6), to = text_addr(dst);
	uint8_t mac[6], want[6];

	mac_bytes(GW_MAC, mac);
	mac_bytes(dmac, want);
	assert_pass(*o);
	assert_int_equal(o->len, 14 + 40 + 8 + 16 + 8);
	assert_memory_equal(o->b, want, 6);
	assert_memory_equal(o->b + 6, mac, 6);
	assert_int_equal(o->b[14 + 7], 255);
	assert_memory_equal(o->b + 14 + 8, gw.b, 16);
	assert_memory_equal(o->b + 14 + 24, to.b, 16);
	assert_int_equal(o->b[54], 136);
	assert_int_equal(o->b[58], flags);
	assert_memory_equal(o->b + 62, gw.b, 16);
	assert_memory_equal(o->b + 78, "\x02\x01", 2);
	assert_memory_equal(o->b + 80, mac, 6);
	assert_true(frame_l4_ok(o->b, o->len));
}

static void solicitation_for_gateway_is_answered(void **state)
{
	static const char *const sources[] = {A6, LINK_LOCAL};
	static const char *const destinations[] = {GW6_SOLICITED, GW6};
	struct fixture *x = *state;
	struct outcome o;
	struct frame f;

	for (int i = 0; i < 2; i++) {
		for (int d = 0; d < 2; d++) {
			frame_solicit(&f, A_MAC, sources[i], destinations[d], GW6);
			/* With the option that carries its MAC, as hosts send it. */
			frame_payload(&f, "\x01\x01\x02\0\0\0\0\x0a", 8);
			frame_finish(&f);
			o = from_pod(x, POD_A, &f);
			assert_advertised(&o, sources[i], A_MAC, 0xe0);
		}
	}
	frame_solicit(&f, A_MAC, "::", GW6_SOLICITED, GW6);
	o = from_pod(x, POD_A, &f);
	assert_advertised(&o, "ff02::1", "33:33:00:00:00:01", 0xa0);
}

static void other_discovery_is_dropped(void **state)
{
	static const uint8_t types[] = {133, 134, 136, 137};
	struct fixture *x = *state;
	struct frame f;

	frame_solicit(&f, A_MAC, A6, "ff02::1:ff00:b", B6);
	assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
	/* Duplicate address detection for its own address. */
	frame_solicit(&f, A_MAC, "::", "ff02::1:ff00:a", LINK_LOCAL);
	assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
	frame_solicit(&f, A_MAC, A6, B6, GW6);
	assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
	for (size_t i = 0; i < sizeof(types); i++) {
		frame_solicit(&f, A_MAC, A6, GW6, GW6);
		f.b[54] = types[i];
		assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
	}
	frame_solicit(&f, A_MAC, A6, GW6, GW6);
	*frame_ttl(&f) = 254;
	assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
	frame_solicit(&f, A_MAC, A6, GW6, GW6);
	f.b[55] = 1;
	assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
}

static void listener_report_is_multicast(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	frame_eth(&f, "33:33:00:00:00:16", A_MAC, 0);
	frame_ip(&f, LINK_LOCAL, "ff02::16");
	memcpy(frame_ext(&f, 0, 8) + 2, "\x05\x02\0\0\x01\0", 6);
	frame_icmp(&f, 143, 0, 0);
	frame_finish(&f);
	assert_drop(from_pod(x, POD_A, &f), MULTICAST, EGRESS);
}

static void spoofed_solicitation_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	frame_solicit(&f, A_MAC, B6, GW6_SOLICITED, GW6);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_IP, EGRESS);
	frame_solicit(&f, B_MAC, A6, GW6_SOLICITED, GW6);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
}

static void solicitation_behind_extension_header_is_dropped(void **state)
{
	struct fixture *x = *state;
	struct axo_addr gw = text_addr(GW6);
	struct frame f;

	for (int fragment = 0; fragment < 2; fragment++) {
		frame_eth(&f, GW_MAC, A_MAC, 0);
		frame_ip(&f, A6, GW6);
		*frame_ttl(&f) = 255;
		if (fragment)
			frame_fragment(&f, 0, true, 1);
		else
			frame_ext(&f, 60, 8);
		frame_icmp(&f, 135, 0, 0);
		frame_payload(&f, gw.b, 16);
		frame_finish(&f);
		assert_drop(from_pod(x, POD_A, &f), NEIGHBOUR, EGRESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(arp_for_gateway_is_answered),
		fixture_test(other_arp_is_dropped),
		fixture_test(spoofed_arp_is_dropped),
		fixture_test(short_arp_is_dropped),
		fixture_test(solicitation_for_gateway_is_answered),
		fixture_test(other_discovery_is_dropped),
		fixture_test(listener_report_is_multicast),
		fixture_test(spoofed_solicitation_is_dropped),
		fixture_test(solicitation_behind_extension_header_is_dropped),
	};

	return cmocka_run_group_tests_name("neighbour", tests, fixture_group_setup,
					   fixture_group_teardown);
}
