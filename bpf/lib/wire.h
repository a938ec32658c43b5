/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is on the wire and not in a UAPI header that a BPF object can include: linux/icmp.h and
 * linux/if_arp.h pull in the C library of the host.  Layouts and numbers are those of the RFCs.
 */
#ifndef BPF_LIB_WIRE_H
#define BPF_LIB_WIRE_H

#include <linux/types.h>

/* skb->pkt_type (linux/if_packet.h) */
#define PACKET_HOST 0
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2

/* skb->gso_size of SCTP: every segment has a length of its own (include/linux/skbuff.h). */
#define GSO_BY_FRAGS 0xffff

/* RFC 791, 3.1: may not be fragmented */
#define IP_DF 0x4000

/* Address families, as bpf_fib_lookup() wants them (linux/socket.h). */
#define ROUTE_AF_INET 2
#define ROUTE_AF_INET6 10

/* RFC 9293, 3.1 */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define TCP_URG 0x20

/* RFC 792 */
#define ICMP_ECHOREPLY 0
#define ICMP_DEST_UNREACH 3
#define ICMP_SOURCE_QUENCH 4
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETERPROB 12
#define ICMP_TIMESTAMP 13 /* to 18: question, answer, question, answer ... (17, 18: RFC 950) */
#define ICMP_ADDRESS_REPLY 18

#define ICMP_HOST_UNREACH 1
#define ICMP_FRAG_NEEDED 4

/* RFC 4443; an error is what is below ICMPV6_FIRST_INFO */
#define ICMPV6_DEST_UNREACH 1
#define ICMPV6_PKT_TOOBIG 2
#define ICMPV6_TIME_EXCEED 3
#define ICMPV6_FIRST_INFO 128
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

#define ICMPV6_ADDR_UNREACH 3

/* RFC 4861 */
#define ND_FIRST 133 /* router solicitation */
#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define ND_LAST 137 /* redirect */
#define ND_OPT_TARGET_MAC 2

/* RFC 826 */
#define ARP_HARDWARE_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

/**
 * struct icmp_header - the first 8 bytes of ICMP and ICMPv6
 * @type:  see above
 * @code:  meaning depends on @type
 * @check: ICMPv6: with the pseudo header
 * @word:  ICMPv6 packet too big: MTU; advertisement: flags
 * @half:  echo: id and sequence number; ICMP fragmentation needed: unused and MTU
 */
struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 check;
	union {
		__be32 word;
		__be16 half[2];
	};
};

/** struct ext_header - start of every IPv6 extension header but the fragment header (RFC 8200, 4) */
struct ext_header {
	__u8 next;
	__u8 len8; /* in units of 8 bytes, without the first 8 */
	__u8 type;
	__u8 segments_left;
};

/** struct frag_header - RFC 8200, 4.5 */
struct frag_header {
	__u8 next;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

#endif
