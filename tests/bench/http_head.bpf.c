// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The HTTP reader alone: one request head behind 54 bytes of headers, to its verdict.  @nothing does
 * the same without reading it.  What BPF_PROG_TEST_RUN costs by itself is in both.
 */
#include "bpf/lib/l7_pool.h"

#define HEADERS 54

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_http_in);
} head_in SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_http_conn);
} head_conn SEC(".maps");

__u32 ingress_table = 0;

SEC("tc")
int nothing(struct __sk_buff *skb)
{
	return skb->len > HEADERS;
}

/* 2 = allowed */
SEC("tc")
int judge(struct __sk_buff *skb)
{
	__u32 zero = 0, n = skb->len - HEADERS;
	struct axo_http_in *in = bpf_map_lookup_elem(&head_in, &zero);
	struct axo_http_conn *c = bpf_map_lookup_elem(&head_conn, &zero);
	struct http_run r = {.pool = l7_pool()};
	__u32 tables[2] = {0, ingress_table};

	if (!in || !c || !r.pool || n - 1 >= AXO_HTTP_CHUNK)
		return 0;
	n = ((n - 1) & (AXO_HTTP_CHUNK - 1)) + 1;
	if (bpf_skb_load_bytes(skb, HEADERS, in->bytes, n))
		return 0;
	r.in = in->bytes;
	http_ready(&r, c, tables);
	c->pending = 0; /* nobody answers */
	return http_request(&r, c, 0, n) == AXO_HTTP_HEAD ? 2 - c->result.denied : 0;
}

/* The reader of responses comes with the headers; it has to be used. */
SEC("tc")
int answer(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct axo_http_in *in = bpf_map_lookup_elem(&head_in, &zero);
	struct axo_http_conn *c = bpf_map_lookup_elem(&head_conn, &zero);
	struct http_run r = {.pool = l7_pool()};

	if (!in || !c || !r.pool)
		return 0;
	r.in = in->bytes;
	return http_response(&r, c, 0, skb->len & (AXO_HTTP_CHUNK - 1));
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
