/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Load-time configuration of the programs.
 *
 * One `const volatile struct axo_config axo_cfg` in .rodata (bpf/config.bpf.c), set by the agent
 * between open and load, so that the verifier removes what is switched off.
 */
#ifndef AXONEME_CONFIG_H
#define AXONEME_CONFIG_H

#include "axoneme/address.h"

/**
 * struct axo_config - facts of the host that do not change while the programs are loaded
 * @gateway4:      gateway address of the pods, mapped; all zero = IPv4 is off
 * @gateway6:      gateway address of the pods; all zero = IPv6 is off
 * @pod_net4:      the host's pod CIDR, mapped
 * @pod_net6:      the host's pod CIDR
 * @pod_bits4:     prefix length of @pod_net4, of 32
 * @pod_bits6:     prefix length of @pod_net6, of 128
 * @ifindex_net:   axo_net
 * @ifindex_host:  axo_host, where packets of pods are routed
 * @fqdn_min_ttl_s: addresses learned from DNS answers are valid that long at least, seconds
 * @mac:           the one MAC of axo_host, axo_net and every host-side pod device: what pods
 *                 send to, and what they receive from.  One MAC keeps skb->pkt_type PACKET_HOST
 *                 whichever device a packet entered by
 * @mtu:           of axo_host and axo_net, bytes from the IP header on; 0 = do not check
 * @ipv4:          IPv4 is on
 * @ipv6:          IPv6 is on
 * @native:        packets may pass the host's stack by (route.h)
 * @handover:      behind from_pod is a filter that hands to axo_host's receive path what from_pod
 *                 lets go on (loader/hook.h)
 * @kernel_reads:  programs may read the kernel's memory (bpf_probe_read_kernel())
 * @pad2:          zero
 */
struct axo_config {
	struct axo_addr gateway4;
	struct axo_addr gateway6;
	struct axo_addr pod_net4;
	struct axo_addr pod_net6;
	__u32 pod_bits4;
	__u32 pod_bits6;
	__u32 ifindex_net;
	__u32 ifindex_host;
	__u32 fqdn_min_ttl_s;
	__u8 mac[6];
	__u16 mtu;
	__u8 ipv4;
	__u8 ipv6;
	__u8 native;
	__u8 handover;
	__u8 kernel_reads;
	__u8 pad2[3];
};

#endif
