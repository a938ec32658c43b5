// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Flows with DNS rules: queries are judged by their name, answers teach addresses (toFQDNs).
 *
 * Rules on names are of the sender's egress policy; the flow's originator is the client, a pod of
 * this host.
 */
#include "bpf/lib/dns_tcp.h"
#include "bpf/lib/dns_udp.h"
#include "bpf/lib/drop.h"
#include "bpf/lib/endpoint.h"
#include "bpf/lib/tail.h"

/** dns_start - what the flow says; 0 or -AXO_DROP_x */
static __noinline int dns_start(struct packet *p, struct dns_state *s)
{
	const struct axo_feature_set *set;
	const struct axo_endpoint *ep;
	struct axo_flow *f = flow_find(p);
	__u32 number;

	if (!f)
		return -AXO_DROP_FEATURE;
	number = f->set[AXO_DIR_EGRESS];
	set = bpf_map_lookup_elem(&axo_feature, &number);
	ep = endpoint_of_device(f->originator ? f->side[1].ifindex_in : f->side[0].ifindex_in);
	if (!set || !ep)
		return -AXO_DROP_FEATURE;
	s->table = set->dns;
	s->endpoint = ep->id;
	s->mac = axo_fqdn_mac(ep->mac);
	s->client = p->side == f->originator;
	return 0;
}

/** dns_packet - 0: it goes on; else a TC action or -AXO_DROP_x */
static __always_inline int dns_packet(struct __sk_buff *skb, struct packet *p, struct dns_state *s)
{
	int rc = dns_start(p, s);

	if (rc)
		return rc;
	if (p->key.proto == IPPROTO_TCP)
		return dns_tcp(skb, p, s);
	if (p->key.proto != IPPROTO_UDP)
		return -AXO_DROP_DNS_MALFORMED;
	return s->client ? dns_udp_query(skb, p, s) : dns_udp_answer(skb, p, s);
}

SEC("tc")
int dns(struct __sk_buff *skb)
{
	struct dns_state *s = dns_state_get();
	struct tail_call *t = tail_get();
	int rc;

	if (!t || !s)
		return TC_ACT_SHOT;
	rc = dns_packet(skb, &t->p, s);
	if (!rc)
		rc = tail_next(skb, t);
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
