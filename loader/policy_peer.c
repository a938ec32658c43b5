/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Identities that policies know: pods, reserved ones, prefixes; see policy_internal.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/identity.h"
#include "loader/ip_feed.h"
#include "loader/policy_apiserver.h"
#include "loader/policy_internal.h"
#include "loader/policy_store.h"

/* Ports of all subjects with one identity; names are borrowed. */
static struct named_port *ports_of(const struct policy_engine *p, uint32_t identity, size_t *count)
{
	struct named_port *ports = NULL;
	struct policy_subject *s;

	*count = 0;
	subject_each(p, item, s)
	{
		if (s->identity != identity || !s->port_count)
			continue;
		ports = reallocarray(ports, *count + s->port_count, sizeof(*ports));
		if (!ports)
			abort();
		memcpy(ports + *count, s->ports, s->port_count * sizeof(*ports));
		*count += s->port_count;
	}
	return ports;
}

int policy_peer_put(struct policy_engine *p, uint32_t identity, struct error *e)
{
	const struct identity *id = identity_by_id(p->agent->identities, identity);
	struct identity_view view = {.id = identity};
	struct named_port *ports;
	int r;
	static const char *const host_labels[] = {"reserved:host", "reserved:kube-apiserver"};

	if (!id)
		return error_set(e, ENOENT, "there is no identity %u", identity);
	ports = ports_of(p, identity, &view.port_count);
	view.ports = ports;
	view.labels = (const char *const *)id->labels;
	view.label_count = id->label_count;
	if (identity == AXO_ID_HOST && policy_apiserver_is_host(p)) {
		view.labels = host_labels;
		view.label_count = ARRAY_SIZE(host_labels);
	}
	r = peers_put(p->peers, p->set, &view, e);
	free(ports);
	return r;
}

static int prefix_peer(struct policy_engine *p, const struct prefix *x, struct error *e)
{
	char text[CIDR_STR_MAX], label[CIDR_STR_MAX + 8];
	const char *labels[] = {
		label,
		x->cidr.family == 6 ? "reserved:world-ipv6" : "reserved:world-ipv4",
		"reserved:kube-apiserver",
	};
	struct identity_view view = {
		.id = x->id,
		.labels = labels,
		.label_count = policy_apiserver_has(p, &x->cidr) ? 3 : 2,
	};

	snprintf(label, sizeof(label), "cidr:%s", cidr_to_str(&x->cidr, text));
	return peers_put(p->peers, p->set, &view, e);
}

static struct prefix *prefix_find(const struct policy_engine *p, const struct cidr *c)
{
	return map_get(&p->prefixes, c, sizeof(*c));
}

/* @id 0: it gets none before it is wanted. */
static struct prefix *prefix_add(struct policy_engine *p, const struct cidr *c, uint32_t id)
{
	struct prefix *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	*x = (struct prefix){.cidr = *c, .id = id};
	*map_slot(&p->prefixes, c, sizeof(*c)) = x;
	if (id)
		*map_slot(&p->prefix_ids, &id, sizeof(id)) = x;
	return x;
}

static void prefix_forget(struct policy_engine *p, struct prefix *x)
{
	peers_remove(p->peers, x->id);
	map_remove(&p->prefix_ids, &x->id, sizeof(x->id));
	map_remove(&p->prefixes, &x->cidr, sizeof(x->cidr));
	free(x);
}

/* Numbers go round, like those of pods; 0 = all are taken. */
static uint32_t number_new(struct policy_engine *p, int family)
{
	uint32_t first = family == 6 ? AXO_ID_PREFIX6_MIN : AXO_ID_PREFIX4_MIN;
	uint32_t last = family == 6 ? AXO_ID_PREFIX_MAX : AXO_ID_PREFIX6_MIN - 1;
	uint32_t *next = &p->next_prefix[family == 6];

	for (uint32_t tries = 0; tries <= last - first; tries++) {
		uint32_t id = *next < first || *next > last ? first : *next;

		*next = id + 1;
		if (!map_get(&p->prefix_ids, &id, sizeof(id)))
			return id;
	}
	return 0;
}

/* --- prefixes that policies come and go with --- */

static void prefix_touch(struct policy_engine *p, struct prefix *x)
{
	if (x->touched)
		return;
	x->touched = true;
	if (p->touched_count == p->touched_size) {
		p->touched_size = p->touched_size ? p->touched_size * 2 : 64;
		p->touched = reallocarray(p->touched, p->touched_size, sizeof(struct prefix *));
		if (!p->touched)
			abort();
	}
	p->touched[p->touched_count++] = x;
}

static void prefix_use(struct policy_engine *p, const struct cidr *c, bool more)
{
	struct prefix *x = prefix_find(p, c);

	if (!x)
		x = prefix_add(p, c, 0);
	if (more)
		x->uses++;
	else
		x->uses--;
	prefix_touch(p, x);
}

/* What the policies name, more or less. */
static void policies_use(struct policy_engine *p, const struct policy *const *list, size_t count,
			 bool more)
{
	_cleanup_free_ struct cidr *named = NULL;
	size_t n = policies_prefixes(list, count, &named);

	for (size_t i = 0; i < n; i++)
		prefix_use(p, &named[i], more);
}

static int prefix_decide(struct policy_engine *p, struct prefix *x, struct error *e)
{
	if (!x->uses) {
		x->dropped = x->wanted;
		return 0;
	}
	if (x->wanted)
		return 0;
	if (!x->id) {
		x->id = number_new(p, x->cidr.family);
		if (!x->id)
			return error_set(e, ENOSPC, "all identities of prefixes are in use");
		*map_slot(&p->prefix_ids, &x->id, sizeof(x->id)) = x;
	}
	x->wanted = x->fresh = true;
	return prefix_peer(p, x, e);
}

int policy_prefixes_want(struct policy_engine *p, const struct policy_changes *c, struct error *e)
{
	int r = 0;

	p->counted = true;
	policies_use(p, c->policies, c->gone, false);
	policies_use(p, c->policies + c->gone, c->count - c->gone, true);
	for (size_t i = 0; i < p->touched_count && r == 0; i++)
		r = prefix_decide(p, p->touched[i], e);
	return r;
}

static void touched_end(struct policy_engine *p)
{
	for (size_t i = 0; i < p->touched_count; i++) {
		struct prefix *x = p->touched[i];

		x->touched = x->fresh = x->dropped = false;
		if (!x->id)
			prefix_forget(p, x);
	}
	p->touched_count = 0;
	p->counted = false;
}

/* What was retired and not yet forgotten goes on being so. */
void policy_prefixes_undo(struct policy_engine *p, const struct policy_changes *c)
{
	if (!p->counted)
		return;
	policies_use(p, c->policies + c->gone, c->count - c->gone, false);
	policies_use(p, c->policies, c->gone, true);
	for (size_t i = 0; i < p->touched_count; i++) {
		struct prefix *x = p->touched[i];
		const struct retired r = {.prefix = x};

		if (!x->fresh)
			continue;
		x->wanted = false;
		x->retired++;
		policy_retire(p, &r);
	}
	touched_end(p);
}

int policy_prefixes_save(struct policy_engine *p, struct error *e)
{
	char text[CIDR_STR_MAX];

	for (size_t i = 0; i < p->touched_count; i++) {
		const struct prefix *x = p->touched[i];
		int r = 0;

		if (x->fresh)
			r = policy_store_put_prefix(p->store, cidr_to_str(&x->cidr, text), x->id,
						    e);
		else if (x->dropped)
			r = policy_store_delete_prefix(p->store, cidr_to_str(&x->cidr, text), e);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct axo_ipcache_key key_of(const struct cidr *c)
{
	struct axo_ipcache_key key = {.prefixlen = cidr_mapped_bits(c)};

	memcpy(key.addr, c->addr.b, sizeof(key.addr));
	return key;
}

/* What is a pod's, the host's, or fed by hand, is theirs (ip_feed.h). */
static bool is_theirs(const struct policy_engine *p, const struct cidr *c)
{
	unsigned int bits = cidr_mapped_bits(c);

	return ip_feed_has(p->agent->ip_feed, &c->addr, bits) ||
	       (bits == 128 && ip_is_managed(p->agent, &c->addr));
}

void policy_prefixes_each(const struct policy_engine *p,
			  void (*fn)(const struct cidr *cidr, uint32_t identity, void *arg),
			  void *arg)
{
	struct prefix *x;

	if (!p)
		return;
	prefix_each(p, item, x)
	{
		if (x->wanted && !is_theirs(p, &x->cidr))
			fn(&x->cidr, x->id, arg);
	}
}

void policy_prefix_publish(struct policy_engine *p, const struct prefix *x)
{
	struct axo_ipcache_key key = key_of(&x->cidr);
	struct axo_ipcache value = {.identity = x->id};
	char text[CIDR_STR_MAX];

	if (is_theirs(p, &x->cidr))
		return;
	if (bpf_map_update_elem(datapath_map_fd(p->agent->datapath, MAP_IPCACHE), &key, &value,
				BPF_ANY) < 0)
		log_err(errno, "cannot publish prefix %s", cidr_to_str(&x->cidr, text));
}

static void prefix_withdraw(struct policy_engine *p, const struct prefix *x)
{
	struct axo_ipcache_key key = key_of(&x->cidr);
	int fd = datapath_map_fd(p->agent->datapath, MAP_IPCACHE);
	struct axo_ipcache found;

	if (bpf_map_lookup_elem(fd, &key, &found) == 0 && found.identity == x->id)
		bpf_map_delete_elem(fd, &key);
}

void policy_prefixes_publish(struct policy_engine *p)
{
	for (size_t i = 0; i < p->touched_count; i++)
		if (p->touched[i]->fresh)
			policy_prefix_publish(p, p->touched[i]);
}

void policy_prefixes_withdraw(struct policy_engine *p)
{
	for (size_t i = 0; i < p->touched_count; i++) {
		struct prefix *x = p->touched[i];
		const struct retired r = {.prefix = x};

		if (!x->dropped)
			continue;
		x->wanted = false;
		x->retired++;
		prefix_withdraw(p, x);
		policy_retire(p, &r);
	}
	touched_end(p);
}

void policy_prefix_end(struct policy_engine *p, struct prefix *x)
{
	if (--x->retired || x->wanted)
		return;
	policy_subjects_remove_peer(p, x->id);
	prefix_forget(p, x);
}

const struct prefix *policy_prefix_of(const struct policy_engine *p, uint32_t id)
{
	return map_get(&p->prefix_ids, &id, sizeof(id));
}

const struct prefix *policy_prefix_around(const struct policy_engine *p, const struct cidr *c,
					  bool fresh)
{
	struct cidr wider = *c;

	while (wider.bits) {
		unsigned int bit = cidr_mapped_bits(&wider) - 1;
		const struct prefix *x;

		wider.addr.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		wider.bits--;
		x = prefix_find(p, &wider);
		if (x && x->wanted && (fresh || !x->fresh))
			return x;
	}
	return NULL;
}

const struct prefix *policy_prefix_covering(const struct policy_engine *p,
					    const struct axo_addr *addr)
{
	struct cidr c = {.addr = *addr, .family = (uint8_t)addr_family(addr)};
	const struct prefix *x;

	c.bits = c.family == 4 ? 32 : 128;
	x = prefix_find(p, &c);
	return x && x->wanted && !x->dropped ? x : policy_prefix_around(p, &c, true);
}

/* @bits: of the mapped form. */
static const struct prefix *wanted_prefix(const struct policy_engine *p,
					  const struct axo_addr *addr, uint32_t bits)
{
	struct cidr c = {.addr = *addr, .family = (uint8_t)addr_family(addr)};
	const struct prefix *x;

	c.bits = (uint8_t)(c.family == 4 ? bits - 96 : bits);
	x = bits < 96 && c.family == 4 ? NULL : prefix_find(p, &c);
	return x && x->wanted ? x : NULL;
}

bool policy_has_prefix(const struct policy_engine *p, const struct axo_addr *addr, uint32_t bits)
{
	return wanted_prefix(p, addr, bits) != NULL;
}

bool policy_prefix_freed(struct policy_engine *p, const struct axo_addr *addr, uint32_t bits)
{
	const struct prefix *x = p ? wanted_prefix(p, addr, bits) : NULL;

	if (x)
		policy_prefix_publish(p, x);
	return x != NULL;
}

void policy_address_freed(struct policy_engine *p, const struct axo_addr *addr)
{
	if (!p || addr_is_zero(addr) || ip_feed_address_freed(p->agent->ip_feed, addr))
		return;
	if (policy_prefix_freed(p, addr, 128))
		datapath_bump(p->agent->datapath);
}

static int stored_prefix(const char *text, uint32_t id, void *arg)
{
	struct policy_engine *p = arg;
	struct prefix *x;
	struct cidr c;

	if (cidr_parse(text, &c, NULL) < 0 || axo_peer_kind(id) == AXO_PEER_OTHER ||
	    axo_peer_kind(id) == AXO_PEER_POD || map_get(&p->prefix_ids, &id, sizeof(id)))
		return 0;
	if (!prefix_find(p, &c)) {
		x = prefix_add(p, &c, id);
		x->wanted = true;
		prefix_touch(p, x);
	}
	if (id >= p->next_prefix[c.family == 6])
		p->next_prefix[c.family == 6] = id + 1;
	return 0;
}

int policy_peers_all(struct policy_engine *p, struct error *e)
{
	const struct identity *id = NULL;
	int r = 0;

	while (r == 0 && (id = identity_next(p->agent->identities, id)))
		r = id->id ? policy_peer_put(p, id->id, e) : 0;
	return r;
}

int policy_prefixes_load(struct policy_engine *p, struct error *e)
{
	return policy_store_each_prefix(p->store, stored_prefix, p, e);
}

int policy_peers_load(struct policy_engine *p, struct error *e)
{
	const struct cidr_list *apiserver = &p->agent->opt.kube_apiserver;
	struct policy_changes all = {0};
	struct prefix *x;
	int r;

	for (size_t i = 0; i < apiserver->count; i++)
		prefix_use(p, &apiserver->items[i], true);
	all.count = policy_set_all(p->set, &all.policies);
	r = policy_prefixes_want(p, &all, e);
	free(all.policies);
	prefix_each(p, item, x)
	{
		if (r == 0 && x->wanted)
			r = prefix_peer(p, x, e);
	}
	return r < 0 ? r : policy_peers_all(p, e);
}

static bool in_namespace(const struct identity *id, const char *name)
{
	static const char key[] = "k8s:" LABEL_NAMESPACE "=";

	for (size_t i = 0; i < id->label_count; i++)
		if (!strncmp(id->labels[i], key, sizeof(key) - 1))
			return !strcmp(id->labels[i] + sizeof(key) - 1, name);
	return false;
}

int policy_peers_namespace(struct policy_engine *p, const char *name, struct error *e)
{
	const struct identity *id = NULL;
	int r = 0;

	while (r == 0 && (id = identity_next(p->agent->identities, id)))
		if (in_namespace(id, name))
			r = policy_peer_put(p, id->id, e);
	return r;
}
