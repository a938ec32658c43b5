// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames; see frame.h. */
#include "tests/bpf/frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/cidr.h"

#define IPPROTO_FRAGMENT_HEADER 44
#define CHECK_NONE SIZE_MAX

void mac_bytes(const char *text, uint8_t mac[static 6])
{
	int n = sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		       &mac[4], &mac[5]);

	assert(n == 6);
}

struct axo_addr text_addr(const char *text)
{
	struct axo_addr a = {};
	int rc = addr_parse(text, &a, NULL);

	assert(rc == 0);
	return a;
}

static uint8_t *frame_put(struct frame *f, size_t len)
{
	uint8_t *at = f->b + f->len;

	assert(f->len + len <= FRAME_MAX);
	memset(at, 0, len);
	f->len += len;
	return at;
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

void frame_eth(struct frame *f, const char *dmac, const char *smac, uint16_t ethertype)
{
	uint8_t *eth;

	memset(f, 0, offsetof(struct frame, b) + 64);
	f->len = f->l3 = f->l4 = f->next = 0;
	f->family = f->proto = 0;
	eth = frame_put(f, ETH_HLEN);
	mac_bytes(dmac, eth);
	mac_bytes(smac, eth + 6);
	put16(eth + 12, ethertype);
}

void frame_vlan(struct frame *f, uint16_t tag)
{
	uint8_t *at = frame_put(f, 4);

	put16(at, f->b[12] << 8 | f->b[13]);
	memmove(at + 2, at, 2);
	put16(f->b + 12, ETH_P_8021Q);
	put16(at, tag);
}

void frame_ip(struct frame *f, const char *src, const char *dst)
{
	struct axo_addr s = text_addr(src), d = text_addr(dst);
	uint8_t *ip;

	f->l3 = f->len;
	f->family = addr_family(&s);
	put16(f->b + f->len - 2, f->family == 4 ? ETH_P_IP : ETH_P_IPV6);
	if (f->family == 4) {
		ip = frame_put(f, 20);
		ip[0] = 0x45;
		put16(ip + 4, 1);
		ip[8] = 64;
		memcpy(ip + 12, addr_bytes(&s), 4);
		memcpy(ip + 16, addr_bytes(&d), 4);
		f->next = f->l3 + 9;
	} else {
		ip = frame_put(f, 40);
		ip[0] = 0x60;
		ip[7] = 64;
		memcpy(ip + 8, s.b, 16);
		memcpy(ip + 24, d.b, 16);
		f->next = f->l3 + 6;
	}
}

uint8_t *frame_ext(struct frame *f, uint8_t type, size_t len)
{
	uint8_t *ext = frame_put(f, len);

	f->b[f->next] = type;
	f->next = ext - f->b;
	ext[1] = type == IPPROTO_FRAGMENT_HEADER ? 0 : len / 8 - 1;
	return ext;
}

void frame_fragment(struct frame *f, uint16_t offset, bool more, uint32_t id)
{
	uint8_t *ext;

	if (f->family == 4) {
		put16(f->b + f->l3 + 4, id);
		put16(f->b + f->l3 + 6, offset / 8 | (more ? 0x2000 : 0));
		return;
	}
	ext = frame_ext(f, IPPROTO_FRAGMENT_HEADER, 8);
	put16(ext + 2, offset | more);
	put32(ext + 4, id);
}

void frame_proto(struct frame *f, uint8_t proto)
{
	f->proto = proto;
	f->l4 = f->len;
	f->b[f->next] = proto;
}

static uint8_t *frame_l4(struct frame *f, uint8_t proto, size_t len)
{
	frame_proto(f, proto);
	return frame_put(f, len);
}

void frame_tcp(struct frame *f, uint16_t sport, uint16_t dport, uint8_t flags)
{
	uint8_t *tcp = frame_l4(f, IPPROTO_TCP, 20);

	put16(tcp, sport);
	put16(tcp + 2, dport);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
}

void frame_udp(struct frame *f, uint16_t sport, uint16_t dport)
{
	uint8_t *udp = frame_l4(f, IPPROTO_UDP, 8);

	put16(udp, sport);
	put16(udp + 2, dport);
}

void frame_sctp(struct frame *f, uint16_t sport, uint16_t dport)
{
	uint8_t *sctp = frame_l4(f, IPPROTO_SCTP, 12);

	put16(sctp, sport);
	put16(sctp + 2, dport);
}

void frame_icmp(struct frame *f, uint8_t type, uint8_t code, uint32_t word)
{
	uint8_t *icmp = frame_l4(f, f->family == 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, 8);

	icmp[0] = type;
	icmp[1] = code;
	put32(icmp + 4, word);
}

void frame_payload(struct frame *f, const void *data, size_t len)
{
	uint8_t *at = frame_put(f, len);

	if (data)
		memcpy(at, data, len);
}

void frame_quote(struct frame *f, const struct frame *quoted, size_t max)
{
	size_t len = quoted->len - quoted->l3;

	frame_payload(f, quoted->b + quoted->l3, len < max ? len : max);
}

static uint32_t sum(const uint8_t *b, size_t len, uint32_t from)
{
	for (size_t i = 0; i < len; i++)
		from += i & 1 ? b[i] : b[i] << 8;
	while (from >> 16)
		from = (from & 0xffff) + (from >> 16);
	return from;
}

static uint32_t pseudo_sum(const uint8_t *ip, uint8_t proto, size_t len)
{
	uint32_t s = ip[0] >> 4 == 4 ? sum(ip + 12, 8, 0) : sum(ip + 8, 32, 0);

	return sum((uint8_t[]){len >> 8, len, 0, proto}, 4, s);
}

/** check_offset - where @proto keeps its checksum, or CHECK_NONE */
static size_t check_offset(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	default:
		return CHECK_NONE;
	}
}

void frame_finish(struct frame *f)
{
	uint8_t *ip = f->b + f->l3, *l4 = f->b + f->l4;
	size_t len = f->len - f->l4, check = check_offset(f->proto);
	uint32_t s = f->proto == IPPROTO_ICMP ? 0 : pseudo_sum(ip, f->proto, len);

	if (f->proto == IPPROTO_UDP)
		put16(l4 + 4, len);
	if (f->l4 && check != CHECK_NONE && len >= check + 2) {
		put16(l4 + check, 0);
		put16(l4 + check, ~sum(l4, len, s));
	}
	if (f->family == 6) {
		put16(ip + 4, f->len - f->l3 - 40);
		return;
	}
	put16(ip + 2, f->len - f->l3);
	put16(ip + 10, 0);
	put16(ip + 10, ~sum(ip, (ip[0] & 15) * 4, 0));
}

void frame_arp(struct frame *f, uint16_t op, const char *smac, const char *sip, const char *tip)
{
	struct axo_addr s = text_addr(sip), t = text_addr(tip);
	uint8_t *arp;

	frame_eth(f, "ff:ff:ff:ff:ff:ff", smac, ETH_P_ARP);
	arp = frame_put(f, 28);
	put16(arp, 1);
	put16(arp + 2, ETH_P_IP);
	arp[4] = 6;
	arp[5] = 4;
	put16(arp + 6, op);
	mac_bytes(smac, arp + 8);
	memcpy(arp + 14, addr_bytes(&s), 4);
	memcpy(arp + 24, addr_bytes(&t), 4);
}

void frame_solicit(struct frame *f, const char *smac, const char *src, const char *dst,
		   const char *target)
{
	struct axo_addr t = text_addr(target);

	frame_eth(f, "33:33:ff:00:00:01", smac, ETH_P_IPV6);
	frame_ip(f, src, dst);
	*frame_ttl(f) = 255;
	frame_icmp(f, 135, 0, 0);
	frame_payload(f, t.b, 16);
	frame_finish(f);
}

uint8_t *frame_ttl(struct frame *f)
{
	return f->b + f->l3 + (f->family == 4 ? 8 : 7);
}

bool frame_l3_ok(const uint8_t *b, size_t len)
{
	const uint8_t *ip = b + ETH_HLEN;

	return len >= ETH_HLEN + 20 && sum(ip, (ip[0] & 15) * 4, 0) == 0xffff;
}

bool frame_l4_ok(const uint8_t *b, size_t len)
{
	const uint8_t *ip = b + ETH_HLEN;
	bool v4 = ip[0] >> 4 == 4;
	uint8_t proto = v4 ? ip[9] : ip[6];
	size_t off = ETH_HLEN + (v4 ? (ip[0] & 15) * 4 : 40);

	if (len < off)
		return false;
	return sum(b + off, len - off,
		   proto == IPPROTO_ICMP ? 0 : pseudo_sum(ip, proto, len - off)) == 0xffff;
}
