/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host's own addresses; see host_address.h. */
#include "loader/host_address.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/endpoint_map.h"
#include "loader/gateway.h"
#include "loader/netwatch.h"
#include "loader/policy_engine.h"

/** struct address_list - sorted and unique once it is whole */
struct address_list {
	struct axo_addr *items;
	size_t count;
	size_t room;
};

/**
 * struct host_addresses
 * @restore: after a change, looks whether the gateway's addresses are still there
 */
struct host_addresses {
	struct agent *agent;
	struct netwatch *watch;
	struct event *restore;
	struct address_list now;
};

/* Later, so that nobody who flushes a device has to fight with us. */
static const struct timeval restore_after = {.tv_sec = 1};

static int compare(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

static bool is_loopback(const struct axo_addr *a)
{
	static const struct axo_addr v6 = {.b = {[15] = 1}};

	return addr_family(a) == 4 ? a->b[12] == 127 : addr_cmp(a, &v6) == 0;
}

static int list_add(struct address_list *l, const struct axo_addr *addr)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct axo_addr *bigger = realloc(l->items, room * sizeof(struct axo_addr));

		if (!bigger)
			return -ENOMEM;
		l->items = bigger;
		l->room = room;
	}
	l->items[l->count++] = *addr;
	return 0;
}

static int collect(int ifindex, const struct cidr *addr, void *arg)
{
	(void)ifindex;
	return is_loopback(&addr->addr) ? 0 : list_add(arg, &addr->addr);
}

/* What an earlier agent published. */
static int collect_published(const struct axo_addr *addr, uint32_t bits, uint32_t identity,
			     void *arg)
{
	return bits == 128 && identity == AXO_ID_HOST ? list_add(arg, addr) : 0;
}

static void sort_unique(struct address_list *l)
{
	size_t kept = 0;

	if (l->count)
		qsort(l->items, l->count, sizeof(struct axo_addr), compare);
	for (size_t i = 0; i < l->count; i++) {
		if (kept == 0 || addr_cmp(&l->items[kept - 1], &l->items[i]) != 0)
			l->items[kept++] = l->items[i];
	}
	l->count = kept;
}

static bool has(const struct address_list *l, const struct axo_addr *addr)
{
	return l->count && bsearch(addr, l->items, l->count, sizeof(*addr), compare);
}

/* New ones in, old ones out, then the generation, if anything changed. */
static void apply(struct host_addresses *h, const struct address_list *next)
{
	struct datapath *dp = h->agent->datapath;
	unsigned int changes = 0;
	char text[CIDR_STR_MAX];
	int r;

	for (size_t i = 0; i < next->count; i++) {
		if (has(&h->now, &next->items[i]))
			continue;
		r = ipcache_put(dp, &next->items[i], AXO_ID_HOST);
		if (r < 0)
			log_err(r, "cannot publish host address %s",
				addr_to_str(&next->items[i], text));
		changes++;
	}
	for (size_t i = 0; i < h->now.count; i++) {
		if (has(next, &h->now.items[i]))
			continue;
		ipcache_remove(dp, &h->now.items[i]);
		policy_address_freed(h->agent->policy, &h->now.items[i]);
		changes++;
	}
	if (changes)
		datapath_bump(dp);
}

static int list_again(struct host_addresses *h)
{
	struct address_list next = {0};
	int r = address_list(h->agent->nl, 0, collect, &next);

	if (r < 0) {
		free(next.items);
		return r;
	}
	sort_unique(&next);
	apply(h, &next);
	free(h->now.items);
	h->now = next;
	policy_host_changed(h->agent->policy);
	return 0;
}

static void restore_fired(evutil_socket_t fd, short what, void *arg)
{
	struct host_addresses *h = arg;
	int r = gateway_restore(h->agent->nl, &h->agent->config);

	(void)fd;
	(void)what;
	if (r < 0)
		log_err(r, "cannot restore the gateway's addresses");
}

static void changed(void *arg, int ifindex)
{
	struct host_addresses *h = arg;
	int r = list_again(h);

	(void)ifindex;
	if (r < 0)
		log_err(r, "cannot list the host's addresses");
	if (!evtimer_pending(h->restore, NULL))
		event_add(h->restore, &restore_after);
}

int host_addresses_open(struct host_addresses **out, struct agent *agent, struct error *e)
{
	struct host_addresses *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return error_set(e, ENOMEM, "no memory");
	h->agent = agent;
	h->restore = event_new(agent->base, -1, 0, restore_fired, h);
	if (!h->restore) {
		free(h);
		return error_set(e, ENOMEM, "no memory");
	}
	/* Watch first: what changes while the list is made is heard of afterwards. */
	r = netwatch_open(&h->watch, agent->base, NETWATCH_ADDRESSES, changed, h, e);
	if (r == 0) {
		r = ipcache_each(agent->datapath, collect_published, &h->now);
		sort_unique(&h->now);
		if (r == 0)
			r = list_again(h);
		if (r < 0)
			error_set(e, r, "cannot list the host's addresses: %s", strerror(-r));
	}
	if (r < 0) {
		host_addresses_close(h);
		return r;
	}
	*out = h;
	return 0;
}

void host_addresses_close(struct host_addresses *h)
{
	if (!h)
		return;
	netwatch_close(h->watch);
	if (h->restore)
		event_free(h->restore);
	free(h->now.items);
	free(h);
}

const struct axo_addr *host_addresses_get(const struct host_addresses *h, size_t *count)
{
	*count = h->now.count;
	return h->now.items;
}
