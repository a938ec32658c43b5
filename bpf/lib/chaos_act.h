/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Acting: what a fault does to a packet.  Each function returns 0: the packet goes on, -AXO_DROP_x,
 * or the TC action that ended its way.
 */
#ifndef BPF_LIB_CHAOS_ACT_H
#define BPF_LIB_CHAOS_ACT_H

#include "bpf/lib/chaos_decide.h"
#include "bpf/lib/delay_line.h"
#include "bpf/lib/flow.h"
#include "bpf/lib/reset.h"

/*
 * The line is late by up to this: whoever comes within it still goes through the line, or it would
 * overtake what is about to leave.
 */
#define CHAOS_SLACK_NS 2000000ull

/* What waits for its turn in a rate beyond this is dropped, as a router's queue would. */
#define CHAOS_RATE_QUEUE_NS 1000000000ull

#define NS_PER_SEC 1000000000ull

static __always_inline bool chaos_chance(const struct axo_chaos *c,
					 const struct axo_chaos_choice *choice, __u32 purpose,
					 __u32 part, __u32 share)
{
	return share &&
	       axo_chaos_uniform(axo_chaos_bits(c->key, choice->ordinal, purpose, part)) < share;
}

/**
 * chaos_spoil - the receiver must see that the packet is damaged, not take it for good data
 *
 * Where the checksum is still to be computed, a flipped bit would be summed up with the others, or
 * never be checked between pods: so the header is made impossible: a TCP header of one word, a UDP
 * datagram longer than its packet.  Elsewhere a bit of the payload flips, and whatever vouched for
 * the checksum no longer does.
 */
static __noinline int chaos_spoil(struct __sk_buff *skb, const struct packet *p,
				  const struct chaos_room *r, __u64 bits)
{
	bool tcp = p->key.proto == IPPROTO_TCP;
	__u32 off = p->l4_off + (tcp ? TCP_CHECK_OFF : 6), zero = 0;
	__u16 check, bad = tcp ? bpf_htons(0x1010) : 0xffff;
	__u8 byte;

	if (bpf_skb_load_bytes(skb, off, &check, sizeof(check)) ||
	    bpf_skb_store_bytes(skb, off, &zero, sizeof(check), 0))
		return -AXO_DROP_REDIRECT;
	if (csum_is_partial(skb, off)) {
		if (bpf_skb_store_bytes(skb, off, &check, sizeof(check), 0) ||
		    bpf_skb_store_bytes(skb, p->l4_off + (tcp ? 12 : 4), &bad, sizeof(bad), 0))
			return -AXO_DROP_REDIRECT;
		return 0;
	}
	if (bpf_skb_store_bytes(skb, off, &check, sizeof(check), 0))
		return -AXO_DROP_REDIRECT;
	off = r->payload + (__u32)(bits >> 32) % (r->seg.len ? r->seg.len : 1);
	if (bpf_skb_load_bytes(skb, off, &byte, sizeof(byte)))
		return -AXO_DROP_REDIRECT;
	byte ^= 1 << (bits & 7);
	if (bpf_skb_store_bytes(skb, off, &byte, sizeof(byte), BPF_F_RECOMPUTE_CSUM))
		return -AXO_DROP_REDIRECT;
	bpf_csum_level(skb, BPF_CSUM_LEVEL_RESET);
	return 0;
}

/** chaos_damage - loss and corruption of one packet of the request */
static __noinline int chaos_damage(struct __sk_buff *skb, const struct packet *p,
				   struct chaos_room *r, __u32 part)
{
	const struct axo_chaos_choice *choice = &r->choice;
	const struct axo_chaos *c = chaos_get(choice->experiment);
	const struct axo_chaos_rule *rule;
	__u64 bits;
	int rc;

	if (!c)
		return 0;
	rule = &c->rules[choice->rule & (AXO_CHAOS_RULES - 1)];
	if (chaos_chance(c, choice, AXO_CHAOS_FOR_LOSS, part, rule->loss)) {
		chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_LOST);
		chaos_event(r, choice, AXO_CHAOS_LOSS, 1, 0);
		return -AXO_DROP_CHAOS;
	}
	if (!chaos_chance(c, choice, AXO_CHAOS_FOR_CORRUPT, part, rule->corrupt))
		return 0;
	bits = axo_chaos_bits(c->key, choice->ordinal, AXO_CHAOS_FOR_BIT, part);
	rc = chaos_spoil(skb, p, r, bits);
	if (rc)
		return rc;
	chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_CORRUPTED);
	chaos_event(r, choice, AXO_CHAOS_CORRUPT, 1, 0);
	return 0;
}

/** chaos_duplicate - a copy goes now, the way the packet goes */
static __noinline void chaos_duplicate(struct __sk_buff *skb, const struct axo_flow_side *s,
				       struct chaos_room *r, __u32 part)
{
	const struct axo_chaos_choice *choice = &r->choice;
	const struct axo_chaos *c = chaos_get(choice->experiment);
	const struct axo_chaos_rule *rule;

	if (!c)
		return;
	rule = &c->rules[choice->rule & (AXO_CHAOS_RULES - 1)];
	if (!chaos_chance(c, choice, AXO_CHAOS_FOR_DUPLICATE, part, rule->duplicate))
		return;
	if (r->depart_ns) {
		__u32 ifindex = delay_line_device(skb);

		if (!ifindex || delay_line_tag(skb, r, choice->experiment, choice->rule) ||
		    bpf_clone_redirect(skb, ifindex, 0))
			return;
		delay_line_count(choice->experiment, 1);
	} else if (copy_deliver(skb, s)) {
		return;
	}
	chaos_count(choice->experiment, choice->rule, AXO_CHAOS_COUNT_DUPLICATED);
	chaos_event(r, choice, AXO_CHAOS_DUPLICATE, 1, 0);
}

/** chaos_rate_ns - how long the packet occupies the link of the rule; 0 = no rate */
static __noinline __u64 chaos_rate_ns(const struct chaos_room *r, __u32 len)
{
	const struct axo_chaos *c = chaos_get(r->choice.experiment);
	const struct axo_chaos_rule *rule;

	if (!c)
		return 0;
	rule = &c->rules[r->choice.rule & (AXO_CHAOS_RULES - 1)];
	if (!(rule->actions & AXO_CHAOS_RATE) || !rule->rate_bytes_s)
		return 0;
	return (__u64)len * NS_PER_SEC / rule->rate_bytes_s;
}

/** chaos_is_held - has the line what this end sent, and is the experiment that holds it in force? */
static __always_inline bool chaos_is_held(struct __sk_buff *skb, const struct axo_chaos_hold *h,
					  __u64 now_ns)
{
	return h->experiment && now_ns < h->release_ns + CHAOS_SLACK_NS &&
	       chaos_get(h->experiment) && delay_line_device(skb);
}

/** chaos_reset_both - the request ends the connection */
static __noinline int chaos_reset_both(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				       const struct chaos_room *r)
{
	struct reset to_server = {.seq = r->seg.seq, .ack = r->ack};
	struct reset to_client = {.seq = r->ack, .ack = turn_next_seq(&r->seg), .back = true};
	struct frame_macs macs;

	if (frame_load_macs(skb, &macs) || reset_write(skb, p, &to_server))
		return -AXO_DROP_CHAOS;
	/* If the copy fails, the server learns of it when it sends. */
	copy_deliver(skb, flow_side(f, p));
	if (reset_write(skb, p, &to_client))
		return -AXO_DROP_CHAOS;
	p->tcp_flags |= TCP_RST;
	flow_track(p, f, false);
	return reset_back(skb, &macs);
}

/** chaos_refuse - the connection is answered as if nobody listened */
static __noinline int chaos_refuse(struct __sk_buff *skb, struct packet *p, struct axo_flow *f,
				   const struct chaos_room *r)
{
	struct reset to_client = {.ack = turn_next_seq(&r->seg), .back = true};
	struct frame_macs macs;

	if (frame_load_macs(skb, &macs) || reset_write(skb, p, &to_client))
		return -AXO_DROP_CHAOS;
	p->tcp_flags |= TCP_RST;
	flow_track(p, f, false);
	return reset_back(skb, &macs);
}

#endif
