/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who began a TCP connection that is older than its flow: the first host policy, a flushed or a larger
 * flow table meet connections in mid-stream, and the host's own must not be taken for the other end's.  One
 * that only receives would never send a packet that says so: what it waits for is dropped.
 *
 * The kernel's sockets know: the host has a socket for exactly this connection, and none that listens at
 * its port.  Accepted: where the server has stopped listening since, its connection counts as the host's,
 * and is judged by the host's egress policy.
 */
#ifndef BPF_LIB_HOST_SOCKET_H
#define BPF_LIB_HOST_SOCKET_H

#include "bpf/lib/packet.h"

/** host_socket_find - is there a socket that would take the packet?  @sport: as if it had that one */
static __noinline bool host_socket_find(struct __sk_buff *skb, const struct packet *p, __be16 sport)
{
	const struct axo_addr *src = packet_src(p), *dst = packet_dst(p);
	__be16 dport = p->side ? p->key.port[0] : p->key.port[1];
	struct bpf_sock_tuple t = {};
	struct bpf_sock *sk;
	__u32 size;

	if (p->family == 4) {
		t.ipv4.saddr = addr_v4(src);
		t.ipv4.daddr = addr_v4(dst);
		t.ipv4.sport = sport;
		t.ipv4.dport = dport;
		size = sizeof(t.ipv4);
	} else {
		__builtin_memcpy(t.ipv6.saddr, src, sizeof(t.ipv6.saddr));
		__builtin_memcpy(t.ipv6.daddr, dst, sizeof(t.ipv6.daddr));
		t.ipv6.sport = sport;
		t.ipv6.dport = dport;
		size = sizeof(t.ipv6);
	}
	sk = bpf_sk_lookup_tcp(skb, &t, size, BPF_F_CURRENT_NETNS, 0);
	if (!sk)
		return false;
	bpf_sk_release(sk);
	return true;
}

/** host_socket_began - @p came in by a device in mid-stream, for a connection that the host began */
static __noinline bool host_socket_began(struct __sk_buff *skb, const struct packet *p)
{
	__be16 sport = p->side ? p->key.port[1] : p->key.port[0];

	if (p->from != FROM_NETWORK || p->key.proto != IPPROTO_TCP || p->kind != PACKET_PLAIN ||
	    (p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_ACK)
		return false;
	/* No connection has port 0: that finds listeners only. */
	return host_socket_find(skb, p, sport) && !host_socket_find(skb, p, 0);
}

#endif
