/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses that are never handed out; see ranges.h. */
#include "ipam/ranges.h"

#include <errno.h>
#include <stdlib.h>

static int range_cmp(const void *a, const void *b)
{
	return addr_cmp(&((const struct range *)a)->first, &((const struct range *)b)->first);
}

/* Sorted input; joins what overlaps or touches. */
static size_t ranges_merge(struct range *v, size_t len)
{
	size_t kept = 0;

	for (size_t i = 1; i < len; i++) {
		struct axo_addr behind = addr_add(&v[kept].last, 1);

		if (addr_cmp(&v[i].first, &behind) > 0)
			v[++kept] = v[i];
		else if (addr_cmp(&v[i].last, &v[kept].last) > 0)
			v[kept].last = v[i].last;
	}
	return kept + 1;
}

/* Prefixes overlap only if one contains the other. */
static bool range_clip(const struct cidr *reserved, const struct cidr *cidr, struct range *out)
{
	const struct cidr *inner = reserved->bits >= cidr->bits ? reserved : cidr;
	const struct cidr *outer = inner == reserved ? cidr : reserved;

	if (reserved->family != cidr->family || !cidr_contains(outer, &inner->addr))
		return false;
	*out = (struct range){cidr_first(inner), cidr_last(inner)};
	return true;
}

int ranges_init(struct ranges *r, const struct cidr *cidr, const struct cidr *reserved,
		size_t reserved_len)
{
	struct range pool = {cidr_first(cidr), cidr_last(cidr)};
	struct range *v = calloc(reserved_len + 2, sizeof(*v));
	size_t len = 0;

	if (!v)
		return -ENOMEM;
	v[len++] = (struct range){pool.first, addr_add(&pool.first, 1)};
	if (cidr->family == 4)
		v[len++] = (struct range){pool.last, pool.last};
	for (size_t i = 0; i < reserved_len; i++) {
		if (range_clip(&reserved[i], cidr, &v[len]))
			len++;
	}
	qsort(v, len, sizeof(*v), range_cmp);
	*r = (struct ranges){.v = v, .len = ranges_merge(v, len), .pool = pool};
	return 0;
}

void ranges_fini(struct ranges *r)
{
	free(r->v);
	*r = (struct ranges){.v = NULL};
}

/* The range with the highest start that is not above @addr, or NULL. */
static const struct range *range_below(const struct ranges *r, const struct axo_addr *addr)
{
	size_t low = 0, high = r->len;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (addr_cmp(&r->v[mid].first, addr) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &r->v[low - 1] : NULL;
}

bool ranges_hold(const struct ranges *r, const struct axo_addr *addr)
{
	const struct range *range = range_below(r, addr);

	return range && addr_cmp(addr, &range->last) <= 0;
}

struct axo_addr ranges_skip(const struct ranges *r, const struct axo_addr *addr)
{
	const struct range *range = range_below(r, addr);

	return range && addr_cmp(addr, &range->last) <= 0 ? addr_add(&range->last, 1) : *addr;
}

/* @from included, @to not. */
static uint64_t addresses_between(const struct axo_addr *from, const struct axo_addr *to)
{
	return addr_cmp(to, from) > 0 ? addr_sub(to, from) : 0;
}

uint64_t ranges_left(const struct ranges *r)
{
	struct axo_addr end = addr_add(&r->pool.last, 1);
	struct axo_addr from = r->pool.first;
	uint64_t left = 0;

	for (size_t i = 0; i <= r->len; i++) {
		const struct axo_addr *to = i < r->len ? &r->v[i].first : &end;

		if (__builtin_add_overflow(left, addresses_between(&from, to), &left))
			return UINT64_MAX;
		if (i < r->len)
			from = addr_add(&r->v[i].last, 1);
	}
	return left;
}
