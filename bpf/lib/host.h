/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Host policy: what the host itself sends and receives by its devices.
 *
 * It is asked at both hooks of a device, and only while a policy is in force for the host
 * (axo_host).  The packet goes on in any case or is dropped; nothing is changed or redirected.
 *
 *      1. Not IP, and frames with a VLAN tag, go on: ARP, and what belongs to another device.
 *      2. What is not for an address of the host (received), or is forwarded for others (sent), goes
 *         on.  So does multicast and broadcast.
 *      3. Neighbour discovery and DHCP clients go on.
 *      4. An ICMP error goes on if the host sends it, or if it quotes a packet of an allowed flow.
 *      5. A packet of an allowed flow goes on.
 *      6. What the host forwards with an address of its own (masqueraded, published) is no packet of
 *         the host's: it goes on, and makes a flow for its answers.
 *      7. Everything else is judged as for a pod: the originator's direction, once per generation.  In
 *         mid-stream the originator is the host if its sockets say so (host_socket.h), else the sender.
 *
 * The flows are in the flow table with all others.  Their keys are none of a pod's: one end is an
 * address of the host, and the other none of its own pods.
 */
#ifndef BPF_LIB_HOST_H
#define BPF_LIB_HOST_H

#include "bpf/lib/fast.h"
#include "bpf/lib/frag.h"
#include "bpf/lib/host_judge.h"
#include "bpf/lib/host_socket.h"
#include "bpf/lib/related.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP6_CLIENT_PORT 546
#define DHCP6_SERVER_PORT 547

static __always_inline bool host_has(const struct axo_addr *a)
{
	return identity_of_address(a) == AXO_ID_HOST;
}

static __always_inline bool host_is_group(const struct axo_addr *a, __u8 family)
{
	if (family == 4)
		return bpf_ntohl(addr_v4(a)) >> 28 == 0xe || addr_v4(a) == 0xffffffff;
	return a->b[0] == 0xff;
}

/** host_concerns - case 2 */
static __noinline bool host_concerns(const struct __sk_buff *skb, const struct packet *p)
{
	struct axo_addr a;

	if (p->from == FROM_NETWORK) {
		a = *packet_dst(p);
		return host_has(&a);
	}
	if (host_is_group(packet_dst(p), p->family))
		return false;
	a = *packet_src(p);
	return !host_forwards(skb, p) || (!addr_is_pod(&a, p->family) && host_has(&a));
}

/** host_is_dhcp - of a client, to or from its server */
static __always_inline bool host_is_dhcp(const struct packet *p)
{
	__be16 sport = p->side ? p->key.port[1] : p->key.port[0];
	__be16 dport = p->side ? p->key.port[0] : p->key.port[1];
	__be16 own = p->from == FROM_NETWORK ? dport : sport;
	__be16 other = p->from == FROM_NETWORK ? sport : dport;

	if (p->key.proto != IPPROTO_UDP || p->kind == PACKET_FRAG_LATER)
		return false;
	if (p->family == 4)
		return own == bpf_htons(DHCP_CLIENT_PORT) && other == bpf_htons(DHCP_SERVER_PORT);
	return own == bpf_htons(DHCP6_CLIENT_PORT) && other == bpf_htons(DHCP6_SERVER_PORT);
}

/** host_pass - count a packet of a current flow */
static __always_inline int host_pass(const struct __sk_buff *skb, struct packet *p,
				     struct axo_flow *f)
{
	struct axo_flow_side *s = flow_side(f, p);
	bool lru = p->found == FLOW_IN_LRU;
	bool retry = flow_touch(f) && lru && f->state == AXO_FLOW_ESTABLISHED;

	flow_count(s, skb->len);
	if (lru || (p->tcp_flags & ~s->tcp_flags))
		flow_track(p, f, retry);
	return VERDICT_STACK;
}

/** host_known - VERDICT_STACK: the flow is current and admits @p; else VERDICT_SLOW */
static __noinline int host_known(const struct __sk_buff *skb, struct packet *p)
{
	struct axo_flow *f = flow_find(p);

	if (!f || !flow_is_current(f, flow_side(f, p), p) || !host_admits(skb, p, f))
		return VERDICT_SLOW;
	return host_pass(skb, p, f);
}

/** host_refresh - the entry of @p admits it, and is of an older generation, or was cut */
static __noinline int host_refresh(struct packet *p, struct axo_flow *found, struct axo_flow *f)
{
	int rc;

	*f = *found;
	rc = host_judge(p, f);
	if (policy_denied(rc))
		flow_cut(p, found, f);
	return rc;
}

/** host_enters - what the originator's packets enter by */
static __always_inline __u32 host_enters(const struct __sk_buff *skb, const struct packet *p)
{
	if (p->from == FROM_NETWORK)
		return AXO_IFINDEX_NETWORK;
	return host_forwards(skb, p) ? AXO_IFINDEX_FORWARD : AXO_IFINDEX_HOST;
}

/** host_new - a flow that nobody knows: who began it, and where its packets enter */
static __noinline void host_new(struct __sk_buff *skb, const struct packet *p, struct axo_flow *f)
{
	bool answer = host_socket_began(skb, p);
	struct axo_flow_side *from;

	__builtin_memset(f, 0, sizeof(*f));
	f->originator = answer ? !p->side : p->side;
	f->created_s = flow_now_s();
	from = f->originator ? &f->side[1] : &f->side[0];
	from->ifindex_in = answer ? AXO_IFINDEX_HOST : host_enters(skb, p);
}

/** host_flow - cases 5 to 7, behind host_known() */
static __noinline int host_flow(struct __sk_buff *skb, struct packet *p)
{
	struct axo_flow *found, *f = flow_scratch();
	int rc;

	if (!f)
		return -AXO_DROP_MAP_FULL;
	found = flow_find(p);
	if (p->icmp_role == ICMP_ANSWERS && !(found && host_admits(skb, p, found))) {
		slow_unanswer(p);
		found = flow_find(p);
	}
	if (found && host_admits(skb, p, found)) {
		rc = host_refresh(p, found, f);
	} else {
		host_new(skb, p, f);
		rc = host_judge(p, f);
	}
	if (rc)
		return rc;
	flow_count_in(skb, p, f);
	return flow_store(p, f) ?: VERDICT_STACK;
}

/** host_error - case 4; where the host's ingress is free, so are errors */
static __noinline int host_error(struct __sk_buff *skb, struct packet *p,
				 const struct axo_endpoint *host)
{
	struct packet quoted = {};
	const struct axo_flow *f;

	if (p->from == TO_NETWORK ||
	    !(policy_flags(&host->policy, AXO_DIR_INGRESS) & AXO_POLICY_ENFORCED) ||
	    host->flags & AXO_ENDPOINT_AUDIT)
		return VERDICT_STACK;
	if (related_parse(skb, p, &quoted))
		return -AXO_DROP_ICMP_UNRELATED;
	f = flow_find(&quoted);
	return f && f->verdict == AXO_VERDICT_ALLOW ? VERDICT_STACK : -AXO_DROP_ICMP_UNRELATED;
}

static __noinline int host_slow(struct __sk_buff *skb, struct packet *p,
				const struct axo_endpoint *host)
{
	int rc = parse_frame(skb, p);

	if (!p->family || !host_concerns(skb, p))
		return VERDICT_STACK;
	if (rc)
		return rc;
	if (p->kind == PACKET_ND || host_is_dhcp(p))
		return VERDICT_STACK;
	if (p->kind == PACKET_ICMP_ERROR)
		return host_error(skb, p, host);
	if (p->kind != PACKET_PLAIN) {
		rc = frag_resolve(skb, p);
		if (rc)
			return rc;
	}
	rc = host_known(skb, p);
	return rc == VERDICT_SLOW ? host_flow(skb, p) : rc;
}

/** host_fast - a plain packet of a current flow.  A frame of its own: the entry point's is full (6.1) */
static __noinline bool host_fast(struct __sk_buff *skb, struct packet *p)
{
	return fast_parse(skb, p) && host_known(skb, p) == VERDICT_STACK;
}

/**
 * host_check - the whole of it; inlined, because programs nest at most eight functions
 * @p: written
 * Return: VERDICT_STACK: let it go on; -AXO_DROP_x
 */
static __always_inline int host_check(struct __sk_buff *skb, struct packet *p,
				      enum packet_from from)
{
	const struct axo_endpoint *host;
	const struct axo_state *state;
	__u32 zero = 0;

	/* Before all other lookups: include/axoneme/state.h. */
	state = bpf_map_lookup_elem(&axo_state, &zero);
	p->from = from;
	p->generation = state ? *(volatile __u32 *)&state->generation : 0;
	host = host_enforced();
	if (!host)
		return VERDICT_STACK;
	if (host_fast(skb, p))
		return VERDICT_STACK;
	packet_restart(p);
	return host_slow(skb, p, host);
}

#endif
