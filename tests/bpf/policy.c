// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Policies in the fixture's maps; see policy.h. */
#include "tests/bpf/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

void entry_set(struct fixture *x, uint32_t id, enum axo_dir dir, const struct entry *e)
{
	entry_set_features(x, id, dir, e, 0);
}

void entry_set_features(struct fixture *x, uint32_t id, enum axo_dir dir, const struct entry *e,
			uint32_t features_set)
{
	struct axo_pol_key key = {
		.prefixlen = e->bits,
		.policy = htonl(id),
		.class_ = htonl(e->class_),
		.dir = dir,
		.proto = e->proto,
		.port = htons(e->port),
	};
	struct axo_pol_entry value = {
		.rule = e->rule,
		.verdict = e->verdict,
		.features = features_set >> 16,
		.set = features_set & 0xffff,
	};

	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_pol_entry), &key, &value, 0), 0);
}

void peer_set(struct fixture *x, uint32_t id, enum axo_dir dir, uint32_t identity, uint32_t class_)
{
	struct axo_pol_peer_key key = {.policy = id, .identity = identity};
	struct axo_pol_peer value = {};

	value.class_[dir] = class_;
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_pol_peer), &key, &value, 0), 0);
}

void policy_set(struct fixture *x, enum pod pod, const struct axo_policy_ref *ref)
{
	struct axo_endpoint ep = endpoint_default(x, pod);

	ep.policy = *ref;
	endpoint_set(x, pod, &ep);
}

struct axo_policy_ref policy_enforced(uint32_t id, enum axo_dir dir)
{
	struct axo_policy_ref ref = {.id = id};

	ref.flags[dir] = AXO_POLICY_ENFORCED | AXO_POLICY_ANYBODY;
	return ref;
}

uint64_t hits_of(struct fixture *x, uint32_t id, uint32_t rule, enum axo_dir dir)
{
	struct axo_pol_hits_key key = {.policy = id, .rule = rule, .dir = dir};
	struct axo_pol_hits hits = {};

	bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_pol_hits), &key, &hits);
	return hits.judged;
}

static int hear(void *arg, void *data, size_t size)
{
	struct heard *h = arg;

	if (*(uint8_t *)data == AXO_EVENT_DROP) {
		assert_int_equal(size, sizeof(h->drop));
		memcpy(&h->drop, data, size);
		h->drops++;
	} else {
		assert_int_equal(*(uint8_t *)data, AXO_EVENT_VERDICT);
		assert_int_equal(size, sizeof(h->verdict));
		memcpy(&h->verdict, data, size);
		h->verdicts++;
	}
	return 0;
}

struct heard hear_all(struct fixture *x)
{
	struct heard h = {};
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(x->skel->maps.axo_events), hear, &h, NULL);

	assert_non_null(ring);
	assert_true(ring_buffer__consume(ring) >= 0);
	ring_buffer__free(ring);
	return h;
}

void frame_to(struct frame *f, const char *smac, const char *src, const char *dst, uint8_t proto,
	      uint16_t sport, uint16_t dport)
{
	frame_eth(f, GW_MAC, smac, 0);
	frame_ip(f, src, dst);
	if (proto == IPPROTO_TCP)
		frame_tcp(f, sport, dport, 0x10);
	else if (proto == IPPROTO_UDP)
		frame_udp(f, sport, dport);
	else if (proto == IPPROTO_SCTP)
		frame_sctp(f, sport, dport);
	else if (proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6)
		frame_icmp(f, dport, 0, (uint32_t)sport << 16 | 1);
	else
		frame_proto(f, proto);
	frame_payload(f, "payload.", 8);
	frame_finish(f);
}

void frame_between(struct frame *f, bool reply, uint8_t flags)
{
	frame_eth(f, GW_MAC, reply ? B_MAC : A_MAC, 0);
	frame_ip(f, reply ? B4 : A4, reply ? A4 : B4);
	frame_tcp(f, reply ? 80 : 4000, reply ? 4000 : 80, flags);
	frame_finish(f);
}

struct outcome send_between(struct fixture *x, bool reply, uint8_t flags)
{
	struct frame f;

	frame_between(&f, reply, flags);
	return from_pod(x, reply ? POD_B : POD_A, &f);
}
