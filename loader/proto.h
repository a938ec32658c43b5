/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of IP protocols, as the API and the command line show them.
 */
#ifndef LOADER_PROTO_H
#define LOADER_PROTO_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

#define PROTO_STR_MAX 8

/** proto_to_str - "TCP", "UDP", "SCTP", "ICMP", "ICMPv6", or the number; @buf may hold the text */
static inline const char *proto_to_str(uint8_t proto, char buf[static PROTO_STR_MAX])
{
	switch (proto) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	default:
		snprintf(buf, PROTO_STR_MAX, "%u", proto);
		return buf;
	}
}

#endif
