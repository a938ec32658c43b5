// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A bad path for the stories: at a device's tc egress 3 of 100 packets are lost, and one goes
 * through a detour, a TAP device whose owner holds it for a moment (tests/lib/lossy.py), so that
 * others overtake it.  What comes back from the detour is marked, and passes.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#define LOST 3
#define LATE 1
#define MARK 0x1a7e

/** struct lossy - @tap, @out: interface indices; the rest counts */
struct lossy {
	__u32 tap;
	__u32 out;
	__u64 passed;
	__u64 lost;
	__u64 late;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lossy);
} lossy_state SEC(".maps");

static __always_inline struct lossy *state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&lossy_state, &zero);
}

SEC("tc")
int lossy(struct __sk_buff *skb)
{
	__u32 dice = bpf_get_prandom_u32() % 100;
	struct lossy *s = state();

	if (!s || !s->tap || skb->mark == MARK)
		return TC_ACT_OK;
	if (dice < LOST) {
		__sync_fetch_and_add(&s->lost, 1);
		return TC_ACT_SHOT;
	}
	if (dice < LOST + LATE) {
		__sync_fetch_and_add(&s->late, 1);
		return bpf_redirect(s->tap, 0);
	}
	__sync_fetch_and_add(&s->passed, 1);
	return TC_ACT_OK;
}

SEC("tc")
int back(struct __sk_buff *skb)
{
	struct lossy *s = state();

	if (!s)
		return TC_ACT_SHOT;
	skb->mark = MARK;
	return bpf_redirect(s->out, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
