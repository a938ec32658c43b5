/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is counted and told of a packet that comes out of the delay line.
 */
#ifndef BPF_LIB_DELAY_NOTE_H
#define BPF_LIB_DELAY_NOTE_H

#include "bpf/lib/chaos_count.h"
#include "bpf/lib/delay_line.h"

/** delay_note_event - tell how long the first packet of what was held really waited */
static __noinline void delay_note_event(const struct packet *p, const struct axo_delay_tag *tag,
					__u64 now)
{
	const struct axo_chaos_flow *cf;
	struct chaos_room *r = chaos_room();
	const struct axo_chaos_hold *h;
	const struct axo_flow *f;
	bool server;

	f = bpf_map_lookup_elem(&axo_flow, &p->key);
	if (!f)
		f = bpf_map_lookup_elem(&axo_flow_lru, &p->key);
	cf = bpf_map_lookup_elem(&axo_chaos_flow, &p->key);
	if (!r || !cf || !f)
		return;
	server = p->side != f->originator;
	h = server ? &cf->hold[1] : &cf->hold[0];
	r->key = p->key;
	r->origin = f->originator;
	r->identity[0] = f->identity[0];
	r->identity[1] = f->identity[1];
	__builtin_memset(&r->choice, 0, sizeof(r->choice));
	r->choice.experiment = tag->experiment;
	r->choice.rule = tag->rule;
	r->choice.ordinal = h->ordinal;
	r->choice.delay_ns[0] = h->asked_ns;
	r->choice.delay_ns[1] = h->asked_ns;
	chaos_event(r, &r->choice, server ? AXO_CHAOS_DELAY_RESPONSE : AXO_CHAOS_DELAY_REQUEST, 2,
		    now - h->since_ns);
}

/** delay_note - how late it is; one packet less is in the line */
static __noinline void delay_note(const struct axo_delay_tag *tag, __u64 now)
{
	struct axo_chaos_stat *n = chaos_stat(tag->experiment, tag->rule);
	__u64 release = axo_delay_release(tag, now), late = now > release ? now - release : 0;
	__u32 class_ = axo_chaos_late_class(late);

	delay_line_count(tag->experiment, -1);
	if (!n)
		return;
	__sync_fetch_and_add(&n->count[AXO_CHAOS_COUNT_DELIVERED], 1);
	__sync_fetch_and_add(&n->count[AXO_CHAOS_COUNT_LATE_NS], late);
	if (class_ < AXO_CHAOS_LATE_CLASSES)
		__sync_fetch_and_add(&n->late[class_], 1);
	if (late > n->late_max_ns)
		n->late_max_ns = late;
}

#endif
