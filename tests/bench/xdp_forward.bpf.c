// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The least that forwarding by XDP can cost: TCP over IPv4 for one address gets its MACs and its TTL,
 * and is redirected to a veth device.  No flow, no policy, no counter.
 */
#include "bpf/lib/config.h"

#include <linux/if_ether.h>
#include <linux/ip.h>

/** struct way - @to: address, network order; @ifindex: host-side device of the pod that has it */
struct way {
	__be32 to;
	__u32 ifindex;
	__u8 dmac[ETH_ALEN];
	__u8 smac[ETH_ALEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct way);
} bench_way SEC(".maps");

SEC("xdp.frags")
int bench_forward(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + ETH_HLEN;
	const struct way *way;
	__u32 zero = 0, sum;

	way = bpf_map_lookup_elem(&bench_way, &zero);
	if (!way || (void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    ip->daddr != way->to || ip->protocol != IPPROTO_TCP || ip->ttl < 2)
		return XDP_PASS;
	__builtin_memcpy(eth->h_dest, way->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, way->smac, ETH_ALEN);
	/* RFC 1624, as the kernel's ip_decrease_ttl(). */
	sum = ip->check + (__u32)bpf_htons(0x0100);
	ip->check = sum + (sum >= 0xffff);
	ip->ttl--;
	return bpf_redirect(way->ifindex, 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
