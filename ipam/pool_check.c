/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which CIDRs can be pools; see pool_check() in pool.h. */
#include "ipam/pool.h"

#include <errno.h>

#include "lib/cleanup.h"

/* A pod with such an address could not be reached, whatever the datapath does. */
static const struct special {
	const char *cidr;
	const char *use;
} specials[] = {
	{"0.0.0.0/8", "\"this network\" (RFC 1122)"},
	{"127.0.0.0/8", "loopback (RFC 1122)"},
	{"224.0.0.0/4", "multicast (RFC 5771)"},
	{"240.0.0.0/4", "reserved (RFC 1112)"},
	{"::/64", "loopback and mapped addresses (RFC 4291)"},
	{"fe80::/10", "link-local (RFC 4291)"},
	{"ff00::/8", "multicast (RFC 4291)"},
};

static bool cidr_overlaps(const struct cidr *a, const struct cidr *b)
{
	return a->bits >= b->bits ? cidr_contains(b, &a->addr) : cidr_contains(a, &b->addr);
}

static int special_check(const struct cidr *cidr, const char *text, struct error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		struct cidr special;
		int r = cidr_parse(specials[i].cidr, &special, e);

		if (r < 0)
			return r;
		if (special.family == cidr->family && cidr_overlaps(&special, cidr))
			return error_set(e, EINVAL, "pool %s: %s is for %s", text, specials[i].cidr,
					 specials[i].use);
	}
	return 0;
}

int pool_check(const struct pool_config *config, struct error *e)
{
	const struct cidr *cidr = &config->cidr;
	struct axo_addr first = cidr_first(cidr);
	int longest = cidr->family == 4 ? 30 : 126;
	char text[CIDR_STR_MAX];

	cidr_to_str(cidr, text);
	if (cidr->bits > longest)
		return error_set(
			e, EINVAL,
			"pool %s is too small for a gateway and pods: expected a length of at most %d",
			text, longest);
	if (addr_cmp(&first, &cidr->addr))
		return error_set(e, EINVAL, "pool %s has bits behind its length", text);
	if (config->cooldown_ms < 0 || config->cooldown_ms > POOL_COOLDOWN_MAX_MS)
		return error_set(e, EINVAL, "cool-down of %lld ms: expected 0 to %d",
				 (long long)config->cooldown_ms, POOL_COOLDOWN_MAX_MS);
	return special_check(cidr, text, e);
}
