/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Delivery: the packet gets its headers and leaves, as a flow's side says (flow.h).
 *
 *   AXO_DELIVER_POD    to the peer of the receiver's host-side device, without a queue in between.
 *                      From a pod or from the network this is one routed hop.
 *   AXO_DELIVER_STACK  the host receives it on axo_host.  The frame is addressed to the gateway's MAC
 *                      already.  From a pod by the filter behind from_pod, which takes no queue; where
 *                      there is none, and from elsewhere, out of axo_net.  (bpf_redirect_peer() refuses
 *                      a peer in the same network namespace: net/core/filter.c, skb_do_redirect.)
 *   AXO_DELIVER_NETWORK  as the host's routing tables say (route.h); what they leave to the stack
 *                      goes there.
 *
 * A device that vanishes between the decision and the kernel's redirect loses the packet
 * uncounted; the agent removes the endpoint before the device, so the window is one packet long.
 */
#ifndef BPF_LIB_DELIVER_H
#define BPF_LIB_DELIVER_H

#include "bpf/lib/frame.h"
#include "bpf/lib/route.h"

/**
 * deliver_fits - does the packet fit @mtu?  0 = do not check.  If not, @p->mtu says it
 *
 * What counts of a super-packet is the size of its segments.  Those of SCTP are not in sight:
 * they are as long as the sender's association made them, and pass.
 */
static __always_inline bool deliver_fits(struct __sk_buff *skb, struct packet *p, __u16 mtu)
{
	__u32 gso_size;

	if (!mtu || skb->len <= mtu + ETH_HLEN)
		return true;
	gso_size = skb->gso_size;
	if (gso_size &&
	    (gso_size == GSO_BY_FRAGS || p->l4_off - ETH_HLEN + p->l4_len + gso_size <= mtu))
		return true;
	p->mtu = mtu;
	return false;
}

static __always_inline int deliver_pod(struct __sk_buff *skb, struct packet *p,
				       const struct axo_flow_side *s)
{
	int rc;

	if (!deliver_fits(skb, p, s->mtu))
		return -AXO_DROP_MTU;
	rc = frame_forward(skb, p, s->dmac, mac_own());
	return rc ? rc : bpf_redirect_peer(s->ifindex_out, 0);
}

/** deliver - TC_ACT_REDIRECT, VERDICT_STACK or -AXO_DROP_x; changes nothing when it refuses */
static __always_inline int deliver(struct __sk_buff *skb, struct packet *p,
				   const struct axo_flow_side *s)
{
	int rc;

	if (s->deliver == AXO_DELIVER_POD)
		return deliver_pod(skb, p, s);
	if (axo_cfg.native && s->deliver == AXO_DELIVER_NETWORK) {
		rc = route_deliver(skb, p);
		if (rc != VERDICT_STACK)
			return rc;
	}
	/* veth would drop it without a word (net/core/dev.c, ____dev_forward_skb). */
	if (!deliver_fits(skb, p, axo_cfg.mtu))
		return -AXO_DROP_MTU;
	if (axo_cfg.handover && p->from == FROM_POD)
		return VERDICT_STACK;
	return bpf_redirect(axo_cfg.ifindex_net, 0);
}

#endif
