/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Leases over one or two pools; see ipam.h. */
#include "ipam/ipam.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "ipam/table.h"
#include "lib/cleanup.h"

/* @pub.owner is what the pools' records point to: a lease lives until its addresses are released. */
struct lease {
	struct ipam_lease pub;
	struct table_node node;
	TAILQ_ENTRY(lease) link;
};

TAILQ_HEAD(lease_list, lease);

enum { V4, V6, FAMILIES };

struct ipam {
	struct pool *pools[FAMILIES];
	struct table by_owner;
	struct lease_list leases;
};

static const int family_number[FAMILIES] = {4, 6};

static struct axo_addr *lease_addr(struct ipam_lease *lease, int family)
{
	return family == V4 ? &lease->v4 : &lease->v6;
}

static int reserved_check(const struct ipam_config *config, struct error *e)
{
	for (size_t i = 0; i < config->reserved_len; i++) {
		const struct cidr *range = &config->reserved[i];
		const struct cidr *pool = range->family == 4 ? &config->v4 : &config->v6;
		char a[CIDR_STR_MAX], b[CIDR_STR_MAX];

		cidr_to_str(range, a);
		if (!pool->family)
			return error_set(e, EINVAL, "reserved range %s: there is no IPv%d pool", a,
					 range->family);
		if (range->bits < pool->bits || !cidr_contains(pool, &range->addr))
			return error_set(e, EINVAL, "reserved range %s is not inside the pool %s",
					 a, cidr_to_str(pool, b));
	}
	return 0;
}

static int pools_init(struct ipam *ipam, const struct ipam_config *config, struct error *e)
{
	const struct cidr *cidrs[FAMILIES] = {&config->v4, &config->v6};

	for (int f = 0; f < FAMILIES; f++) {
		struct pool_config pool = {
			.cidr = *cidrs[f],
			.reserved = config->reserved,
			.reserved_len = config->reserved_len,
			.cooldown_ms = config->cooldown_ms,
			.tracked_max = config->tracked_max,
		};
		int r = pool.cidr.family ? pool_new(&pool, &ipam->pools[f], e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int ipam_new(const struct ipam_config *config, struct ipam **out, struct error *e)
{
	_cleanup_ipam_ struct ipam *ipam = NULL;
	int r;

	if (!config->v4.family && !config->v6.family)
		return error_set(e, EINVAL, "no pod CIDR: expected one, or one of each family");
	r = reserved_check(config, e);
	if (r < 0)
		return r;
	ipam = calloc(1, sizeof(*ipam));
	if (!ipam)
		return error_set(e, ENOMEM, "address pools: out of memory");
	TAILQ_INIT(&ipam->leases);
	if (table_init(&ipam->by_owner) < 0)
		return error_set(e, ENOMEM, "address pools: out of memory");
	r = pools_init(ipam, config, e);
	if (r < 0)
		return r;
	*out = TAKE_PTR(ipam);
	return 0;
}

void ipam_free(struct ipam *ipam)
{
	struct lease *lease;

	if (!ipam)
		return;
	/* The pools point to the leases' owners: they go first. */
	for (int f = 0; f < FAMILIES; f++)
		pool_free(ipam->pools[f]);
	while ((lease = TAILQ_FIRST(&ipam->leases))) {
		TAILQ_REMOVE(&ipam->leases, lease, link);
		free(lease);
	}
	table_fini(&ipam->by_owner);
	free(ipam);
}

void ipam_cleanup(struct ipam **ipam)
{
	ipam_free(*ipam);
}

static struct lease *lease_find(const struct ipam *ipam, const struct attachment *owner)
{
	struct table_node *n = table_first(&ipam->by_owner, attachment_hash(owner));

	for (; n; n = table_next(n)) {
		struct lease *lease = TABLE_ENTRY(n, struct lease, node);

		if (attachment_equal(&lease->pub.owner, owner))
			return lease;
	}
	return NULL;
}

static void lease_add(struct ipam *ipam, struct lease *lease)
{
	table_insert(&ipam->by_owner, &lease->node, attachment_hash(&lease->pub.owner));
	TAILQ_INSERT_TAIL(&ipam->leases, lease, link);
}

static void lease_remove(struct ipam *ipam, struct lease *lease)
{
	table_remove(&ipam->by_owner, &lease->node);
	TAILQ_REMOVE(&ipam->leases, lease, link);
	free(lease);
}

/* Requested addresses by family; NULL = any. */
static int sort_wanted(const struct ipam *ipam, const struct axo_addr *wanted, size_t wanted_len,
		       const struct axo_addr *by_family[FAMILIES], struct error *e)
{
	char text[CIDR_STR_MAX];

	for (size_t i = 0; i < wanted_len; i++) {
		int f = addr_family(&wanted[i]) == 4 ? V4 : V6;

		addr_to_str(&wanted[i], text);
		if (by_family[f])
			return error_set(e, EINVAL,
					 "address %s: expected at most one requested IPv%d address",
					 text, family_number[f]);
		if (!ipam->pools[f])
			return error_set(e, EADDRNOTAVAIL,
					 "address %s: there is no IPv%d pool on this host", text,
					 family_number[f]);
		by_family[f] = &wanted[i];
	}
	return 0;
}

/* An owner that asks again: the same answer, or a refusal. */
static int take_again(struct lease *lease, const struct axo_addr *const wanted[FAMILIES],
		      struct ipam_lease *out, struct error *e)
{
	const struct attachment *owner = &lease->pub.owner;

	if (lease->pub.releasing)
		return error_set(e, EBUSY, "container %.64s, interface %s is still being removed",
				 owner->container_id, owner->ifname);
	for (int f = 0; f < FAMILIES; f++) {
		const struct axo_addr *has = lease_addr(&lease->pub, f);
		char a[CIDR_STR_MAX], b[CIDR_STR_MAX];

		if (!wanted[f] || !addr_cmp(wanted[f], has))
			continue;
		return error_set(e, EEXIST,
				 "container %.64s, interface %s has %s already, and requests %s",
				 owner->container_id, owner->ifname,
				 addr_is_zero(has) ? "addresses" : addr_to_str(has, a),
				 addr_to_str(wanted[f], b));
	}
	*out = lease->pub;
	return 0;
}

/* First choose in all families, then claim: what fails half-way has changed nothing. */
static int choose_all(struct ipam *ipam, const struct attachment *owner,
		      const struct axo_addr *const wanted[FAMILIES], int64_t now_ms,
		      struct pool_choice choices[FAMILIES], struct error *e)
{
	for (int f = 0; f < FAMILIES; f++) {
		struct pool *pool = ipam->pools[f];
		int r;

		if (!pool)
			continue;
		if (pool_reserve_memory(pool) < 0)
			return error_set(e, ENOMEM, "address pools: out of memory");
		if (wanted[f])
			r = pool_choose_requested(pool, wanted[f], owner, now_ms, &choices[f], e);
		else
			r = pool_choose(pool, now_ms, &choices[f], e);
		if (r < 0)
			return r;
	}
	return 0;
}

int ipam_take(struct ipam *ipam, const struct attachment *owner, const struct axo_addr *wanted,
	      size_t wanted_len, int64_t now_ms, struct ipam_lease *out, struct error *e)
{
	const struct axo_addr *by_family[FAMILIES] = {NULL};
	struct pool_choice choices[FAMILIES] = {0};
	struct lease *lease = lease_find(ipam, owner);
	int r;

	r = sort_wanted(ipam, wanted, wanted_len, by_family, e);
	if (r < 0)
		return r;
	if (lease)
		return take_again(lease, by_family, out, e);
	r = choose_all(ipam, owner, by_family, now_ms, choices, e);
	if (r < 0)
		return r;
	lease = calloc(1, sizeof(*lease));
	if (!lease)
		return error_set(e, ENOMEM, "address pools: out of memory");
	lease->pub.owner = *owner;
	for (int f = 0; f < FAMILIES; f++) {
		*lease_addr(&lease->pub, f) = choices[f].addr;
		if (ipam->pools[f])
			pool_claim(ipam->pools[f], &choices[f], &lease->pub.owner);
	}
	lease_add(ipam, lease);
	*out = lease->pub;
	return 0;
}

int ipam_release(struct ipam *ipam, const struct attachment *owner)
{
	struct lease *lease = lease_find(ipam, owner);

	if (!lease)
		return -ENOENT;
	if (lease->pub.releasing)
		return 0;
	for (int f = 0; f < FAMILIES; f++) {
		if (!addr_is_zero(lease_addr(&lease->pub, f)))
			pool_release(ipam->pools[f], lease_addr(&lease->pub, f));
	}
	lease->pub.releasing = true;
	return 0;
}

int ipam_released(struct ipam *ipam, const struct attachment *owner, int64_t now_ms)
{
	struct lease *lease = lease_find(ipam, owner);

	if (!lease)
		return -ENOENT;
	if (!lease->pub.releasing)
		return -EBUSY;
	for (int f = 0; f < FAMILIES; f++) {
		if (!addr_is_zero(lease_addr(&lease->pub, f)))
			pool_released(ipam->pools[f], lease_addr(&lease->pub, f), now_ms);
	}
	lease_remove(ipam, lease);
	return 0;
}

const struct ipam_lease *ipam_find(const struct ipam *ipam, const struct attachment *owner)
{
	const struct lease *lease = lease_find(ipam, owner);

	return lease ? &lease->pub : NULL;
}

struct pool *ipam_pool(const struct ipam *ipam, int family)
{
	return ipam->pools[family == 4 ? V4 : V6];
}

const struct ipam_lease *ipam_find_address(const struct ipam *ipam, const struct axo_addr *addr)
{
	const struct pool *pool = ipam_pool(ipam, addr_family(addr));
	const struct attachment *owner = pool ? pool_find(pool, addr).owner : NULL;

	return owner ? ipam_find(ipam, owner) : NULL;
}

const struct ipam_lease *ipam_next(const struct ipam *ipam, const struct ipam_lease *lease)
{
	const struct lease *next =
		lease ? TAILQ_NEXT(TABLE_ENTRY(lease, const struct lease, pub), link)
		      : TAILQ_FIRST(&ipam->leases);

	return next ? &next->pub : NULL;
}

bool ipam_stats(const struct ipam *ipam, int family, int64_t now_ms, struct pool_stats *stats)
{
	const struct pool *pool = ipam_pool(ipam, family);

	if (pool)
		*stats = pool_get_stats(pool, now_ms);
	return pool;
}

bool ipam_gateway(const struct ipam *ipam, int family, struct axo_addr *gateway)
{
	const struct pool *pool = ipam_pool(ipam, family);

	if (pool)
		*gateway = pool_gateway(pool);
	return pool;
}

void ipam_copy_counters(struct ipam *to, const struct ipam *from)
{
	for (int f = 0; f < FAMILIES; f++) {
		if (to->pools[f] && from->pools[f])
			pool_copy_counters(to->pools[f], from->pools[f]);
	}
}

/* Stored rows of one owner are saved together, so they agree; if not, the database is damaged. */
static int lease_join(struct ipam *ipam, const struct pool_record *record,
		      const struct attachment *owner, struct lease **out, struct error *e)
{
	bool releasing = record->state == POOL_RELEASING;
	struct lease *lease = lease_find(ipam, owner);
	int f = addr_family(&record->addr) == 4 ? V4 : V6;

	if (!lease) {
		lease = calloc(1, sizeof(*lease));
		if (!lease)
			return error_set(e, ENOMEM, "address pools: out of memory");
		lease->pub.owner = *owner;
		lease->pub.releasing = releasing;
		lease_add(ipam, lease);
	}
	if (lease->pub.releasing != releasing || !addr_is_zero(lease_addr(&lease->pub, f)))
		return error_set(
			e, EINVAL,
			"container %.64s, interface %s has two IPv%d addresses or is half removed",
			owner->container_id, owner->ifname, family_number[f]);
	*lease_addr(&lease->pub, f) = record->addr;
	*out = lease;
	return 0;
}

int ipam_restore(struct ipam *ipam, const struct pool_record *record,
		 const struct attachment *owner, struct error *e)
{
	struct pool *pool = ipam_pool(ipam, addr_family(&record->addr));
	struct pool_record copy = *record;
	struct lease *lease = NULL;
	char text[CIDR_STR_MAX];
	int r;

	copy.owner = NULL;
	copy.owner_hash = attachment_hash(owner);
	if (record->state != POOL_RELEASED) {
		r = lease_join(ipam, record, owner, &lease, e);
		if (r < 0)
			return r;
		copy.owner = &lease->pub.owner;
	}
	r = pool ? pool_restore(pool, &copy) : -EINVAL;
	if (r < 0)
		return error_set(e, -r, "address %s: %s", addr_to_str(&record->addr, text),
				 r == -EEXIST	? "stands there twice"
				 : r == -ENOMEM ? "out of memory"
						: "outside of the pools");
	return 0;
}
