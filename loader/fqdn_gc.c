/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was learned for toFQDNs, kept and deleted; see fqdn_gc.h. */
#include "loader/fqdn_gc.h"

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "lib/cidr.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/flow_gc.h"
#include "policy/map.h"

/** struct ends - a flow to an address that was learned: what is looked for */
struct ends {
	struct axo_addr from;
	struct axo_addr to;
};

/** struct learned - @expires_s: the latest of its selectors */
struct learned {
	struct axo_fqdn_key key;
	uint32_t expires_s;
	bool used;
};

/** struct fqdn_gc - @by_ends: struct learned; @orphans: of endpoints that are gone, by number */
struct fqdn_gc {
	struct agent *agent;
	struct map by_ends;
	struct map orphans;
};

static uint32_t now_s(void)
{
	return (uint32_t)(clock_us() / 1000000);
}

static uint32_t latest(const struct axo_fqdn *v)
{
	uint32_t s = 0;

	for (int i = 0; i < AXO_FQDN_SLOTS; i++)
		if (AXO_FQDN_EXPIRES_S(v->slot[i]) > s)
			s = AXO_FQDN_EXPIRES_S(v->slot[i]);
	return s;
}

/* The pod that learned it, or NULL: its id may be another's now. */
static const struct endpoint *owner(const struct agent *agent, uint32_t id, uint32_t mac)
{
	const struct endpoint *ep = endpoint_by_id(agent->endpoints, id);

	return ep && axo_fqdn_mac(ep->mac) == mac ? ep : NULL;
}

static void learned_add(struct fqdn_gc *gc, const struct axo_fqdn_key *key,
			const struct axo_fqdn *v)
{
	const struct endpoint *ep = owner(gc->agent, key->endpoint, key->mac);
	struct ends ends = {.to = key->addr};
	struct learned *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	*l = (struct learned){.key = *key, .expires_s = latest(v)};
	if (!ep) {
		*map_slot(&gc->orphans, key, sizeof(*key)) = l;
		return;
	}
	ends.from = addr_family(&key->addr) == 4 ? ep->ipv4 : ep->ipv6;
	void **slot = map_slot(&gc->by_ends, &ends, sizeof(ends));
	free(*slot);
	*slot = l;
}

struct fqdn_gc *fqdn_gc_begin(struct agent *agent)
{
	int fd = datapath_map_fd(agent->datapath, MAP_FQDN);
	struct axo_fqdn_key key, *prev = NULL;
	struct fqdn_gc *gc;
	struct axo_fqdn v;

	if (bpf_map_get_next_key(fd, NULL, &key) < 0)
		return NULL;
	gc = calloc(1, sizeof(*gc));
	if (!gc)
		return NULL;
	gc->agent = agent;
	for (; bpf_map_get_next_key(fd, prev, &key) == 0; prev = &key)
		if (bpf_map_lookup_elem(fd, &key, &v) == 0)
			learned_add(gc, &key, &v);
	return gc;
}

void fqdn_gc_see(struct fqdn_gc *gc, const struct axo_flow_key *key, const struct axo_flow *flow)
{
	const struct ends ends = {
		.from = key->addr[flow->originator & 1],
		.to = key->addr[!(flow->originator & 1)],
	};
	struct learned *l = map_get(&gc->by_ends, &ends, sizeof(ends));

	if (l)
		l->used = true;
}

static void use_note(const struct fqdn_gc *gc, const struct learned *l)
{
	uint32_t until_s = now_s() + 3 * FLOW_GC_PERIOD_S;

	bpf_map_update_elem(datapath_map_fd(gc->agent->datapath, MAP_FQDN_USE), &l->key, &until_s,
			    BPF_ANY);
}

static void learned_delete(const struct fqdn_gc *gc, const struct learned *l, bool orphan)
{
	int fd = datapath_map_fd(gc->agent->datapath, MAP_FQDN);
	struct axo_fqdn v;

	if (bpf_map_lookup_and_delete_elem(fd, &l->key, &v) == 0 && !orphan && latest(&v) > now_s())
		bpf_map_update_elem(fd, &l->key, &v, BPF_NOEXIST);
	else
		bpf_map_delete_elem(datapath_map_fd(gc->agent->datapath, MAP_FQDN_USE), &l->key);
}

static bool in_use(const struct fqdn_gc *gc, const struct axo_fqdn_name_key *name,
		   const struct axo_addr *addr)
{
	const struct axo_fqdn_key key = {
		.addr = *addr, .endpoint = name->endpoint, .mac = name->mac};
	uint32_t until_s = 0;

	bpf_map_lookup_elem(datapath_map_fd(gc->agent->datapath, MAP_FQDN_USE), &key, &until_s);
	return until_s > now_s();
}

static bool name_is_over(const struct fqdn_gc *gc, const struct axo_fqdn_name_key *key,
			 const struct axo_fqdn_name *v)
{
	if (!owner(gc->agent, key->endpoint, key->mac))
		return true;
	for (int i = 0; i < AXO_FQDN_ADDRESSES; i++)
		if (v->address[i].expires_s &&
		    (v->address[i].expires_s + FQDN_GC_LATE_S > now_s() ||
		     in_use(gc, key, &v->address[i].addr)))
			return false;
	return true;
}

/* The key is remembered before it is deleted: the walk goes on behind it. */
static void names_sweep(const struct fqdn_gc *gc)
{
	int fd = datapath_map_fd(gc->agent->datapath, MAP_FQDN_NAME);
	struct axo_fqdn_name_key key, gone;
	struct axo_fqdn_name v;
	bool over = false;
	int r = bpf_map_get_next_key(fd, NULL, &key);

	while (r == 0) {
		over = bpf_map_lookup_elem(fd, &key, &v) == 0 && name_is_over(gc, &key, &v);
		gone = key;
		r = bpf_map_get_next_key(fd, &gone, &key);
		if (over)
			bpf_map_delete_elem(fd, &gone);
	}
}

void fqdn_gc_end(struct fqdn_gc *gc)
{
	uint32_t removed = 0;

	for (struct map_item *i = map_next(&gc->by_ends, NULL); i; i = map_next(&gc->by_ends, i)) {
		const struct learned *l = i->value;

		if (l->used) {
			use_note(gc, l);
		} else if (l->expires_s + FQDN_GC_LATE_S <= now_s()) {
			learned_delete(gc, l, false);
			removed++;
		}
	}
	for (struct map_item *i = map_next(&gc->orphans, NULL); i; i = map_next(&gc->orphans, i)) {
		learned_delete(gc, i->value, true);
		removed++;
	}
	names_sweep(gc);
	if (removed)
		log_debug("learned addresses ran out", "removed", log_num(removed));
	fqdn_gc_free(gc);
}

void fqdn_gc_free(struct fqdn_gc *gc)
{
	if (!gc)
		return;
	map_fini(&gc->by_ends, free);
	map_fini(&gc->orphans, free);
	free(gc);
}
