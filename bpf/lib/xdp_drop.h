/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dropping in XDP: counted always, told of as far as a sample goes.
 *
 * A flood must not become a flood of events: while somebody listens, every CPU tells of at most
 * AXO_XDP_EVENT_RATE drops a second.  What the prefilter drops is counted by its group alone
 * (axo_pf_count): that is one increment, and the agent adds the groups up.
 */
#ifndef BPF_LIB_XDP_DROP_H
#define BPF_LIB_XDP_DROP_H

#include "bpf/lib/drop.h"
#include "bpf/lib/prefilter.h"

#define SECOND_NS 1000000000ULL

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_icmp_bucket);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_xdp_sample SEC(".maps");

/**
 * struct edge - the frame in hand
 * @src:       source, the halves in host order; IPv4: the mapped form
 * @dst:       destination
 * @verdict:   of the prefilter
 * @len:       of the frame, as far as it was needed
 * @l3:        where the network layer begins
 * @ethertype: network order, behind VLAN tags
 * @family:    4, 6 or 0
 * @proto:     IPPROTO_*; IPv6: of the first next header
 */
struct edge {
	__u64 src[2];
	__u64 dst[2];
	__u32 verdict;
	__u32 len;
	__u32 l3;
	__be16 ethertype;
	__u8 family;
	__u8 proto;
};

/** xdp_sampled - is this drop one that is told of? */
static __always_inline bool xdp_sampled(__u64 now)
{
	const __u64 cost = SECOND_NS / AXO_XDP_EVENT_RATE, most = cost * AXO_XDP_EVENT_BURST;
	struct axo_icmp_bucket *b;
	__u32 zero = 0;
	__u64 credit;

	b = bpf_map_lookup_elem(&axo_xdp_sample, &zero);
	if (!b)
		return false;
	credit = b->credit_ns + (now - b->time_ns);
	if (credit > most)
		credit = most;
	b->time_ns = now;
	b->credit_ns = credit >= cost ? credit - cost : credit;
	return credit >= cost;
}

static __always_inline void edge_addr(struct axo_addr *out, const __u64 *halves)
{
	__u64 *w = (__u64 *)out->b;

	w[0] = bpf_cpu_to_be64(halves[0]);
	w[1] = bpf_cpu_to_be64(halves[1]);
}

static __noinline void xdp_event(struct xdp_md *ctx, const struct edge *f, __u8 reason)
{
	__u64 now = bpf_ktime_get_ns();
	struct axo_event_drop *e;

	if (!xdp_sampled(now))
		return;
	e = bpf_ringbuf_reserve(&axo_events, sizeof(*e), 0);
	if (!e) {
		count_add(AXO_COUNT_EVENT_LOST);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->type = AXO_EVENT_DROP;
	e->reason = reason;
	e->dir = AXO_DIR_INGRESS;
	e->proto = f->proto;
	e->ifindex = ctx->ingress_ifindex;
	e->time_ns = now;
	e->len = f->len;
	e->ethertype = bpf_ntohs(f->ethertype);
	e->family = f->family;
	if (f->family) {
		edge_addr(&e->saddr, f->src);
		edge_addr(&e->daddr, f->dst);
	}
	bpf_ringbuf_submit(e, 0);
}

/** xdp_drop - the XDP action for @reason */
static __always_inline int xdp_drop(struct xdp_md *ctx, const struct edge *f, __u8 reason)
{
	if (reason == AXO_DROP_PREFILTER)
		pf_count(f->verdict, f->len);
	else
		drop_count(f->len, reason, AXO_DIR_INGRESS);
	if (event_wanted(AXO_EVENT_DROP))
		xdp_event(ctx, f, reason);
	return XDP_DROP;
}

#endif
