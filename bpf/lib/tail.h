/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Packets of flows with features (include/axoneme/feature.h): from the entry point through the
 * program of each feature to `pass`, by tail calls.  So each has a stack of its own, is verified
 * by itself, and costs nothing where it is not needed.
 *
 * What the entry point knows of the packet travels in axo_tail, one per CPU: programs at tc do
 * not nest on a CPU, and a tail call does not leave it.
 *
 * A program that lets the packet go on ends with
 *
 *	rc = tail_next(skb, t);		returns only if there is no program: -AXO_DROP_FEATURE
 *
 * and one that ends the packet's way returns its TC action; drop() is the place for refusals.
 */
#ifndef BPF_LIB_TAIL_H
#define BPF_LIB_TAIL_H

#include "bpf/lib/packet.h"

/** enum tail_told - what the HTTP reader says of a client's packet to the programs behind it */
enum tail_told {
	TAIL_TOLD_NOTHING = 0, /* there is no reader, or it cannot follow */
	TAIL_TOLD_DATA,	       /* read: bodies, or nothing */
	TAIL_TOLD_OPEN,	       /* read: it ends inside of a head */
};

/**
 * struct tail_call - value of axo_tail
 * @p:       the packet; its flow is current and admits it; @p.features are those still to be met
 * @filters: mask of chaos filters that the first of @heads matches (axo_chaos_rule.filter)
 * @heads:   requests whose heads end in the packet
 * @told:    enum tail_told
 */
struct tail_call {
	struct packet p;
	__u64 filters;
	__u32 heads;
	__u32 told;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tail_call);
} axo_tail SEC(".maps") __weak;

/** tail_get - what the entry point left; never NULL, but the verifier wants it asked */
static __always_inline struct tail_call *tail_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&axo_tail, &zero);
}

/** tail_next - to the program of the next feature; -AXO_DROP_FEATURE if it is not there */
static __always_inline int tail_next(struct __sk_buff *skb, struct tail_call *t)
{
	__u8 todo = t->p.features;

	/* The lowest bit goes; what is none of these has no program and is dropped. */
	if (todo & AXO_FEATURE_WATCH) {
		/* It stands in for HTTP, and comes as early. */
		t->p.features = todo & ~(AXO_FEATURE_WATCH | AXO_FEATURE_HTTP);
		if (!(todo & AXO_FEATURE_HTTP)) {
			bpf_tail_call_static(skb, &axo_progs, AXO_PROG_WATCH);
			return -AXO_DROP_FEATURE;
		}
	} else {
		t->p.features = todo & (todo - 1);
	}
	if (!todo)
		bpf_tail_call_static(skb, &axo_progs, AXO_PROG_PASS);
	else if (todo & AXO_FEATURE_HTTP)
		bpf_tail_call_static(skb, &axo_progs, AXO_PROG_HTTP);
	else if (todo & AXO_FEATURE_DNS)
		bpf_tail_call_static(skb, &axo_progs, AXO_PROG_DNS);
	else if (todo & AXO_FEATURE_SNI)
		bpf_tail_call_static(skb, &axo_progs, AXO_PROG_SNI);
	else if (todo & AXO_FEATURE_CHAOS)
		bpf_tail_call_static(skb, &axo_progs, AXO_PROG_CHAOS);
	return -AXO_DROP_FEATURE;
}

/** tail_start - from an entry point, after VERDICT_FEATURE */
static __always_inline int tail_start(struct __sk_buff *skb, const struct packet *p)
{
	struct tail_call *t = tail_get();

	if (!t)
		return -AXO_DROP_FEATURE;
	t->p = *p;
	t->heads = 0;
	t->told = TAIL_TOLD_NOTHING;
	return tail_next(skb, t);
}

#endif
