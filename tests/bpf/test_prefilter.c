/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * XDP at the edge of the host: the prefilter, and what no network may bring.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/prefilter.h"
#include "lib/cidr.h"
#include "loader/prefilter_map.h"
#include "tests/bpf/fixture.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define GROUPS 8

static uint64_t counted[GROUPS];

static void rule_add(struct pf_rules *r, const char *text, uint16_t group)
{
	struct pf_rule x = {.group = group};
	struct cidr c;

	if (*text == '!') {
		x.flags |= PF_EXCEPT;
		text++;
	}
	assert_int_equal(cidr_parse(text, &c, NULL), 0);
	if (c.family == 4)
		x.flags |= PF_IPV4;
	x.addr = c.addr;
	x.bits = (uint8_t)cidr_mapped_bits(&c);
	assert_int_equal(pf_rules_add(r, &x), 0);
}

static void install(struct fixture *x, struct pf_rules *r)
{
	const struct pf_maps m = {
		bpf_map__fd(x->skel->maps.axo_prefilter),
		bpf_map__fd(x->skel->maps.axo_pf_head),
	};
	struct pf_table t;
	uint64_t bytes;

	assert_int_equal(pf_rules_sort(r, NULL), 0);
	assert_int_equal(pf_table_make(r, &t), 0);
	assert_int_equal(pf_map_install(&m, &t, &bytes), 0);
	pf_table_fini(&t);
}

static void install_texts(struct fixture *x, const char *const *texts, size_t count)
{
	struct pf_rules r = {0};

	for (size_t i = 0; i < count; i++)
		rule_add(&r, texts[i], (uint16_t)(i % GROUPS));
	install(x, &r);
	free(r.items);
}

/* What xdp_edge says; *drops is how many packets the groups have counted more. */
static int edge(struct fixture *x, const struct frame *f, struct axo_pf_count now[GROUPS])
{
	uint8_t out[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len,
		    .data_out = out, .data_size_out = sizeof(out));

	if (bpf_prog_test_run_opts(bpf_program__fd(x->skel->progs.xdp_edge), &opts))
		fail_msg("test run of %zu bytes: %s", f->len, strerror(errno));
	assert_int_equal(pf_map_counts(bpf_map__fd(x->skel->maps.axo_pf_count), now, GROUPS), 0);
	return (int)opts.retval;
}

#define DROPS 1	 /* XDP_DROP */
#define PASSES 2 /* XDP_PASS */

static void udp(struct frame *f, const char *src, const char *dst)
{
	frame_eth(f, GW_MAC, A_MAC, 0);
	frame_ip(f, src, dst);
	frame_udp(f, 1, 2);
	frame_payload(f, "payload", 7);
	frame_finish(f);
}

/* @group: which one denies; -1 = it passes */
static void assert_source(struct fixture *x, const char *src, int group)
{
	const char *dst = strchr(src, ':') ? "2001:db8:ffff::1" : "192.0.2.1";
	struct axo_pf_count now[GROUPS];
	struct frame f;

	udp(&f, src, dst);
	print_message("%s: group %d\n", src, group);
	assert_int_equal(edge(x, &f, now), group < 0 ? PASSES : DROPS);
	for (int i = 0; i < GROUPS; i++) {
		assert_int_equal(now[i].packets - counted[i], i == group);
		counted[i] = now[i].packets;
	}
}

static void an_empty_slot_denies_nothing(void **state)
{
	assert_source(*state, "203.0.113.1", -1);
	assert_source(*state, "2001:db8::1", -1);
}

static void longest_prefix_wins_and_groups_count(void **state)
{
	static const char *const texts[] = {
		"203.0.0.0/8",		"!203.0.113.0/24",     "203.0.113.7/32",
		"2001:db8::/32",	"!2001:db8:1::/48",    "2001:db8:1:2::/64",
		"!2001:db8:1:2::8/125", "2001:db8:1:2::9/128",
	};
	static const struct {
		const char *src;
		int group;
	} rows[] = {
		{"203.0.0.0", 0},	  {"203.255.255.255", 0},  {"204.0.0.0", -1},
		{"202.255.255.255", -1},  {"203.0.113.6", -1},	   {"203.0.113.7", 2},
		{"203.0.113.8", -1},	  {"203.0.112.255", 0},	   {"203.0.114.0", 0},
		{"2001:db7:ffff::1", -1}, {"2001:db8::", 3},	   {"2001:db8:ffff::1", 3},
		{"2001:db9::", -1},	  {"2001:db8:1::1", -1},   {"2001:db8:1:2::1", 5},
		{"2001:db8:1:2::8", -1},  {"2001:db8:1:2::9", 7},  {"2001:db8:1:2::a", -1},
		{"2001:db8:1:2::10", 5},  {"2001:db8:1:3::1", -1},
	};

	install_texts(*state, texts, ROWS(texts));
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_source(*state, rows[i].src, rows[i].group);
	/* A new table is in force at once. */
	install_texts(*state, (const char *[]){"203.0.113.8/32"}, 1);
	assert_source(*state, "203.0.113.7", -1);
	assert_source(*state, "203.0.113.8", 0);
}

/* Many prefixes: the indexes with 2^18 buckets, and the binary search in a crowded one. */
static void what_the_program_finds_is_the_longest_prefix(void **state)
{
	struct pf_rules r = {0};
	char text[64];

	srand(1);
	for (int i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%d.%d.%d.0/24", 1 + rand() % 100, rand() % 256,
			 rand() % 256);
		rule_add(&r, text, 1);
		snprintf(text, sizeof(text), "203.0.%d.%d/32", i / 256, i % 256);
		rule_add(&r, text, (uint16_t)(i % 2));
		snprintf(text, sizeof(text), "2001:db8:%x::%x:%x/128", rand() % 65536, i,
			 rand() % 65536);
		rule_add(&r, text, 2);
		snprintf(text, sizeof(text), "2001:db8:%x:%x::/64", 256 + i / 256, i % 256);
		rule_add(&r, text, 3);
		snprintf(text, sizeof(text), "2001:db8:f::%x:0/112", i);
		rule_add(&r, text, 4);
	}
	install(*state, &r);
	for (int i = 0; i < 300; i++) {
		const struct pf_rule *x = &r.items[(size_t)rand() % r.count];
		struct cidr c = pf_rule_cidr(x);
		struct axo_addr at[] = {cidr_first(&c), cidr_last(&c)};

		at[0] = i % 2 ? at[1] : at[0];
		at[1] = addr_add(&at[0], 1);
		for (int k = 0; k < 2; k++) {
			const struct pf_rule *best = pf_rules_find(&r, &at[k]);

			addr_to_str(&at[k], text);
			assert_source(*state, text, best ? best->group : -1);
		}
	}
	free(r.items);
}

static void wrong_sum(struct frame *f)
{
	f->b[f->l3 + 10] ^= 1;
}

static void options(struct frame *f)
{
	uint8_t *ip = f->b + f->l3;
	uint32_t sum = 0;

	memmove(ip + 24, ip + 20, f->len - f->l3 - 20);
	memset(ip + 20, 1, 4);
	f->len += 4;
	ip[0] = 0x46;
	ip[3] += 4;
	ip[10] = ip[11] = 0;
	for (int i = 0; i < 24; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void options_wrong(struct frame *f)
{
	options(f);
	f->b[f->l3 + 23] ^= 4;
}

static void version(struct frame *f)
{
	f->b[f->l3] ^= 0x10;
}

static void short_ihl(struct frame *f)
{
	f->b[f->l3] = 0x44;
}

static void long_total(struct frame *f)
{
	f->b[f->l3 + (f->family == 4 ? 2 : 4)] = 1;
}

static void small_total(struct frame *f)
{
	f->b[f->l3 + 2] = 0;
	f->b[f->l3 + 3] = 19;
}

static void cut(struct frame *f)
{
	f->len = f->l3 + 19;
}

static void padded(struct frame *f)
{
	memset(f->b + f->len, 0, 30);
	f->len += 30;
}

static void tagged(struct frame *f)
{
	memmove(f->b + 16, f->b + 12, f->len - 12);
	memcpy(f->b + 12, "\x81\x00\x00\x05", 4);
	f->len += 4;
}

static void tagged_twice(struct frame *f)
{
	tagged(f);
	tagged(f);
	f->b[12] = 0x88;
	f->b[13] = 0xa8;
}

static void arp(struct frame *f)
{
	frame_arp(f, 1, GW_MAC, GW4, A4);
}

static void malformed_frames_and_martians_have_reasons(void **state)
{
	static const struct {
		const char *name, *src, *dst;
		int reason; /* 0 = it passes */
		void (*spoil)(struct frame *f);
	} rows[] = {
		{"a good one", "203.0.113.1", "192.0.2.1", 0, NULL},
		{"a good one of IPv6", "2001:db8::1", "2001:db8:ffff::1", 0, NULL},
		{"to a pod", "203.0.113.1", A4, 0, NULL},
		{"with padding", "203.0.113.1", "192.0.2.1", 0, padded},
		{"with options", "203.0.113.1", "192.0.2.1", 0, options},
		{"with a VLAN tag", "203.0.113.1", "192.0.2.1", 0, tagged},
		{"ARP", "203.0.113.1", "192.0.2.1", 0, arp},
		{"DHCP's source", "0.0.0.0", "255.255.255.255", 0, NULL},
		{"duplicate address detection", "::", "ff02::1", 0, NULL},
		{"link-local", "fe80::1", "fe80::2", 0, NULL},
		{"wrong checksum", "203.0.113.1", "192.0.2.1", AXO_DROP_CHECKSUM, wrong_sum},
		{"wrong in options", "203.0.113.1", "192.0.2.1", AXO_DROP_CHECKSUM, options_wrong},
		{"wrong version", "203.0.113.1", "192.0.2.1", AXO_DROP_BAD_HEADER, version},
		{"wrong version of IPv6", "2001:db8::1", "2001:db8::2", AXO_DROP_BAD_HEADER,
		 version},
		{"header too short", "203.0.113.1", "192.0.2.1", AXO_DROP_BAD_HEADER, short_ihl},
		{"total below header", "203.0.113.1", "192.0.2.1", AXO_DROP_BAD_HEADER,
		 small_total},
		{"longer than the frame", "203.0.113.1", "192.0.2.1", AXO_DROP_TOO_SHORT,
		 long_total},
		{"the same of IPv6", "2001:db8::1", "2001:db8::2", AXO_DROP_TOO_SHORT, long_total},
		{"cut header", "203.0.113.1", "192.0.2.1", AXO_DROP_TOO_SHORT, cut},
		{"cut header of IPv6", "2001:db8::1", "2001:db8::2", AXO_DROP_TOO_SHORT, cut},
		{"own pod", A4, "192.0.2.1", AXO_DROP_MARTIAN, NULL},
		{"own pod behind a tag", A4, "192.0.2.1", AXO_DROP_MARTIAN, tagged},
		{"own pod behind two tags", A4, "192.0.2.1", AXO_DROP_MARTIAN, tagged_twice},
		{"own pod of IPv6", A6, "2001:db8::2", AXO_DROP_MARTIAN, NULL},
		{"own gateway", GW4, "192.0.2.1", AXO_DROP_MARTIAN, NULL},
		{"loopback", "127.0.0.1", "192.0.2.1", AXO_DROP_MARTIAN, NULL},
		{"to loopback", "203.0.113.1", "127.0.0.1", AXO_DROP_MARTIAN, NULL},
		{"loopback of IPv6", "::1", "2001:db8::2", AXO_DROP_MARTIAN, NULL},
		{"to loopback of IPv6", "2001:db8::2", "::1", AXO_DROP_MARTIAN, NULL},
		{"multicast", "224.0.0.1", "192.0.2.1", AXO_DROP_MARTIAN, NULL},
		{"multicast of IPv6", "ff02::1", "2001:db8::2", AXO_DROP_MARTIAN, NULL},
		{"broadcast", "255.255.255.255", "192.0.2.1", AXO_DROP_MARTIAN, NULL},
		{"this network", "0.1.2.3", "192.0.2.1", AXO_DROP_MARTIAN, NULL},
	};
	struct fixture *x = *state;
	struct axo_pf_count now[GROUPS];

	for (size_t i = 0; i < ROWS(rows); i++) {
		uint64_t was = rows[i].reason ? drops_of(x, rows[i].reason) : 0;
		struct frame f;

		print_message("%s\n", rows[i].name);
		udp(&f, rows[i].src, rows[i].dst);
		if (rows[i].spoil)
			rows[i].spoil(&f);
		assert_int_equal(edge(x, &f, now), rows[i].reason ? DROPS : PASSES);
		if (rows[i].reason)
			assert_int_equal(drops_of(x, rows[i].reason), was + 1);
	}
}

static int ring_read(void *ctx, void *data, size_t len)
{
	const struct axo_event_drop *e = data;
	unsigned int *seen = ctx;

	assert_int_equal(len, sizeof(*e));
	assert_int_equal(e->type, AXO_EVENT_DROP);
	assert_int_equal(e->reason, AXO_DROP_PREFILTER);
	assert_int_equal(e->family, 4);
	assert_int_equal(e->saddr.b[12], 203);
	(*seen)++;
	return 0;
}

static void events_are_a_sample(void **state)
{
	struct fixture *x = *state;
	struct axo_pf_count now[GROUPS];
	unsigned int seen = 0;
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(x->skel->maps.axo_events), ring_read, &seen, NULL);
	struct frame f;

	assert_non_null(ring);
	install_texts(x, (const char *[]){"203.0.0.0/8"}, 1);
	udp(&f, "203.0.113.1", "192.0.2.1");
	edge(x, &f, now);
	ring_buffer__consume(ring);
	assert_int_equal(seen, 0);
	events_listen(x, 1u << AXO_EVENT_DROP);
	for (int i = 0; i < 2000; i++) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f.b, .data_size_in = f.len,
			    .repeat = 1000);

		assert_int_equal(
			bpf_prog_test_run_opts(bpf_program__fd(x->skel->progs.xdp_edge), &opts), 0);
		ring_buffer__consume(ring);
		if (seen)
			break;
	}
	ring_buffer__consume(ring);
	assert_in_range(seen, 1, 500);
	ring_buffer__free(ring);
}

static int reset(void **state)
{
	struct fixture *x = *state;
	struct axo_pf_count now[GROUPS];
	struct axo_pf_header none = {0};
	uint32_t key = AXO_PF_ACTIVE;

	fixture_reset(state);
	bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_pf_head), &key, &none, BPF_ANY);
	assert_int_equal(pf_map_counts(bpf_map__fd(x->skel->maps.axo_pf_count), now, GROUPS), 0);
	for (int i = 0; i < GROUPS; i++)
		counted[i] = now[i].packets;
	return 0;
}

#define edge_test(f) cmocka_unit_test_setup(f, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		edge_test(an_empty_slot_denies_nothing),
		edge_test(longest_prefix_wins_and_groups_count),
		edge_test(what_the_program_finds_is_the_longest_prefix),
		edge_test(malformed_frames_and_martians_have_reasons),
		edge_test(events_are_a_sample),
	};

	return cmocka_run_group_tests(tests, fixture_group_setup, fixture_group_teardown);
}
