// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Drop events: only while somebody listens, and with everything that is known of the packet. */
#include <arpa/inet.h>
#include <string.h>

#include "tests/bpf/fixture.h"

/** struct heard - the events that came; @last is the newest */
struct heard {
	int count;
	struct axo_event_drop last;
};

static int hear(void *arg, void *data, size_t size)
{
	struct heard *h = arg;

	assert_int_equal(size, sizeof(h->last));
	h->count++;
	memcpy(&h->last, data, size);
	return 0;
}

static struct heard listen_to(struct fixture *x)
{
	struct heard h = {};
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(x->skel->maps.axo_events), hear, &h, NULL);

	assert_non_null(ring);
	assert_true(ring_buffer__consume(ring) >= 0);
	ring_buffer__free(ring);
	return h;
}

static void udp(struct frame *f, const char *smac, const char *src, const char *dst)
{
	frame_eth(f, GW_MAC, smac, 0);
	frame_ip(f, src, dst);
	frame_udp(f, 4000, 53);
	frame_finish(f);
}

static void nobody_listens_and_nothing_is_sent(void **state)
{
	struct fixture *x = *state;
	struct frame f;

	udp(&f, B_MAC, A4, B4);
	assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
	assert_int_equal(listen_to(x).count, 0);
}

static void event_says_who_and_why(void **state)
{
	struct fixture *x = *state;

	events_listen(x, 1 << AXO_EVENT_DROP);
	for (int v6 = 0; v6 < 2; v6++) {
		struct axo_addr src = text_addr(v6 ? A6 : A4), dst = text_addr(v6 ? B6 : B4);
		struct axo_event_drop *e;
		struct heard h;
		struct frame f;

		udp(&f, A_MAC, v6 ? A6 : A4, v6 ? B6 : B4);
		*frame_ttl(&f) = 1;
		frame_finish(&f);
		assert_drop(from_pod(x, POD_A, &f), TTL_EXCEEDED, EGRESS);
		h = listen_to(x);
		e = &h.last;
		assert_int_equal(h.count, 1);
		assert_int_equal(e->type, AXO_EVENT_DROP);
		assert_int_equal(e->reason, AXO_DROP_TTL_EXCEEDED);
		assert_int_equal(e->dir, AXO_DIR_EGRESS);
		assert_int_equal(e->proto, IPPROTO_UDP);
		assert_int_equal(e->ifindex, x->ifindex_pod[POD_A]);
		assert_int_equal(e->endpoint, 10);
		assert_int_equal(e->len, f.len);
		assert_int_equal(e->ethertype, v6 ? ETH_P_IPV6 : ETH_P_IP);
		assert_int_equal(e->family, v6 ? 6 : 4);
		assert_memory_equal(&e->saddr, &src, sizeof(src));
		assert_memory_equal(&e->daddr, &dst, sizeof(dst));
		assert_int_equal(ntohs(e->sport), 4000);
		assert_int_equal(ntohs(e->dport), 53);
		assert_int_equal(e->src_identity, A_IDENTITY);
		assert_int_equal(e->dst_identity, B_IDENTITY);
		assert_true(e->time_ns > 0);
	}
}

static void event_from_host_names_the_receiving_pod(void **state)
{
	struct fixture *x = *state;
	struct heard h;
	struct frame f;

	events_listen(x, 1 << AXO_EVENT_DROP);
	udp(&f, GW_MAC, WORLD4, B4);
	frame_payload(&f, NULL, POD_MTU);
	frame_finish(&f);
	assert_drop(from_host(x, &f), MTU, INGRESS);
	h = listen_to(x);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.last.dir, AXO_DIR_INGRESS);
	assert_int_equal(h.last.endpoint, 11);
	assert_int_equal(h.last.src_identity, AXO_ID_WORLD_IPV4);
	assert_int_equal(h.last.dst_identity, B_IDENTITY);
}

static void event_of_what_is_not_ip_has_no_addresses(void **state)
{
	struct fixture *x = *state;
	struct heard h;
	struct frame f;

	events_listen(x, 1 << AXO_EVENT_DROP);
	frame_eth(&f, GW_MAC, A_MAC, 0x88cc);
	frame_payload(&f, NULL, 50);
	assert_drop(from_pod(x, POD_A, &f), ETHERTYPE, EGRESS);
	h = listen_to(x);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.last.family, 0);
	assert_int_equal(h.last.ethertype, 0x88cc);
	assert_int_equal(h.last.src_identity, 0);
	assert_int_equal(h.last.endpoint, 10);
}

static void full_ring_loses_events_but_no_counts(void **state)
{
	const int many = 2 * 1048576 / (int)sizeof(struct axo_event_drop);
	struct fixture *x = *state;
	uint64_t lost = count_read(x, AXO_COUNT_EVENT_LOST);
	struct frame f;
	int heard;

	events_listen(x, 1 << AXO_EVENT_DROP);
	udp(&f, B_MAC, A4, B4);
	for (int i = 0; i < many; i++)
		assert_drop(from_pod(x, POD_A, &f), SPOOFED_MAC, EGRESS);
	heard = listen_to(x).count;
	assert_int_equal(heard + count_read(x, AXO_COUNT_EVENT_LOST) - lost, many);
	assert_in_range(heard, 1, many - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nobody_listens_and_nothing_is_sent),
		fixture_test(event_says_who_and_why),
		fixture_test(event_from_host_names_the_receiving_pod),
		fixture_test(event_of_what_is_not_ip_has_no_addresses),
		fixture_test(full_ring_loses_events_but_no_counts),
	};

	return cmocka_run_group_tests_name("event", tests, fixture_group_setup,
					   fixture_group_teardown);
}
