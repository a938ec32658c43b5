/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Into the delay line (include/axoneme/delay.h).
 *
 * The agent may be gone and its device with it, before it could say so in axo_delay: the kernel is
 * asked, so that no packet is sent to where nothing is.
 */
#ifndef BPF_LIB_DELAY_LINE_H
#define BPF_LIB_DELAY_LINE_H

#include "bpf/lib/chaos_map.h"

/* Departure times have been kept across redirection since 5.18 (linux/bpf.h). */
#define TSTAMP_DELIVERY_MONO 1

/** delay_line_device - the device to send into; 0 = there is no line */
static __noinline __u32 delay_line_device(struct __sk_buff *skb)
{
	const struct axo_delay *d;
	__u32 zero = 0, mtu = 0;

	d = bpf_map_lookup_elem(&axo_delay, &zero);
	if (!d || d->mode == AXO_DELAY_NONE)
		return 0;
	return bpf_check_mtu(skb, d->ifindex, &mtu, 0, 0) < 0 ? 0 : d->ifindex;
}

/** delay_line_tag - write what the packet carries through the line; 0 or negative */
static __noinline int delay_line_tag(struct __sk_buff *skb, const struct chaos_room *r,
				     __u32 experiment, __u32 rule)
{
	struct axo_delay_tag tag = {
		.mark = AXO_DELAY_MARK,
		.rule = rule,
		.experiment = experiment,
		.flags = r->first ? AXO_DELAY_FIRST : 0,
	};
	const struct axo_delay *d;
	__u32 zero = 0;

	axo_delay_set_release(&tag, r->depart_ns);
	d = bpf_map_lookup_elem(&axo_delay, &zero);
	if (!d || bpf_skb_store_bytes(skb, 0, &tag, sizeof(tag), 0))
		return -1;
	if (d->mode != AXO_DELAY_FQ)
		return 0;
	return bpf_skb_set_tstamp(skb, r->depart_ns, TSTAMP_DELIVERY_MONO);
}

/** delay_line_count - one packet more, or less, is in the line */
static __always_inline void delay_line_count(__u32 experiment, __s64 change)
{
	struct axo_chaos_run *run = bpf_map_lookup_elem(&axo_chaos_run, &experiment);

	if (run)
		__sync_fetch_and_add(&run->in_flight, change);
}

/** delay_line_enter - hold the packet until @r->depart_ns; TC action or -AXO_DROP_REDIRECT */
static __noinline int delay_line_enter(struct __sk_buff *skb, const struct chaos_room *r,
				       __u32 experiment, __u32 rule)
{
	__u32 ifindex = delay_line_device(skb);

	if (!ifindex || delay_line_tag(skb, r, experiment, rule))
		return -AXO_DROP_REDIRECT;
	delay_line_count(experiment, 1);
	return bpf_redirect(ifindex, 0);
}

#endif
