/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dropping: the one place where a refused packet is counted, reported and, where a router
 * would, answered.  Every entry point ends here or with a redirect.
 */
#ifndef BPF_LIB_DROP_H
#define BPF_LIB_DROP_H

#include "bpf/lib/event.h"
#include "bpf/lib/icmp.h"
#include "bpf/lib/policy.h"

static __always_inline void drop_count(__u32 len, __u8 reason, __u8 dir)
{
	struct axo_drop_key key = {.reason = reason, .dir = dir};
	struct axo_drop_count *n = bpf_map_lookup_elem(&axo_drops, &key);
	struct axo_drop_count first = {};

	if (!n) {
		/* Another CPU may be first: its zero for us is as good as ours. */
		bpf_map_update_elem(&axo_drops, &key, &first, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&axo_drops, &key);
		if (!n)
			return;
	}
	n->packets++;
	n->bytes += len;
}

/** drop_tell - count and report; for a packet that becomes something else, before it does */
static __noinline void drop_tell(struct __sk_buff *skb, const struct packet *p, __u8 reason)
{
	__u8 dir = policy_denied(-reason) ? p->denied.dir : packet_dir(p);

	drop_count(skb->len, reason, dir);
	if (event_wanted(AXO_EVENT_DROP))
		event_drop(skb, p, reason, dir);
}

/** drop - the TC action for @reason; @p->from is set, whatever else is known */
static __noinline int drop(struct __sk_buff *skb, const struct packet *p, __u8 reason)
{
	drop_tell(skb, p, reason);
	return icmp_answer_drop(skb, p, reason);
}

#endif
