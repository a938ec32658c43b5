// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * serverNames: connections whose policies name TLS servers (AXO_FEATURE_SNI).
 *
 * The client's hello is read while it passes; a server has nothing to answer before it has all of
 * it.  If its name is in no table that holds for the flow, or there is none that can be read, both
 * ends are reset.  Behind the last hello the stream is free.
 */
#include "bpf/lib/name_stream.h"
#include "bpf/lib/sni_flow.h"

/** sni_table_allows - @which: enum axo_dir */
static __always_inline bool sni_table_allows(struct sni_flow *f, __u32 table)
{
	const struct axo_name_row *row;

	if (!table)
		return true;
	f->match.len = f->hello.len;
	row = name_match(&f->match, f->hello.name, table, NULL);
	return row && row->accept;
}

/** sni_read - stream_feed() */
VERIFIED_ONCE int sni_read(struct sni_flow *f, __u32 len)
{
	struct l7_scratch *room = l7_scratch_get();
	struct hello *h;
	int state = HELLO_MESSAGE;

	if (!f || !room || !(f->table[0] | f->table[1]))
		return -1;
	h = &f->hello;
	h->pos = 0;
	/* A chunk has the end of a second hello at most, and the beginning of what follows. */
	for (int i = 0; i < 3; i++) {
		state = hello_feed(h, room->bytes, len);
		if (state != HELLO_DONE)
			break;
		if (!sni_table_allows(f, f->table[0]) || !sni_table_allows(f, f->table[1]))
			return -1;
		hello_again(h);
	}
	if (state == HELLO_BAD || state == HELLO_DONE)
		return -1;
	if (state == HELLO_OPEN) {
		f->n.tcp.skip = ~0ull;
		return h->pos;
	}
	return len;
}

static __always_inline int stream_feed(struct name_flow *n, __u32 len)
{
	return sni_read((struct sni_flow *)n, len);
}

static __always_inline __u32 sni_table(__u32 set)
{
	const struct axo_feature_set *features;

	if (!set)
		return 0;
	features = bpf_map_lookup_elem(&axo_feature, &set);
	return features ? features->sni : 0;
}

/** sni_open - the server agrees to a connection: its entry, new unless the SYN-ACK is a repeat */
static __noinline int sni_open(const struct stream_packet *c)
{
	struct sni_flow *f;
	const void *zeros;
	__u32 zero = 0;

	if (c->n && stream_is_repeat(c->n, &c->s))
		return 0;
	zeros = bpf_map_lookup_elem(&axo_sni_zero, &zero);
	if (!zeros || bpf_map_update_elem(&axo_sni_flow, &c->p->key, zeros, BPF_ANY))
		return -AXO_DROP_L7_FULL;
	f = bpf_map_lookup_elem(&axo_sni_flow, &c->p->key);
	if (!f)
		return -AXO_DROP_L7_FULL;
	stream_start(&f->n, &c->s);
	f->table[0] = sni_table(c->f->set[0]);
	f->table[1] = sni_table(c->f->set[1]);
	return 0;
}

static __always_inline int sni_packet(struct __sk_buff *skb, struct packet *p)
{
	struct stream_packet c = {.p = p};
	int rc;

	c.f = flow_find(p);
	if (!c.f)
		return -AXO_DROP_FEATURE;
	if (p->key.proto != IPPROTO_TCP)
		return -AXO_DROP_L7_FORM;
	rc = stream_parse(skb, &c);
	if (rc)
		return rc;
	c.n = bpf_map_lookup_elem(&axo_sni_flow, &p->key);
	if (p->side == c.f->originator)
		return c.n ? stream_client(skb, &c) : stream_unknown(skb, &c);
	if (l7_has(p, TCP_SYN) && l7_has(p, TCP_ACK))
		return sni_open(&c);
	return c.n ? stream_server(skb, &c) : stream_unknown(skb, &c);
}

SEC("tc")
int sni(struct __sk_buff *skb)
{
	struct tail_call *t = tail_get();
	int rc;

	if (!t)
		return TC_ACT_SHOT;
	rc = sni_packet(skb, &t->p);
	if (!rc)
		rc = tail_next(skb, t);
	return rc < 0 ? drop(skb, &t->p, -rc) : rc;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
