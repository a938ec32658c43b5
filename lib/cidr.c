/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses and prefixes; see cidr.h. */
#include "lib/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/number.h"

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

int addr_parse(const char *text, struct axo_addr *addr, struct error *e)
{
	uint8_t raw[16];

	if (inet_pton(AF_INET, text, raw) == 1) {
		*addr = addr_from_bytes(4, raw);
		return 0;
	}
	if (inet_pton(AF_INET6, text, raw) != 1)
		return error_set(e, EINVAL, "address \"%.64s\": expected an IPv4 or IPv6 address",
				 text);
	if (!memcmp(raw, v4_prefix, sizeof(v4_prefix)))
		return error_set(e, EINVAL,
				 "address \"%.64s\": write a mapped IPv4 address as IPv4", text);
	memcpy(addr->b, raw, sizeof(raw));
	return 0;
}

const char *addr_to_str(const struct axo_addr *addr, char buf[static CIDR_STR_MAX])
{
	inet_ntop(addr_family(addr) == 4 ? AF_INET : AF_INET6, addr_bytes(addr), buf, CIDR_STR_MAX);
	return buf;
}

int addr_family(const struct axo_addr *addr)
{
	return memcmp(addr->b, v4_prefix, sizeof(v4_prefix)) ? 6 : 4;
}

bool addr_is_zero(const struct axo_addr *addr)
{
	static const struct axo_addr zero;
	return !memcmp(addr, &zero, sizeof(zero));
}

int addr_cmp(const struct axo_addr *a, const struct axo_addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

struct axo_addr addr_from_bytes(int family, const void *bytes)
{
	struct axo_addr addr;

	if (family == 6) {
		memcpy(addr.b, bytes, 16);
		return addr;
	}
	memcpy(addr.b, v4_prefix, sizeof(v4_prefix));
	memcpy(addr.b + 12, bytes, 4);
	return addr;
}

const uint8_t *addr_bytes(const struct axo_addr *addr)
{
	return addr_family(addr) == 4 ? addr->b + 12 : addr->b;
}

static unsigned __int128 addr_to_u128(const struct axo_addr *addr)
{
	unsigned __int128 v = 0;

	for (size_t i = 0; i < sizeof(addr->b); i++)
		v = v << 8 | addr->b[i];
	return v;
}

static struct axo_addr addr_from_u128(unsigned __int128 v)
{
	struct axo_addr addr;

	for (size_t i = sizeof(addr.b); i-- > 0; v >>= 8)
		addr.b[i] = (uint8_t)v;
	return addr;
}

struct axo_addr addr_add(const struct axo_addr *addr, uint64_t n)
{
	return addr_from_u128(addr_to_u128(addr) + n);
}

uint64_t addr_sub(const struct axo_addr *a, const struct axo_addr *b)
{
	unsigned __int128 d = addr_to_u128(a) - addr_to_u128(b);

	return d > UINT64_MAX ? UINT64_MAX : (uint64_t)d;
}

int cidr_parse_host(const char *text, struct cidr *cidr, struct error *e)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	struct cidr c = {.bits = 0};
	char host[CIDR_STR_MAX];
	uint64_t bits;
	int r;

	if (len >= sizeof(host))
		return error_set(e, EINVAL, "prefix \"%.64s\": too long for an address", text);
	memcpy(host, text, len);
	host[len] = '\0';
	r = addr_parse(host, &c.addr, e);
	if (r < 0)
		return r;
	c.family = (uint8_t)addr_family(&c.addr);
	bits = c.family == 4 ? 32 : 128;
	if (slash && number_parse(slash + 1, 0, bits, &bits) < 0)
		return error_set(e, EINVAL, "prefix \"%.64s\": expected a length of 0 to %d", text,
				 c.family == 4 ? 32 : 128);
	c.bits = (uint8_t)bits;
	*cidr = c;
	return 0;
}

int cidr_parse(const char *text, struct cidr *cidr, struct error *e)
{
	struct axo_addr first;
	char buf[CIDR_STR_MAX];
	struct cidr c;
	int r;

	if (!strchr(text, '/'))
		return error_set(e, EINVAL, "prefix \"%.64s\": expected ADDRESS/LENGTH", text);
	r = cidr_parse_host(text, &c, e);
	if (r < 0)
		return r;
	first = cidr_first(&c);
	if (addr_cmp(&first, &c.addr)) {
		c.addr = first;
		return error_set(e, EINVAL,
				 "prefix \"%.64s\": has bits behind its length, expected %s", text,
				 cidr_to_str(&c, buf));
	}
	*cidr = c;
	return 0;
}

const char *cidr_to_str(const struct cidr *cidr, char buf[static CIDR_STR_MAX])
{
	char host[CIDR_STR_MAX];

	snprintf(buf, CIDR_STR_MAX, "%.*s/%u", INET6_ADDRSTRLEN, addr_to_str(&cidr->addr, host),
		 cidr->bits);
	return buf;
}

unsigned int cidr_mapped_bits(const struct cidr *cidr)
{
	return cidr->family == 4 ? AXO_V4_PREFIX_BITS + cidr->bits : cidr->bits;
}

static unsigned __int128 host_mask(const struct cidr *cidr)
{
	unsigned int bits = cidr_mapped_bits(cidr);

	return bits == 0 ? ~(unsigned __int128)0 : (((unsigned __int128)1 << (128 - bits)) - 1);
}

struct axo_addr cidr_first(const struct cidr *cidr)
{
	return addr_from_u128(addr_to_u128(&cidr->addr) & ~host_mask(cidr));
}

struct axo_addr cidr_last(const struct cidr *cidr)
{
	return addr_from_u128(addr_to_u128(&cidr->addr) | host_mask(cidr));
}

bool cidr_contains(const struct cidr *cidr, const struct axo_addr *addr)
{
	unsigned __int128 mask = ~host_mask(cidr);

	return addr_family(addr) == cidr->family &&
	       (addr_to_u128(addr) & mask) == (addr_to_u128(&cidr->addr) & mask);
}
