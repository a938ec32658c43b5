// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The floor of any BPF datapath: no parsing, no map, every frame of device 11 to the peer of
 * device 12 and back (tests/bench/topology.py makes devices with these numbers).
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int floor_redirect(struct __sk_buff *skb)
{
	return (int)bpf_redirect_peer(skb->ifindex == 11 ? 12 : 11, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
