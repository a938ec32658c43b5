// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Requests told apart for chaos rules with filters, where no HTTP rules are in force
 * (AXO_FEATURE_WATCH without AXO_FEATURE_HTTP): http_watch.h says how.  Everything passes, but what
 * belongs to a connection that a fault has answered.
 */
#include "bpf/lib/http_watch.h"

static __always_inline int watch_packet(struct __sk_buff *skb, struct packet *p)
{
	struct http_packet c = {.p = p};
	bool client;

	c.f = flow_find(p);
	if (!c.f || p->key.proto != IPPROTO_TCP || l7_parse(skb, p, &c.s))
		return 0;
	c.o.fin = l7_has(p, TCP_FIN);
	c.h = bpf_map_lookup_elem(&axo_http_flow, &p->key);
	client = p->side == c.f->originator;
	if (l7_has(p, TCP_SYN)) {
		watch_syn(&c);
		return 0;
	}
	if (c.h && c.h->mode == AXO_HTTP_FLOW_ANSWERED)
		return client ? http_client_end(skb, &c) : l7_reset_back(skb, p, c.f, &c.s);
	if (!l7_has(p, TCP_RST) && (c.s.len || c.o.fin))
		watch_data(skb, &c);
	return 0;
}

SEC("tc")
int watch(struct __sk_buff *skb)
{
	struct tail_call *t = tail_get();
	int rc;

	if (!t)
		return TC_ACT_SHOT;
	rc = watch_packet(skb, &t->p);
	if (!rc)
		rc = tail_next(skb, t);
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
