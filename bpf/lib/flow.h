/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The flow table: finding, counting, states, and the move between its two maps
 * (include/axoneme/flow.h says what they are for).
 *
 * Accepted races, with their worst outcome:
 *      1. Two CPUs or a bit in tcp_flags: one forgets the other's flag; a FIN is noticed at its
 *         retransmission, or the flow times out as established.
 *      2. A flow closes on one CPU while another still promotes it: its key stays in axo_flow as
 *         established until it times out.  It is one entry too many; verdict and delivery are
 *         right.
 *      3. A copy is refreshed (new generation) while another CPU counts in the old value: those
 *         packets are missing from the counters.
 *      4. axo_flow_lru reuses memory without a grace period: a value may become another flow's
 *         between lookup and use, if the kernel evicts what was looked up nanoseconds ago
 *         (a lookup marks it as used).  One packet would be counted and delivered as the other
 *         flow's sender; if it was being promoted, until the generation changes.
 *      5. Two CPUs make the same new flow: the later write wins, one packet is not counted.
 *      6. A reset that the receiver's TCP ignores closes the entry all the same: the flow goes
 *         on through axo_flow_lru, and after 10 idle seconds it is judged as new.
 */
#ifndef BPF_LIB_FLOW_H
#define BPF_LIB_FLOW_H

#include "bpf/lib/count.h"
#include "bpf/lib/packet.h"
#include "bpf/lib/wire.h"

/** enum flow_map - where an entry was found (struct packet) */
enum flow_map {
	FLOW_NOWHERE = 0,
	FLOW_IN_HASH, /* axo_flow */
	FLOW_IN_LRU,  /* axo_flow_lru */
};

static __always_inline __u32 flow_now_s(void)
{
	return bpf_ktime_get_coarse_ns() / 1000000000;
}

/**
 * flow_tick - changes every 0.1 to 1.3 seconds, as the kernel's HZ is
 *
 * The verifier turns the helper into a load, while reading a clock is a call that costs the hot
 * path a quarter of its time.
 */
static __always_inline __u32 flow_tick(void)
{
	return bpf_jiffies64() >> 7;
}

/** flow_scratch - this CPU's room for one flow; programs do not nest on a CPU.  Never NULL */
static __always_inline struct axo_flow *flow_scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&axo_scratch, &zero);
}

/** flow_side - what the entry says of packets like this one */
static __always_inline struct axo_flow_side *flow_side(struct axo_flow *f, const struct packet *p)
{
	return p->side ? &f->side[1] : &f->side[0];
}

/** flow_admits - did @p enter where that side's packets must? */
static __always_inline bool flow_admits(struct __sk_buff *skb, const struct packet *p,
					const struct axo_flow_side *s)
{
	if (s->ifindex_in == AXO_IFINDEX_NETWORK)
		return p->from != FROM_POD;
	return s->ifindex_in == skb->ifindex && packet_has_smac(skb, s->smac);
}

/** flow_is_current - decided under the generation of @p, and for that side */
static __always_inline bool flow_is_current(const struct axo_flow *f, const struct axo_flow_side *s,
					    const struct packet *p)
{
	return f->generation == p->generation && s->deliver != AXO_DELIVER_NONE;
}

static __always_inline bool flow_is_dead(const struct axo_flow *f, const struct packet *p)
{
	/* A CPU whose coarse clock ticked late may be behind the entry: signed. */
	__s32 idle_s = flow_now_s() - f->seen_s;

	if (idle_s > (__s32)axo_flow_timeout_s(p->key.proto, f->state))
		return true;
	/* The port is used again. */
	return f->state == AXO_FLOW_CLOSING && p->key.proto == IPPROTO_TCP &&
	       (p->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/** flow_find - the live entry of @p->key, or NULL; sets @p->found also for a dead one */
static __noinline struct axo_flow *flow_find(struct packet *p)
{
	struct axo_flow *f = bpf_map_lookup_elem(&axo_flow, &p->key);

	p->found = FLOW_IN_HASH;
	/* Seen in this tick: no need to read a clock. */
	if (f && f->tick == flow_tick() && f->state == AXO_FLOW_ESTABLISHED)
		return f;
	if (!f) {
		f = bpf_map_lookup_elem(&axo_flow_lru, &p->key);
		p->found = f ? FLOW_IN_LRU : FLOW_NOWHERE;
	}
	return f && !flow_is_dead(f, p) ? f : NULL;
}

/** flow_next_state - after this packet, whose flags are in the entry already */
static __always_inline __u8 flow_next_state(const struct axo_flow *f, const struct packet *p)
{
	bool reply = p->side != f->originator;

	if (p->key.proto != IPPROTO_TCP)
		return reply ? AXO_FLOW_ESTABLISHED : f->state;
	if ((p->tcp_flags & TCP_RST) || (f->side[0].tcp_flags & f->side[1].tcp_flags & TCP_FIN))
		return AXO_FLOW_CLOSING;
	if (f->state == AXO_FLOW_NEW && reply)
		return AXO_FLOW_REPLIED;
	if (f->state == AXO_FLOW_REPLIED && !reply && (p->tcp_flags & TCP_ACK))
		return AXO_FLOW_ESTABLISHED;
	return f->state;
}

/** flow_move - into the map that its state asks for, if it is not there */
static __noinline void flow_move(struct packet *p, struct axo_flow *f)
{
	if (p->found == FLOW_IN_LRU && f->state == AXO_FLOW_ESTABLISHED) {
		if (bpf_map_update_elem(&axo_flow, &p->key, f, BPF_ANY))
			count_add(AXO_COUNT_FLOW_FULL);
		else
			bpf_map_delete_elem(&axo_flow_lru, &p->key);
	}
	if (p->found == FLOW_IN_HASH && f->state != AXO_FLOW_ESTABLISHED) {
		if (!bpf_map_update_elem(&axo_flow_lru, &p->key, f, BPF_ANY))
			bpf_map_delete_elem(&axo_flow, &p->key);
	}
}

/** flow_track - a packet passed that may change the state */
static __noinline void flow_track(struct packet *p, struct axo_flow *f, bool retry)
{
	struct axo_flow_side *s = flow_side(f, p);
	__u8 next;

	s->tcp_flags |= p->tcp_flags;
	next = flow_next_state(f, p);
	if (next == f->state && !retry)
		return;
	f->state = next;
	flow_move(p, f);
}

/** flow_touch - note the time, once a tick; dead or alive was asked before */
static __always_inline bool flow_touch(struct axo_flow *f)
{
	__u32 tick = flow_tick();

	if (f->tick == tick)
		return false;
	f->tick = tick;
	f->seen_s = flow_now_s();
	return true;
}

static __always_inline void flow_count(struct axo_flow_side *s, __u32 len)
{
	__sync_fetch_and_add(&s->packets, 1);
	__sync_fetch_and_add(&s->bytes, len);
}

/** flow_count_in - the packet passed; @f is a copy that is not yet stored */
static __always_inline void flow_count_in(struct __sk_buff *skb, const struct packet *p,
					  struct axo_flow *f)
{
	struct axo_flow_side *s = flow_side(f, p);

	s->packets++;
	s->bytes += skb->len;
	s->tcp_flags |= p->tcp_flags;
	f->state = flow_next_state(f, p);
}

/** flow_store - write a decided flow.  0 or -AXO_DROP_MAP_FULL */
static __noinline int flow_store(struct packet *p, struct axo_flow *f)
{
	f->seen_s = flow_now_s();
	f->tick = flow_tick();
	if (f->state == AXO_FLOW_ESTABLISHED) {
		if (!bpf_map_update_elem(&axo_flow, &p->key, f, BPF_ANY)) {
			if (p->found == FLOW_IN_LRU)
				bpf_map_delete_elem(&axo_flow_lru, &p->key);
			return 0;
		}
		count_add(AXO_COUNT_FLOW_FULL);
	}
	if (bpf_map_update_elem(&axo_flow_lru, &p->key, f, BPF_ANY))
		return -AXO_DROP_MAP_FULL;
	if (p->found == FLOW_IN_HASH)
		bpf_map_delete_elem(&axo_flow, &p->key);
	return 0;
}

/**
 * flow_cut - a flow that was allowed is denied now: its entry stays, and says so
 * @found: the entry
 * @f:     a copy of it, judged
 *
 * With no side to deliver to, every packet of it comes to be judged again.  If there is no memory
 * for the new value, the old one does the same by its generation.
 */
static __noinline void flow_cut(struct packet *p, struct axo_flow *found, struct axo_flow *f)
{
	if (found->verdict == AXO_VERDICT_DENY && found->generation == p->generation) {
		flow_touch(found);
		return;
	}
	f->verdict = AXO_VERDICT_DENY;
	f->side[0].deliver = AXO_DELIVER_NONE;
	f->side[1].deliver = AXO_DELIVER_NONE;
	f->tick = 0;
	flow_touch(f);
	if (p->found == FLOW_IN_HASH)
		bpf_map_update_elem(&axo_flow, &p->key, f, BPF_EXIST);
	else
		bpf_map_update_elem(&axo_flow_lru, &p->key, f, BPF_EXIST);
}

#endif
