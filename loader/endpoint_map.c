/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Endpoints in the maps; see endpoint_map.h. */
#include "loader/endpoint_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"

/* @ep as programs see it. */
static void value_of(const struct datapath *dp, const struct endpoint *ep, struct axo_endpoint *out)
{
	/* The kernel copies padding too: comparing entries needs it zero. */
	memset(out, 0, sizeof(*out));
	out->id = ep->id;
	out->identity = ep->identity;
	out->ifindex = (uint32_t)ep->ifindex;
	out->mtu = ep->mtu;
	out->ipv4 = ep->ipv4;
	out->ipv6 = ep->ipv6;
	memcpy(out->mac, ep->mac, 6);
	out->flags = ep->audit || datapath_audit(dp) ? AXO_ENDPOINT_AUDIT : 0;
	out->policy = ep->policy;
}

static struct axo_ipcache_key ipcache_key(const struct axo_addr *addr)
{
	struct axo_ipcache_key key = {.prefixlen = 128};

	memcpy(key.addr, addr->b, 16);
	return key;
}

int ipcache_put(struct datapath *dp, const struct axo_addr *addr, uint32_t identity)
{
	struct axo_ipcache_key key = ipcache_key(addr);
	struct axo_ipcache value = {.identity = identity};

	return bpf_map_update_elem(datapath_map_fd(dp, MAP_IPCACHE), &key, &value, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

static const struct axo_addr v4_world = {.b = {[10] = 0xff, [11] = 0xff}};

int ipcache_put_world(struct datapath *dp)
{
	struct axo_ipcache_key key = ipcache_key(&v4_world);
	struct axo_ipcache value = {.identity = AXO_ID_WORLD_IPV4};

	key.prefixlen = AXO_V4_PREFIX_BITS;
	return bpf_map_update_elem(datapath_map_fd(dp, MAP_IPCACHE), &key, &value, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

bool ipcache_is_world(const struct axo_addr *addr, uint32_t bits)
{
	return bits == AXO_V4_PREFIX_BITS && addr_cmp(addr, &v4_world) == 0;
}

int ipcache_remove(struct datapath *dp, const struct axo_addr *addr)
{
	struct axo_ipcache_key key = ipcache_key(addr);

	if (bpf_map_delete_elem(datapath_map_fd(dp, MAP_IPCACHE), &key) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

static int publish(struct datapath *dp, const struct endpoint *ep, const struct axo_endpoint *value)
{
	const struct axo_addr *addrs[] = {&ep->ipv4, &ep->ipv6};
	uint32_t ifindex = (uint32_t)ep->ifindex;
	int r = 0;

	if (bpf_map_update_elem(datapath_map_fd(dp, MAP_ENDPOINT), &ifindex, value, BPF_ANY) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(addrs) && r == 0; i++)
		r = addr_is_zero(addrs[i]) ? 0 : ipcache_put(dp, addrs[i], ep->identity);
	for (size_t i = 0; i < ARRAY_SIZE(addrs) && r == 0; i++) {
		if (!addr_is_zero(addrs[i]) && bpf_map_update_elem(datapath_map_fd(dp, MAP_ADDRESS),
								   addrs[i], value, BPF_ANY) < 0)
			r = -errno;
	}
	return r;
}

int endpoint_publish(struct datapath *dp, const struct endpoint *ep, struct error *e)
{
	struct axo_endpoint value;
	int r;

	value_of(dp, ep, &value);
	r = publish(dp, ep, &value);
	if (r < 0) {
		endpoint_withdraw(dp, ep);
		return error_set(e, r, "cannot publish endpoint %u: %s", ep->id, strerror(-r));
	}
	datapath_bump(dp);
	return 0;
}

int endpoint_map_update(struct datapath *dp, const struct endpoint *ep, struct error *e)
{
	const struct axo_addr *addrs[] = {&ep->ipv4, &ep->ipv6};
	uint32_t ifindex = (uint32_t)ep->ifindex;
	struct axo_endpoint value;
	int r = 0;

	value_of(dp, ep, &value);
	if (bpf_map_update_elem(datapath_map_fd(dp, MAP_ENDPOINT), &ifindex, &value, BPF_EXIST) < 0)
		r = -errno;
	for (size_t i = 0; i < ARRAY_SIZE(addrs); i++) {
		if (!addr_is_zero(addrs[i]) && bpf_map_update_elem(datapath_map_fd(dp, MAP_ADDRESS),
								   addrs[i], &value, BPF_EXIST) < 0)
			r = -errno;
	}
	return r < 0 ? error_set(e, r, "cannot update endpoint %u: %s", ep->id, strerror(-r)) : 0;
}

/* Only what is this endpoint's: the address may be somebody else's by now. */
static void withdraw_address(struct datapath *dp, const struct endpoint *ep,
			     const struct axo_addr *addr)
{
	int fd = datapath_map_fd(dp, MAP_ADDRESS);
	struct axo_endpoint found;

	if (addr_is_zero(addr))
		return;
	if (bpf_map_lookup_elem(fd, addr, &found) == 0) {
		if (found.id != ep->id)
			return;
		bpf_map_delete_elem(fd, addr);
	}
	ipcache_remove(dp, addr);
}

void endpoint_withdraw(struct datapath *dp, const struct endpoint *ep)
{
	int fd = datapath_map_fd(dp, MAP_ENDPOINT);
	uint32_t ifindex = (uint32_t)ep->ifindex;
	struct axo_endpoint found;

	withdraw_address(dp, ep, &ep->ipv4);
	withdraw_address(dp, ep, &ep->ipv6);
	if (ifindex && bpf_map_lookup_elem(fd, &ifindex, &found) == 0 && found.id == ep->id)
		bpf_map_delete_elem(fd, &ifindex);
	datapath_bump(dp);
}

static int check_address(struct datapath *dp, const struct axo_endpoint *value,
			 const struct axo_addr *addr, struct error *e)
{
	struct axo_ipcache_key key = ipcache_key(addr);
	struct axo_ipcache ipcache;
	struct axo_endpoint found;
	char text[CIDR_STR_MAX];

	if (addr_is_zero(addr))
		return 0;
	if (bpf_map_lookup_elem(datapath_map_fd(dp, MAP_ADDRESS), addr, &found) < 0 ||
	    memcmp(&found, value, sizeof(found)) != 0)
		return error_set(e, ENOENT, "map " AXO_MAP_ADDRESS " has no right entry for %s",
				 addr_to_str(addr, text));
	if (bpf_map_lookup_elem(datapath_map_fd(dp, MAP_IPCACHE), &key, &ipcache) < 0 ||
	    ipcache.identity != value->identity)
		return error_set(e, ENOENT, "map " AXO_MAP_IPCACHE " has no right entry for %s",
				 addr_to_str(addr, text));
	return 0;
}

int endpoint_map_check(struct datapath *dp, const struct endpoint *ep, struct error *e)
{
	uint32_t ifindex = (uint32_t)ep->ifindex;
	struct axo_endpoint value, found;
	int r;

	value_of(dp, ep, &value);
	if (bpf_map_lookup_elem(datapath_map_fd(dp, MAP_ENDPOINT), &ifindex, &found) < 0 ||
	    memcmp(&found, &value, sizeof(found)) != 0)
		return error_set(e, ENOENT, "map " AXO_MAP_ENDPOINT " has no right entry for %s",
				 ep->device);
	r = check_address(dp, &value, &ep->ipv4, e);
	return r < 0 ? r : check_address(dp, &value, &ep->ipv6, e);
}

typedef bool (*keep_fn)(const void *key, const void *arg);

/*
 * Delete the keys that @keep refuses.  The next key is fetched before one is deleted; should the
 * walk start over because of that (hash maps do), it ends all the same, as deleted ones are gone.
 */
static unsigned int prune(int fd, keep_fn keep, const void *arg)
{
	_Alignas(8) char keys[2][64];
	char *key = keys[0], *next = keys[1];
	unsigned int removed = 0;
	bool more = bpf_map_get_next_key(fd, NULL, key) == 0;

	while (more) {
		char *spare = key;

		more = bpf_map_get_next_key(fd, key, next) == 0;
		if (!keep(key, arg) && bpf_map_delete_elem(fd, key) == 0)
			removed++;
		key = next;
		next = spare;
	}
	return removed;
}

static bool keep_endpoint(const void *key, const void *arg)
{
	uint32_t ifindex;

	memcpy(&ifindex, key, sizeof(ifindex));
	return endpoint_by_ifindex(arg, (int)ifindex) != NULL;
}

/* Sorted addresses of READY endpoints. */
struct address_set {
	struct axo_addr *items;
	size_t count;
};

static int compare_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static bool keep_address(const void *key, const void *arg)
{
	const struct address_set *set = arg;

	return bsearch(key, set->items, set->count, sizeof(struct axo_addr), compare_addr) != NULL;
}

static int address_set_fill(struct address_set *set, const struct endpoint_table *t)
{
	set->items = calloc(2 * endpoint_count(t) + 1, sizeof(struct axo_addr));
	if (!set->items)
		return -ENOMEM;
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		if (ep->state != ENDPOINT_READY)
			continue;
		if (!addr_is_zero(&ep->ipv4))
			set->items[set->count++] = ep->ipv4;
		if (!addr_is_zero(&ep->ipv6))
			set->items[set->count++] = ep->ipv6;
	}
	qsort(set->items, set->count, sizeof(struct axo_addr), compare_addr);
	return 0;
}

unsigned int endpoint_maps_prune(struct datapath *dp, const struct endpoint_table *t)
{
	struct address_set set = {0};
	unsigned int removed;

	if (address_set_fill(&set, t) < 0)
		return 0;
	removed = prune(datapath_map_fd(dp, MAP_ADDRESS), keep_address, &set);
	removed += prune(datapath_map_fd(dp, MAP_ENDPOINT), keep_endpoint, t);
	free(set.items);
	return removed;
}

struct ipcache_keep {
	bool (*keep)(const struct axo_addr *addr, uint32_t bits, void *arg);
	void *arg;
};

static bool keep_ipcache(const void *key, const void *arg)
{
	const struct ipcache_keep *k = arg;
	const struct axo_ipcache_key *ip = key;
	struct axo_addr addr;

	memcpy(addr.b, ip->addr, sizeof(addr.b));
	return k->keep(&addr, ip->prefixlen, k->arg);
}

unsigned int ipcache_prune(struct datapath *dp,
			   bool (*keep)(const struct axo_addr *addr, uint32_t bits, void *arg),
			   void *arg)
{
	struct ipcache_keep k = {.keep = keep, .arg = arg};

	return prune(datapath_map_fd(dp, MAP_IPCACHE), keep_ipcache, &k);
}

int ipcache_each(struct datapath *dp,
		 int (*fn)(const struct axo_addr *addr, uint32_t bits, uint32_t identity,
			   void *arg),
		 void *arg)
{
	int fd = datapath_map_fd(dp, MAP_IPCACHE), r = 0;
	struct axo_ipcache_key key;
	bool more = bpf_map_get_next_key(fd, NULL, &key) == 0;

	while (more && r >= 0) {
		struct axo_ipcache value;
		struct axo_addr addr;

		memcpy(addr.b, key.addr, sizeof(addr.b));
		if (bpf_map_lookup_elem(fd, &key, &value) == 0)
			r = fn(&addr, key.prefixlen, value.identity, arg);
		more = bpf_map_get_next_key(fd, &key, &key) == 0;
	}
	return r < 0 ? r : 0;
}
