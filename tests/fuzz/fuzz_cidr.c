/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses and prefixes: whatever is accepted, printed and read again is the same. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cidr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition)                                                                    \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
			abort();                                                              \
		}                                                                             \
	} while (0)

static void require_refused(int r, const struct error *e)
{
	require(r == -EINVAL && e->code == r);
	require(e->msg[0] && strlen(e->msg) < sizeof(e->msg));
}

static void check_addr(const char *text)
{
	struct axo_addr addr, again;
	char buf[CIDR_STR_MAX];
	struct error e;
	int r = addr_parse(text, &addr, &e);

	if (r < 0) {
		require_refused(r, &e);
		return;
	}
	require(addr_parse(addr_to_str(&addr, buf), &again, &e) == 0);
	require(!addr_cmp(&addr, &again));
	again = addr_from_bytes(addr_family(&addr), addr_bytes(&addr));
	require(!addr_cmp(&addr, &again));
}

static void check_bounds(const struct cidr *c)
{
	struct axo_addr first = cidr_first(c), last = cidr_last(c), behind = addr_add(&last, 1);

	require(cidr_contains(c, &c->addr));
	/* ::/80 and shorter reach into the mapped range, which is IPv4. */
	require(cidr_contains(c, &first) == (addr_family(&first) == c->family));
	require(cidr_contains(c, &last) == (addr_family(&last) == c->family));
	require(addr_cmp(&first, &c->addr) <= 0 && addr_cmp(&c->addr, &last) <= 0);
	require(cidr_mapped_bits(c) <= 128);
	require(cidr_mapped_bits(c) == 0 || !cidr_contains(c, &behind));
}

static void check_cidr(const char *text, int (*parse)(const char *, struct cidr *, struct error *))
{
	struct cidr cidr, again;
	char buf[CIDR_STR_MAX];
	struct error e;
	int r = parse(text, &cidr, &e);

	if (r < 0) {
		require_refused(r, &e);
		return;
	}
	require(cidr.family == addr_family(&cidr.addr));
	require(cidr.bits <= (cidr.family == 4 ? 32 : 128));
	require(parse(cidr_to_str(&cidr, buf), &again, &e) == 0);
	require(!addr_cmp(&cidr.addr, &again.addr) && cidr.bits == again.bits &&
		cidr.family == again.family);
	check_bounds(&cidr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_addr(text);
	check_cidr(text, cidr_parse);
	check_cidr(text, cidr_parse_host);
	free(text);
	return 0;
}
