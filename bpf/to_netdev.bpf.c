// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What leaves the host: tc egress of the host's devices.
 *
 * It is there for host policy only (lib/host.h), and attached only while one is in force.  What
 * pods send with their own address is none of the host's and goes on after one comparison.
 */
#include "bpf/lib/drop.h"
#include "bpf/lib/host.h"

/** to_netdev_of_pod - forwarded, from an address of the pod CIDR */
static __always_inline bool to_netdev_of_pod(struct __sk_buff *skb)
{
	struct axo_addr src = {};
	__be32 v4;

	if (!skb->ingress_ifindex)
		return false;
	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct iphdr, saddr), &v4,
				       sizeof(v4)))
			return false;
		addr_set_v4(&src, v4);
		return addr_is_pod(&src, 4);
	}
	if (skb->protocol != bpf_htons(ETH_P_IPV6) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, saddr), &src, sizeof(src)))
		return false;
	return addr_is_pod(&src, 6);
}

SEC("tc")
int to_netdev(struct __sk_buff *skb)
{
	struct packet p;
	int rc;

	if (to_netdev_of_pod(skb))
		return TC_ACT_UNSPEC;
	rc = host_check(skb, &p, TO_NETWORK);
	return rc < 0 ? drop(skb, &p, -rc) : TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
