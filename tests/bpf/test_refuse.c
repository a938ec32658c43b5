// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is refused and why.  A row is a frame; it is dropped for exactly the reason it names,
 * counted once, in the right direction, and leaves no flow behind.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bpf/fixture.h"

#define FROM_HOST PODS

/**
 * struct row - a frame that is UDP unless @make says more
 * @name:    what the operator would call it
 * @from:    POD_A, POD_B or FROM_HOST
 * @dmac, @smac: of the frame; NULL = as they should be
 * @src, @dst: addresses
 * @reason:  AXO_DROP_*
 * @spoil:   changes the finished frame; NULL = nothing
 */
struct row {
	const char *name;
	int from;
	const char *dmac;
	const char *smac;
	const char *src;
	const char *dst;
	int reason;
	void (*spoil)(struct frame *f);
};

static void wrong_version(struct frame *f)
{
	f->b[f->l3] ^= 0x10;
}

static void short_ihl(struct frame *f)
{
	f->b[f->l3] = 0x44;
}

static void long_ihl(struct frame *f)
{
	f->b[f->l3] = 0x4f;
}

static void long_total(struct frame *f)
{
	size_t field = f->l3 + (f->family == 4 ? 2 : 4);

	f->b[field] = 1;
}

static void small_total(struct frame *f)
{
	f->b[f->l3 + 2] = 0;
	f->b[f->l3 + 3] = 19;
}

/** no_room_for_udp - the IP header says that there are 7 bytes behind it */
static void no_room_for_udp(struct frame *f)
{
	if (f->family == 4)
		f->b[f->l3 + 3] = 27;
	else
		f->b[f->l3 + 5] = 7;
}

static void vlan(struct frame *f)
{
	memmove(f->b + 16, f->b + 12, f->len - 12);
	memcpy(f->b + 12, "\x81\x00\x00\x05", 4);
	f->len += 4;
}

static void qinq(struct frame *f)
{
	vlan(f);
	f->b[12] = 0x88;
	f->b[13] = 0xa8;
}

static void ethertype(struct frame *f)
{
	f->b[12] = 0x12;
	f->b[13] = 0x34;
}

static void arp(struct frame *f)
{
	frame_arp(f, 1, GW_MAC, GW4, A4);
}

static void solicit(struct frame *f)
{
	frame_solicit(f, GW_MAC, GW6, A6, A6);
}

/** overlap - a TCP fragment at offset 8 writes over the header's flags (RFC 3128) */
static void overlap(struct frame *f)
{
	f->b[f->l3 + 9] = 6;
	f->b[f->l3 + 7] = 1;
}

/** later_fragment - what looks like the ports of a known flow is payload */
static void later_fragment(struct frame *f)
{
	f->b[f->l3 + 7] = 4;
}

/** chain - rebuild the IPv6 packet with @n destination options in front of UDP */
static void chain(struct frame *f, uint8_t type, int n)
{
	struct frame g;

	frame_eth(&g, GW_MAC, A_MAC, 0);
	frame_ip(&g, A6, B6);
	for (int i = 0; i < n; i++)
		frame_ext(&g, type, 8);
	frame_udp(&g, 1, 2);
	frame_finish(&g);
	*f = g;
}

static void too_many_headers(struct frame *f)
{
	chain(f, 60, 9);
}

static void hop_by_hop_twice(struct frame *f)
{
	chain(f, 0, 2);
}

static void routing_not_used_up(struct frame *f)
{
	chain(f, 43, 1);
	f->b[f->l3 + 40 + 3] = 1;
}

static void header_beyond_end(struct frame *f)
{
	chain(f, 60, 1);
	f->b[f->l3 + 40 + 1] = 200;
}

static void two_fragment_headers(struct frame *f)
{
	chain(f, 44, 2);
	f->b[f->l3 + 40 + 3] = 1;
	f->b[f->l3 + 48 + 3] = 1;
}

static void icmp_redirect(struct frame *f)
{
	struct frame quoted = *f;

	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, A4, B4);
	frame_icmp(f, 5, 1, 0);
	frame_quote(f, &quoted, 28);
	frame_finish(f);
}

static const struct row rows[] = {
	/* Who sends it. */
	{"wrong MAC", POD_A, NULL, B_MAC, A4, B4, AXO_DROP_SPOOFED_MAC, NULL},
	{"wrong MAC, v6", POD_A, NULL, B_MAC, A6, B6, AXO_DROP_SPOOFED_MAC, NULL},
	{"other pod's address", POD_A, NULL, NULL, B4, GW4, AXO_DROP_SPOOFED_IP, NULL},
	{"other pod's address, v6", POD_A, NULL, NULL, B6, GW6, AXO_DROP_SPOOFED_IP, NULL},
	{"world's address", POD_A, NULL, NULL, WORLD4, B4, AXO_DROP_SPOOFED_IP, NULL},
	{"gateway's address", POD_A, NULL, NULL, GW4, B4, AXO_DROP_SPOOFED_IP, NULL},
	{"no address", POD_A, NULL, NULL, "0.0.0.0", B4, AXO_DROP_SPOOFED_IP, NULL},
	{"no address, v6", POD_A, NULL, NULL, "::", B6, AXO_DROP_SPOOFED_IP, NULL},
	/* Where it goes. */
	{"multicast", POD_A, "01:00:5e:00:00:fb", NULL, A4, "224.0.0.251", AXO_DROP_MULTICAST,
	 NULL},
	{"multicast, v6", POD_A, "33:33:00:00:00:fb", NULL, A6, "ff02::fb", AXO_DROP_MULTICAST,
	 NULL},
	{"DHCP", POD_A, "ff:ff:ff:ff:ff:ff", NULL, "0.0.0.0", "255.255.255.255", AXO_DROP_MULTICAST,
	 NULL},
	{"directed broadcast", POD_A, NULL, NULL, A4, "10.1.0.255", AXO_DROP_MULTICAST, NULL},
	{"broadcast frame", POD_A, "ff:ff:ff:ff:ff:ff", NULL, A4, B4, AXO_DROP_MULTICAST, NULL},
	{"link-local destination", POD_A, NULL, NULL, A4, "169.254.1.1", AXO_DROP_LINK_LOCAL, NULL},
	{"link-local destination, v6", POD_A, NULL, NULL, A6, "fe80::1", AXO_DROP_LINK_LOCAL, NULL},
	{"link-local source, v6", POD_A, NULL, NULL, "fe80::a", B6, AXO_DROP_LINK_LOCAL, NULL},
	{"loopback", POD_A, NULL, NULL, A4, "127.0.0.1", AXO_DROP_BAD_HEADER, NULL},
	{"loopback, v6", POD_A, NULL, NULL, A6, "::1", AXO_DROP_BAD_HEADER, NULL},
	{"class E", POD_A, NULL, NULL, A4, "240.0.0.1", AXO_DROP_BAD_HEADER, NULL},
	{"unspecified destination", POD_A, NULL, NULL, A4, "0.0.0.0", AXO_DROP_BAD_HEADER, NULL},
	{"unspecified destination, v6", POD_A, NULL, NULL, A6, "::", AXO_DROP_BAD_HEADER, NULL},
	{"unknown pod", POD_A, NULL, NULL, A4, NOBODY4, AXO_DROP_NO_POD, NULL},
	{"unknown pod, v6", POD_A, NULL, NULL, A6, NOBODY6, AXO_DROP_NO_POD, NULL},
	{"frame for another MAC", POD_A, B_MAC, NULL, A4, B4, AXO_DROP_DST_MAC, NULL},
	/* What it is. */
	{"wrong version", POD_A, NULL, NULL, A4, B4, AXO_DROP_BAD_HEADER, wrong_version},
	{"wrong version, v6", POD_A, NULL, NULL, A6, B6, AXO_DROP_BAD_HEADER, wrong_version},
	{"ihl 4", POD_A, NULL, NULL, A4, B4, AXO_DROP_BAD_HEADER, short_ihl},
	{"ihl beyond the end", POD_A, NULL, NULL, A4, B4, AXO_DROP_BAD_HEADER, long_ihl},
	{"total length beyond the end", POD_A, NULL, NULL, A4, B4, AXO_DROP_TOO_SHORT, long_total},
	{"payload length beyond the end", POD_A, NULL, NULL, A6, B6, AXO_DROP_TOO_SHORT,
	 long_total},
	{"total length below the header", POD_A, NULL, NULL, A4, B4, AXO_DROP_BAD_HEADER,
	 small_total},
	{"no room for UDP", POD_A, NULL, NULL, A4, B4, AXO_DROP_TOO_SHORT, no_room_for_udp},
	{"no room for UDP, v6", POD_A, NULL, NULL, A6, B6, AXO_DROP_TOO_SHORT, no_room_for_udp},
	{"VLAN", POD_A, NULL, NULL, A4, B4, AXO_DROP_VLAN, vlan},
	{"VLAN in VLAN", POD_A, NULL, NULL, A6, B6, AXO_DROP_VLAN, qinq},
	{"ethertype", POD_A, NULL, NULL, A4, B4, AXO_DROP_ETHERTYPE, ethertype},
	{"overlapping TCP fragment", POD_A, NULL, NULL, A4, B4, AXO_DROP_BAD_HEADER, overlap},
	{"later fragment", POD_A, NULL, NULL, A4, B4, AXO_DROP_FRAG_NO_FIRST, later_fragment},
	{"nine extension headers", POD_A, NULL, NULL, A6, B6, AXO_DROP_EXT_HEADERS,
	 too_many_headers},
	{"hop-by-hop twice", POD_A, NULL, NULL, A6, B6, AXO_DROP_EXT_HEADERS, hop_by_hop_twice},
	{"routing header", POD_A, NULL, NULL, A6, B6, AXO_DROP_EXT_HEADERS, routing_not_used_up},
	{"extension header beyond the end", POD_A, NULL, NULL, A6, B6, AXO_DROP_TOO_SHORT,
	 header_beyond_end},
	{"two fragment headers", POD_A, NULL, NULL, A6, B6, AXO_DROP_EXT_HEADERS,
	 two_fragment_headers},
	{"ICMP redirect", POD_A, NULL, NULL, B4, A4, AXO_DROP_ICMP_UNRELATED, icmp_redirect},
	/* From the host's stack. */
	{"unknown pod from host", FROM_HOST, NULL, GW_MAC, GW4, NOBODY4, AXO_DROP_NO_POD, NULL},
	{"unknown pod from host, v6", FROM_HOST, NULL, GW_MAC, GW6, NOBODY6, AXO_DROP_NO_POD, NULL},
	{"world from host", FROM_HOST, NULL, GW_MAC, GW4, WORLD4, AXO_DROP_NO_POD, NULL},
	{"multicast from host", FROM_HOST, NULL, GW_MAC, GW6, "ff02::16", AXO_DROP_MULTICAST, NULL},
	{"VLAN from host", FROM_HOST, NULL, GW_MAC, GW4, A4, AXO_DROP_VLAN, vlan},
	{"ARP from host", FROM_HOST, NULL, GW_MAC, GW4, A4, AXO_DROP_ARP, arp},
	{"ND from host", FROM_HOST, NULL, GW_MAC, GW6, A6, AXO_DROP_NEIGHBOUR, solicit},
};

static struct outcome send_row(struct fixture *x, const struct row *r)
{
	static struct frame f;

	frame_eth(&f, r->dmac ? r->dmac : GW_MAC,
		  r->smac	     ? r->smac
		  : r->from == POD_A ? A_MAC
				     : B_MAC,
		  0);
	frame_ip(&f, r->src, r->dst);
	frame_udp(&f, 4000, 53);
	frame_payload(&f, "payload!", 8);
	frame_finish(&f);
	if (r->spoil)
		r->spoil(&f);
	return r->from == FROM_HOST ? from_host(x, &f) : from_pod(x, r->from, &f);
}

/** assert_no_flows - nothing that was refused is remembered */
static void assert_no_flows(struct fixture *x)
{
	char key[64];

	assert_int_not_equal(bpf_map_get_next_key(bpf_map__fd(x->skel->maps.axo_flow), NULL, key),
			     0);
	assert_int_not_equal(
		bpf_map_get_next_key(bpf_map__fd(x->skel->maps.axo_flow_lru), NULL, key), 0);
}

static void each_is_dropped_for_its_reason(void **state)
{
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct outcome o = send_row(x, r);

		if (o.reason != r->reason || o.dir != (r->from == FROM_HOST))
			fail_msg("%s: reason %d, direction %d, expected %d", r->name, o.reason,
				 o.dir, r->reason);
		if (r->reason != AXO_DROP_NO_POD && o.verdict != ACT_SHOT)
			fail_msg("%s: verdict %d", r->name, o.verdict);
		assert_no_flows(x);
	}
}

/** know_flow - UDP between the pods, with the ports of send_row(), established */
static void know_flow(struct fixture *x, const char *a, const char *b)
{
	static struct frame f;
	struct axo_flow flow;

	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, a, b);
	frame_udp(&f, 4000, 53);
	frame_finish(&f);
	assert_pass(from_pod(x, POD_A, &f));
	frame_eth(&f, GW_MAC, B_MAC, 0);
	frame_ip(&f, b, a);
	frame_udp(&f, 53, 4000);
	frame_finish(&f);
	assert_pass(from_pod(x, POD_B, &f));
	assert_string_equal(flow_lookup(x, &f, &flow), "axo_flow");
}

/* What the hot path does not check it must leave to the slow one. */
static void each_is_dropped_also_if_the_flow_is_known(void **state)
{
	struct fixture *x = *state;

	know_flow(x, A4, B4);
	know_flow(x, A6, B6);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct outcome o = send_row(x, r);

		if (o.reason != r->reason || o.dir != (r->from == FROM_HOST))
			fail_msg("%s: reason %d, direction %d, expected %d", r->name, o.reason,
				 o.dir, r->reason);
	}
}

static void device_without_endpoint_is_refused(void **state)
{
	static const struct row r = {"gone", POD_A, NULL, NULL, A4, B4, 0, NULL};
	struct fixture *x = *state;

	endpoint_del(x, POD_A);
	assert_drop(send_row(x, &r), NO_ENDPOINT, EGRESS);
}

static void address_of_other_family_missing_owns_nothing(void **state)
{
	static const struct row v6 = {"v6", POD_A, NULL, NULL, A6, B6, 0, NULL};
	static const struct row zero = {"::", POD_A, NULL, NULL, "::", B6, 0, NULL};
	struct fixture *x = *state;
	struct axo_endpoint ep = endpoint_default(x, POD_A);

	endpoint_del(x, POD_A);
	memset(&ep.ipv6, 0, sizeof(ep.ipv6));
	endpoint_set(x, POD_A, &ep);
	assert_drop(send_row(x, &v6), SPOOFED_IP, EGRESS);
	assert_drop(send_row(x, &zero), SPOOFED_IP, EGRESS);
}

/* IPv4-mapped addresses in IPv6 make the key of an IPv4 flow; they must not use one. */
static void mapped_address_does_not_ride_an_ipv4_flow(void **state)
{
	struct fixture *x = *state;
	struct frame v4, reply, f;

	frame_eth(&v4, GW_MAC, A_MAC, 0);
	frame_ip(&v4, A4, B4);
	frame_udp(&v4, 1, 2);
	frame_finish(&v4);
	frame_eth(&reply, GW_MAC, B_MAC, 0);
	frame_ip(&reply, B4, A4);
	frame_udp(&reply, 2, 1);
	frame_finish(&reply);
	assert_pass(from_pod(x, POD_A, &v4));
	assert_pass(from_pod(x, POD_B, &reply));
	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A6, B6);
	frame_udp(&f, 1, 2);
	frame_finish(&f);
	for (int i = 0; i < 2; i++) {
		struct axo_addr mapped = text_addr(i ? B4 : A4);

		memcpy(f.b + f.l3 + 8 + 16 * i, mapped.b, 16);
		assert_drop(from_pod(x, POD_A, &f), BAD_HEADER, EGRESS);
	}
}

static void family_that_is_off_is_refused(void **state)
{
	struct fixture *x = *state, other = *x;
	struct axo_config c = fixture_config(x);
	struct row r = {"off", POD_A, NULL, NULL, A4, B4, 0, NULL};
	struct frame f;

	c.ipv4 = 0;
	memset(&c.gateway4, 0, sizeof(c.gateway4));
	other.skel = fixture_load(&c);
	assert_non_null(other.skel);
	assert_drop(send_row(&other, &r), FAMILY_OFF, EGRESS);
	frame_arp(&f, 1, A_MAC, A4, GW4);
	for (int i = 0; i < PODS; i++) {
		struct axo_endpoint ep = endpoint_default(x, i);

		endpoint_set(&other, i, &ep);
	}
	assert_drop(from_pod(&other, POD_A, &f), FAMILY_OFF, EGRESS);
	axoneme_bpf__destroy(other.skel);
	c = fixture_config(x);
	c.ipv6 = 0;
	other.skel = fixture_load(&c);
	r.src = A6;
	r.dst = B6;
	assert_drop(send_row(&other, &r), FAMILY_OFF, EGRESS);
	axoneme_bpf__destroy(other.skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(each_is_dropped_for_its_reason),
		fixture_test(each_is_dropped_also_if_the_flow_is_known),
		fixture_test(device_without_endpoint_is_refused),
		fixture_test(address_of_other_family_missing_owns_nothing),
		fixture_test(mapped_address_does_not_ride_an_ipv4_flow),
		fixture_test(family_that_is_off_is_refused),
	};

	return cmocka_run_group_tests_name("refuse", tests, fixture_group_setup,
					   fixture_group_teardown);
}
