/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ICMP errors that pass through: they belong to the flow of the packet that they quote.
 *
 *      1. The quoted packet names a live flow; the error travels against it, so it must enter
 *         where the quoted packet's receiver sends from, and is delivered as its packets are.
 *      2. Its destination is the quoted packet's source.  Its own source is free: routers in the
 *         middle send errors too (what comes from a pod had its source checked before).
 *      3. Redirects (RFC 792, type 5) are refused: a pod has one gateway.
 *      4. It does not keep the flow alive and changes no state.
 *
 * What meets none of this is AXO_DROP_ICMP_UNRELATED.
 */
#ifndef BPF_LIB_RELATED_H
#define BPF_LIB_RELATED_H

#include "bpf/lib/parse.h"
#include "bpf/lib/slow.h"

/** related_parse - the key of the quoted packet, with the side turned: who sends the error */
static __noinline int related_parse(struct __sk_buff *skb, const struct packet *p,
				    struct packet *quoted)
{
	struct cursor c = {.off = p->l4_off + sizeof(struct icmp_header), .quoted = true};

	if (p->family == 4 && p->icmp_type == ICMP_REDIRECT)
		return -AXO_DROP_ICMP_UNRELATED;
	quoted->from = p->from;
	if (parse_l3(skb, quoted, &c, p->family == 6))
		return -AXO_DROP_ICMP_UNRELATED;
	if (quoted->kind != PACKET_PLAIN && quoted->kind != PACKET_FRAG_FIRST)
		return -AXO_DROP_ICMP_UNRELATED;
	if (!addr_equal(packet_dst(p), packet_src(quoted)))
		return -AXO_DROP_ICMP_UNRELATED;
	quoted->side ^= 1;
	quoted->generation = p->generation;
	return 0;
}

/** related_stale - the flow is of an older generation: judge a copy; the next packet stores it */
static __noinline int related_stale(struct __sk_buff *skb, struct packet *p, struct packet *quoted,
				    const struct axo_flow *found)
{
	struct axo_flow *f = flow_scratch();

	if (!f)
		return -AXO_DROP_MAP_FULL;
	*f = *found;
	if (judge_flow(quoted, f) || !flow_admits(skb, p, flow_side(f, quoted)))
		return -AXO_DROP_ICMP_UNRELATED;
	return deliver(skb, p, flow_side(f, quoted));
}

/** related_deliver - TC_ACT_REDIRECT or -AXO_DROP_x */
static __noinline int related_deliver(struct __sk_buff *skb, struct packet *p)
{
	struct packet quoted = {};
	struct axo_flow_side *s;
	struct axo_flow *f;
	int rc;

	rc = related_parse(skb, p, &quoted);
	if (rc)
		return rc;
	f = flow_find(&quoted);
	if (!f)
		return -AXO_DROP_ICMP_UNRELATED;
	s = flow_side(f, &quoted);
	if (!flow_admits(skb, p, s))
		return -AXO_DROP_ICMP_UNRELATED;
	if (!flow_is_current(f, s, p))
		return related_stale(skb, p, &quoted, f);
	rc = deliver(skb, p, s);
	if (rc > 0)
		flow_count(s, skb->len);
	return rc;
}

#endif
