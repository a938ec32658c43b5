// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What comes out of the delay line: tc ingress of its device.
 *
 * The packet was admitted when it went in.  What holds now decides whether it is delivered: a flow
 * that was cut meanwhile stays cut, and one that is no more (timed out, flushed, its pod replaced)
 * is judged as a new one from where its sender is.
 *
 * No ICMP error is sent for what is dropped here: its sender is not at this device.
 */
#include "bpf/lib/delay_note.h"
#include "bpf/lib/drop.h"
#include "bpf/lib/parse.h"
#include "bpf/lib/pass.h"
#include "bpf/lib/judge.h"

/** delay_restore - the packet as it was: MACs as the stack expects them, its own type */
static __always_inline int delay_restore(struct __sk_buff *skb, const struct axo_flow_side *s)
{
	__u8 macs[2 * ETH_ALEN];

	__builtin_memcpy(macs, mac_own(), ETH_ALEN);
	__builtin_memcpy(macs + ETH_ALEN, s->smac, ETH_ALEN);
	if (bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0) ||
	    (skb->pkt_type != PACKET_HOST && bpf_skb_change_type(skb, PACKET_HOST)))
		return -AXO_DROP_REDIRECT;
	return 0;
}

/** delay_from - where the packet entered before it was held */
static __always_inline enum packet_from delay_from(const struct axo_flow_side *s)
{
	if (s->ifindex_in == AXO_IFINDEX_NETWORK)
		return FROM_NETWORK;
	return s->ifindex_in == axo_cfg.ifindex_net ? FROM_HOST : FROM_POD;
}

/** delay_deliver_by - by a flow that is in force */
static __noinline int delay_deliver_by(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	struct axo_flow_side *s = flow_side(f, p);
	int rc;

	if (f->verdict != AXO_VERDICT_ALLOW || s->deliver == AXO_DELIVER_NONE)
		return -AXO_DROP_CHAOS_GONE;
	rc = delay_restore(skb, s);
	p->from = delay_from(s);
	return rc ? rc : flow_pass(skb, p, f);
}

/** delay_judge - the flow is unknown or of an older generation: judge a copy of it */
static __noinline int delay_judge(struct __sk_buff *skb, struct packet *p,
				  const struct axo_flow *found)
{
	struct axo_flow *f = flow_scratch();
	const struct axo_endpoint *from;
	struct axo_addr src = *packet_src(p);
	int rc;

	if (!f)
		return -AXO_DROP_MAP_FULL;
	if (found) {
		*f = *found;
	} else {
		__builtin_memset(f, 0, sizeof(*f));
		from = endpoint_of_address(&src);
		f->originator = p->side;
		flow_side(f, p)->ifindex_in = from ? from->ifindex : axo_cfg.ifindex_net;
	}
	rc = judge_flow(p, f);
	if (rc)
		return rc == -AXO_DROP_NO_ENDPOINT ? -AXO_DROP_CHAOS_GONE : rc;
	rc = delay_restore(skb, flow_side(f, p));
	p->from = delay_from(flow_side(f, p));
	return rc ? rc : deliver(skb, p, flow_side(f, p));
}

static __noinline int delay_deliver(struct __sk_buff *skb, struct packet *p,
				    const struct axo_delay_tag *tag)
{
	const struct axo_state *state;
	struct axo_flow *f;
	__u32 zero = 0;
	int rc;

	state = bpf_map_lookup_elem(&axo_state, &zero);
	p->generation = state ? *(volatile __u32 *)&state->generation : 0;
	rc = parse_frame(skb, p);
	if (rc)
		return rc;
	if (tag->flags & AXO_DELAY_FIRST && event_wanted(AXO_EVENT_CHAOS))
		delay_note_event(p, tag, bpf_ktime_get_ns());
	f = flow_find(p);
	if (f && flow_is_current(f, flow_side(f, p), p))
		return delay_deliver_by(skb, p, f);
	return delay_judge(skb, p, f);
}

SEC("tc")
int from_delay(struct __sk_buff *skb)
{
	struct axo_delay_tag tag;
	struct packet p = {};
	int rc;

	/* What the kernel itself sends out of the device comes back here, too. */
	if (bpf_skb_load_bytes(skb, 0, &tag, sizeof(tag)) || tag.mark != AXO_DELAY_MARK)
		return TC_ACT_SHOT;
	delay_note(&tag, bpf_ktime_get_ns());
	rc = delay_deliver(skb, &p, &tag);
	/* This is no pod's device: nobody stands behind. */
	if (axo_cfg.handover && rc == VERDICT_STACK)
		return bpf_redirect(axo_cfg.ifindex_net, 0);
	if (rc >= 0)
		return rc;
	drop_count(skb->len, -rc, AXO_DIR_INGRESS);
	if (event_wanted(AXO_EVENT_DROP))
		event_drop(skb, &p, -rc, AXO_DIR_INGRESS);
	return TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
