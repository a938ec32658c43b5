/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames: packets written down in a test's own words.
 *
 * A frame grows at its end: frame_eth(), then an IP header, then a transport header, then
 * payload; frame_finish() fills in lengths and checksums of what was put together.  Addresses
 * are text.  Fields that a test wants wrong are overwritten after frame_finish().
 */
#ifndef TESTS_BPF_FRAME_H
#define TESTS_BPF_FRAME_H

#include <linux/if_ether.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "axoneme/address.h"

#define FRAME_MAX 10240

/**
 * struct frame - bytes from the Ethernet header on
 * @b:      the bytes
 * @len:    how many
 * @l3:     offset of the IP header
 * @l4:     offset of the transport header; 0 = none yet
 * @family: 4, 6 or 0
 * @proto:  of the header at @l4
 * @next:   IPv6: offset of the field that names the next header
 */
struct frame {
	uint8_t b[FRAME_MAX];
	size_t len;
	size_t l3;
	size_t l4;
	int family;
	uint8_t proto;
	size_t next;
};

void frame_eth(struct frame *f, const char *dmac, const char *smac, uint16_t ethertype);

/** frame_vlan - an in-band tag behind the MACs; call it before the IP header */
void frame_vlan(struct frame *f, uint16_t tag);

/** frame_ip - header of @src's family; TTL 64, id 1, "don't fragment" not set */
void frame_ip(struct frame *f, const char *src, const char *dst);

/** frame_ext - an IPv6 extension header of @len bytes (multiple of 8), filled with zeros */
uint8_t *frame_ext(struct frame *f, uint8_t type, size_t len);

/** frame_fragment - make it a fragment: IPv4 by the header's fields, IPv6 by an extension header */
void frame_fragment(struct frame *f, uint16_t offset, bool more, uint32_t id);

void frame_tcp(struct frame *f, uint16_t sport, uint16_t dport, uint8_t flags);
void frame_udp(struct frame *f, uint16_t sport, uint16_t dport);
void frame_sctp(struct frame *f, uint16_t sport, uint16_t dport);

/** frame_icmp - 8 bytes of ICMP or ICMPv6, as the family is; @word is the second half */
void frame_icmp(struct frame *f, uint8_t type, uint8_t code, uint32_t word);

/** frame_proto - no transport header known: @proto and the payload that follows */
void frame_proto(struct frame *f, uint8_t proto);

void frame_payload(struct frame *f, const void *data, size_t len);

/** frame_quote - payload: @quoted from its IP header on, at most @max bytes */
void frame_quote(struct frame *f, const struct frame *quoted, size_t max);

void frame_finish(struct frame *f);

/** frame_arp - a whole ARP frame */
void frame_arp(struct frame *f, uint16_t op, const char *smac, const char *sip, const char *tip);

/** frame_solicit - a whole neighbour solicitation from @src to @dst for @target */
void frame_solicit(struct frame *f, const char *smac, const char *src, const char *dst,
		   const char *target);

/** frame_ttl - of the IP header */
uint8_t *frame_ttl(struct frame *f);

/** frame_l4_ok, frame_l3_ok - is the checksum of the transport header (ICMP too), of IPv4, right? */
bool frame_l4_ok(const uint8_t *b, size_t len);
bool frame_l3_ok(const uint8_t *b, size_t len);

/** mac_bytes - "02:00:00:00:00:01" */
void mac_bytes(const char *text, uint8_t mac[static 6]);

/** text_addr - asserts that @text is an address */
struct axo_addr text_addr(const char *text);

#endif
