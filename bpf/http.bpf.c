// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * HTTP rules: packets of flows whose policies have some (AXO_FEATURE_HTTP).
 *
 *      1. What the receiver would read otherwise than the judge does not pass   l7_packet.h
 *      2. The server's SYN-ACK makes the connection's entry; one that is older
 *         than its rules is reset                                               http_flow.h
 *      3. What the client sends is put in order, read and judged                http_request.h
 *      4. What the server sends is watched                                      http_response.h
 *      5. A denied request is answered, or the connection reset                 http_answer.h
 */
#include "bpf/lib/http_request.h"
#include "bpf/lib/http_response.h"
#include "bpf/lib/pass.h"

static __always_inline int http_packet(struct __sk_buff *skb, struct packet *p, struct axo_flow *f)
{
	struct http_packet c = {.p = p, .f = f};
	int rc;

	if (p->key.proto != IPPROTO_TCP)
		return -AXO_DROP_L7_FORM;
	rc = l7_parse(skb, p, &c.s);
	if (rc)
		return rc;
	c.o.seq = c.s.seq;
	c.o.len = c.s.len;
	c.o.cut = skb->gso_size < c.s.len ? skb->gso_size : 0;
	c.o.fin = l7_has(p, TCP_FIN);
	c.h = bpf_map_lookup_elem(&axo_http_flow, &p->key);
	/* Nobody knows what passed in the time without rules. */
	if (c.h && c.h->watched)
		c.h = NULL;
	if (p->side == c.f->originator)
		return c.h ? http_client(skb, &c) : http_unknown(skb, p, c.f, &c.s);
	if (c.h)
		return http_server(skb, &c);
	if (l7_has(p, TCP_SYN) && l7_has(p, TCP_ACK))
		return http_open(p, &c.s);
	return http_unknown(skb, p, c.f, &c.s);
}

SEC("tc")
int http(struct __sk_buff *skb)
{
	struct tail_call *t = tail_get();
	struct axo_flow *f;
	int rc;

	if (!t)
		return TC_ACT_SHOT;
	f = flow_find(&t->p);
	rc = f ? http_packet(skb, &t->p, f) : -AXO_DROP_FEATURE;
	/* What `pass` would do, without finding the flow once more. */
	if (!rc)
		rc = t->p.features ? tail_next(skb, t) : flow_pass_features(skb, &t->p, f);
	if (axo_cfg.handover && rc == VERDICT_STACK)
		return TC_ACT_UNSPEC;
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
