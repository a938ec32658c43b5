/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Telling of HTTP requests: include/axoneme/event_l7.h. */
#ifndef BPF_LIB_HTTP_EVENT_H
#define BPF_LIB_HTTP_EVENT_H

#include "axoneme/event_l7.h"
#include "bpf/lib/http_flow.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_http_sums);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_http_sums SEC(".maps") __weak;

static __always_inline struct axo_http_sums *http_sums(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&axo_http_sums, &zero);
}

/** http_event_ends - the client's side first */
static __always_inline void http_event_ends(struct axo_event_l7 *e, const struct http_packet *c)
{
	const struct axo_flow_key *k = &c->p->key;
	bool o = c->f->originator;

	e->family = c->p->family;
	e->saddr = o ? k->addr[1] : k->addr[0];
	e->daddr = o ? k->addr[0] : k->addr[1];
	e->sport = o ? k->port[1] : k->port[0];
	e->dport = o ? k->port[0] : k->port[1];
	e->src_identity = o ? c->f->identity[1] : c->f->identity[0];
	e->dst_identity = o ? c->f->identity[0] : c->f->identity[1];
	e->rule[0] = c->f->rule[0];
	e->rule[1] = c->f->rule[1];
	e->set[0] = c->f->set[0];
	e->set[1] = c->f->set[1];
}

/** http_event_new - all but verdict and times; NULL = nobody listens, or the ring is full */
static __always_inline struct axo_event_l7 *http_event_new(const struct http_packet *c)
{
	struct axo_event_l7 *e;

	if (!event_wanted(AXO_EVENT_L7))
		return NULL;
	e = bpf_ringbuf_reserve(&axo_events, sizeof(*e), 0);
	if (!e) {
		count_add(AXO_COUNT_EVENT_LOST);
		return NULL;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->type = AXO_EVENT_L7;
	e->time_ns = bpf_ktime_get_ns();
	e->http_rule[0] = c->h->rule[0];
	e->http_rule[1] = c->h->rule[1];
	e->head_len = c->h->seen_len < AXO_EVENT_L7_HEAD ? c->h->seen_len : AXO_EVENT_L7_HEAD;
	__builtin_memcpy(e->head, c->h->seen, sizeof(e->head));
	http_event_ends(e, c);
	return e;
}

/** http_latency - which bucket */
static __always_inline __u32 http_latency(__u64 ns)
{
	__u32 b = 0;

	ns >>= AXO_HTTP_LATENCY_SHIFT;
	for (int i = 0; i < AXO_HTTP_LATENCIES - 1; i++) {
		if (!ns)
			break;
		ns >>= 1;
		b++;
	}
	return b;
}

/** http_event_response - a response begins; @status: 0 = no status code */
static __always_inline void http_event_response(const struct http_packet *c, __u32 status)
{
	__u64 took_ns = bpf_ktime_get_ns() - c->h->request_ns;
	struct axo_http_sums *sums = http_sums();
	__u32 class = status / 100;
	struct axo_event_l7 *e;

	if (class < AXO_HTTP_SUM_1XX || class > AXO_HTTP_SUM_5XX)
		class = AXO_HTTP_SUM_OTHER;
	if (sums) {
		sums->n[class & (AXO_HTTP_SUMS - 1)]++;
		sums->latency_ns += took_ns;
		sums->latency[http_latency(took_ns)]++;
	}
	e = http_event_new(c);
	if (!e)
		return;
	e->verdict = AXO_POL_ALLOW;
	e->status = status;
	e->latency_ns = took_ns;
	bpf_ringbuf_submit(e, 0);
}

/** http_event_denied - @status: of the answer; 0 = both ends are reset */
static __always_inline void http_event_denied(const struct http_packet *c, __u32 status)
{
	struct axo_http_sums *sums = http_sums();
	struct axo_event_l7 *e;

	if (sums) {
		sums->n[AXO_HTTP_SUM_DENIED]++;
		if (!status)
			sums->n[AXO_HTTP_SUM_RESET]++;
	}
	e = http_event_new(c);
	if (!e)
		return;
	e->verdict = AXO_POL_DENY;
	e->reason = c->h->http.request[0].reason;
	e->status = status;
	bpf_ringbuf_submit(e, 0);
}

#endif
