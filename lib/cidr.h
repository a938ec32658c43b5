/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses and prefixes as text and as struct axo_addr (16 bytes, IPv4 mapped).
 *
 * Everything here is pure.  A prefix length is always that of its own family (0-32 or 0-128);
 * cidr_mapped_bits() converts.
 */
#ifndef LIB_CIDR_H
#define LIB_CIDR_H

#include <stdbool.h>
#include <stdint.h>

#include "axoneme/address.h"
#include "lib/error.h"

/** CIDR_STR_MAX - bytes for the longest address with prefix length, and its final 0 */
#define CIDR_STR_MAX 64

/**
 * struct cidr - a prefix, or an address with the length of its subnet
 * @addr:   mapped form
 * @family: 4 or 6
 * @bits:   prefix length in @family
 */
struct cidr {
	struct axo_addr addr;
	uint8_t family;
	uint8_t bits;
};

/** addr_parse - "10.0.0.5" or "fd00::5"; strict: no prefix length, no zone, no leading zeros (inet_pton) */
int addr_parse(const char *text, struct axo_addr *addr, struct error *e);

/** addr_to_str - canonical text (RFC 5952) into @buf, which is also returned */
const char *addr_to_str(const struct axo_addr *addr, char buf[static CIDR_STR_MAX]);

/** addr_family - 4 (mapped) or 6 */
int addr_family(const struct axo_addr *addr);

/** addr_is_zero - all 16 bytes zero: "no address" in the maps */
bool addr_is_zero(const struct axo_addr *addr);

/** addr_cmp - <0, 0, >0 in network order */
int addr_cmp(const struct axo_addr *a, const struct axo_addr *b);

/** addr_from_bytes - from 4 (@family 4) or 16 bytes in network order */
struct axo_addr addr_from_bytes(int family, const void *bytes);

/** addr_bytes - the 4 or 16 bytes of the address in its own family; borrowed from @addr */
const uint8_t *addr_bytes(const struct axo_addr *addr);

/** addr_add - @addr + @n as a 128-bit number; wraps */
struct axo_addr addr_add(const struct axo_addr *addr, uint64_t n);

/** addr_sub - @a - @b, saturated at UINT64_MAX; @a must not be below @b */
uint64_t addr_sub(const struct axo_addr *a, const struct axo_addr *b);

/** cidr_parse - "10.0.0.0/24"; bits behind the prefix must be zero; the length must be there */
int cidr_parse(const char *text, struct cidr *cidr, struct error *e);

/** cidr_parse_host - "10.0.0.5/24" or "10.0.0.5" (full length): bits behind the prefix are kept */
int cidr_parse_host(const char *text, struct cidr *cidr, struct error *e);

/** cidr_to_str - "10.0.0.0/24" into @buf, which is also returned */
const char *cidr_to_str(const struct cidr *cidr, char buf[static CIDR_STR_MAX]);

/** cidr_contains - is @addr of the same family and inside? */
bool cidr_contains(const struct cidr *cidr, const struct axo_addr *addr);

/** cidr_first, cidr_last - lowest and highest address of the prefix */
struct axo_addr cidr_first(const struct cidr *cidr);
struct axo_addr cidr_last(const struct cidr *cidr);

/** cidr_mapped_bits - prefix length over the 128 bits of the mapped form */
unsigned int cidr_mapped_bits(const struct cidr *cidr);

#endif
