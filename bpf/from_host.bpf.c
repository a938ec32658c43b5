// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/pkt_cls.h>

#include "bpf/lib/maps.h"

SEC("tc")
int from_host(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct axo_state *state = bpf_map_lookup_elem(&axo_state, &zero);

	(void)skb;
	return state && axo_cfg.ipv4 && state->generation ? TC_ACT_SHOT : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
