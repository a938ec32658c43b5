/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Judging a flow of the host itself (host.h): who of its ends the host is, by where the originator's
 * packets enter, and what the host's policy says of them.
 */
#ifndef BPF_LIB_HOST_JUDGE_H
#define BPF_LIB_HOST_JUDGE_H

#include "bpf/lib/judge.h"

/** host_enforced - the host, if a policy is in force for it; else NULL */
static __always_inline const struct axo_endpoint *host_enforced(void)
{
	const struct axo_endpoint *host;
	__u32 zero = 0;

	host = bpf_map_lookup_elem(&axo_host, &zero);
	return host && host->policy.id ? host : NULL;
}

/** host_forwards - it came in by a device, and goes out by another */
static __always_inline bool host_forwards(const struct __sk_buff *skb, const struct packet *p)
{
	return p->from == TO_NETWORK && skb->ingress_ifindex;
}

/** host_admits - did @p enter where packets of that side must? */
static __always_inline bool host_admits(const struct __sk_buff *skb, const struct packet *p,
					struct axo_flow *f)
{
	__u32 in = flow_side(f, p)->ifindex_in;

	if (p->from == FROM_NETWORK)
		return in == AXO_IFINDEX_NETWORK;
	if (in == AXO_IFINDEX_FORWARD)
		return host_forwards(skb, p);
	/* Published ports: what answers for the host is forwarded. */
	return in == AXO_IFINDEX_HOST && (p->side != f->originator || !host_forwards(skb, p));
}

/** host_judge - decide for the originator's packets, whichever side sent @p.  0 or -AXO_DROP_x */
VERIFIED_ONCE int host_judge(struct packet *p, struct axo_flow *f)
{
	const struct axo_endpoint *host = host_enforced();
	bool o, inbound, own; /* own: which end the host is */
	struct axo_addr peer;
	__u32 in, identity;
	int rc = 0;

	if (!p || !f || !host)
		return -AXO_DROP_BAD_HEADER;
	o = f->originator;
	in = o ? f->side[1].ifindex_in : f->side[0].ifindex_in;
	inbound = in == AXO_IFINDEX_NETWORK;
	own = inbound ? !o : o;
	peer = own ? p->key.addr[0] : p->key.addr[1];
	identity = identity_of_address(&peer);
	if (inbound && addr_is_pod(&peer, p->family))
		return -AXO_DROP_MARTIAN;
	f->identity[0] = own ? identity : AXO_ID_HOST;
	f->identity[1] = own ? AXO_ID_HOST : identity;
	f->side[0].deliver = AXO_DELIVER_HOST;
	f->side[1].deliver = AXO_DELIVER_HOST;
	if (own) {
		f->side[0].ifindex_in = AXO_IFINDEX_NETWORK;
		f->side[1].ifindex_in = inbound ? AXO_IFINDEX_HOST : in;
	} else {
		f->side[1].ifindex_in = AXO_IFINDEX_NETWORK;
		f->side[0].ifindex_in = inbound ? AXO_IFINDEX_HOST : in;
	}
	judge_forget(f);
	f->generation = p->generation;
	if (in != AXO_IFINDEX_FORWARD)
		rc = judge_by(p, f, host, inbound);
	if (!rc)
		f->verdict = AXO_VERDICT_ALLOW;
	return rc;
}

#endif
