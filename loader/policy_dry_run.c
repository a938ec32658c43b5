/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Dry run of a change; see policy_dry_run.h.  How verdicts are compared is in policy/diff.h. */
#include "loader/policy_dry_run.h"

#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/endpoint.h"
#include "loader/policy_internal.h"
#include "loader/proto.h"
#include "policy/diff.h"

/* All but so few are "anybody but". */
#define BUT_MOST 3

/**
 * struct dry_run
 * @peers:     @peer_count that a packet can come from or go to, in no order
 * @endpoints: of this host, by identity
 * @member:    by number of peer: it is in the change that is being written
 * @of_host:   @peers are those of the host
 */
struct dry_run {
	struct policy_engine *p;
	const struct dry_run_ask *ask;
	struct diff_peer *peers;
	size_t peer_count;
	struct map numbers; /* identity to number of peer + 1 */
	const struct endpoint **endpoints;
	size_t endpoint_count;
	uint8_t *member;
	bool of_host;
	json_t *changes;
	json_int_t subjects;
};

/* Reserved identities that nobody has on this host are left out. */
static bool is_somebody(uint32_t id)
{
	return id >= AXO_ID_LOCAL_MIN || id == AXO_ID_HOST || id == AXO_ID_REMOTE_NODE ||
	       id == AXO_ID_WORLD_IPV4 || id == AXO_ID_WORLD_IPV6;
}

/* Who has it today: a prefix that comes with the change is part of a wider one, or of the world. */
static uint32_t identity_before(const struct policy_engine *p, uint32_t id)
{
	const struct prefix *around, *x = policy_prefix_of(p, id);

	if (!x || !x->fresh)
		return id;
	around = policy_prefix_around(p, &x->cidr, false);
	if (around)
		return around->id;
	return x->cidr.family == 4 ? AXO_ID_WORLD_IPV4 : AXO_ID_WORLD_IPV6;
}

static int by_identity(const void *a, const void *b)
{
	const struct endpoint *x = *(const struct endpoint *const *)a;
	const struct endpoint *y = *(const struct endpoint *const *)b;

	if (x->identity != y->identity)
		return x->identity < y->identity ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

static void endpoints_collect(struct dry_run *d)
{
	const struct endpoint_table *t = d->p->agent->endpoints;

	d->endpoints = calloc(endpoint_count(t) + 1, sizeof(*d->endpoints));
	if (!d->endpoints)
		abort();
	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep))
		d->endpoints[d->endpoint_count++] = ep;
	qsort(d->endpoints, d->endpoint_count, sizeof(*d->endpoints), by_identity);
}

static size_t first_of(const struct dry_run *d, uint32_t identity)
{
	size_t low = 0, high = d->endpoint_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (d->endpoints[mid]->identity < identity)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Nothing judges what the host and its own pods say to each other on the host's side. */
static bool host_is_asked_about(const struct dry_run *d, uint32_t id)
{
	size_t i = first_of(d, id);

	return id != AXO_ID_HOST && (i == d->endpoint_count || d->endpoints[i]->identity != id);
}

static void peers_forget(struct dry_run *d)
{
	free(d->peers);
	free(d->member);
	map_fini(&d->numbers, NULL);
	d->peers = NULL;
	d->member = NULL;
	d->peer_count = 0;
}

static void peers_collect(struct dry_run *d, bool of_host)
{
	const struct peers *peers = d->p->peers;
	uint32_t slots = peers_slots(peers);

	peers_forget(d);
	d->of_host = of_host;
	d->peers = calloc(slots + 1, sizeof(*d->peers));
	d->member = calloc(slots + 1, 1);
	if (!d->peers || !d->member)
		abort();
	for (uint32_t slot = 0; slot < slots; slot++) {
		uint32_t id = peers_id(peers, slot);

		if (!is_somebody(id) || (of_host && !host_is_asked_about(d, id)))
			continue;
		d->peers[d->peer_count++] = (struct diff_peer){identity_before(d->p, id), id};
		*map_slot(&d->numbers, &id, sizeof(id)) = (void *)(uintptr_t)d->peer_count;
	}
}

static void dry_run_fini(struct dry_run *d)
{
	peers_forget(d);
	free(d->endpoints);
	json_decref(d->changes);
}

/* --- names --- */

/** struct names - @count of all, of which the first DRY_RUN_NAMES are in @list */
struct names {
	json_t *list;
	json_int_t count;
};

static void name_add(struct names *n, json_t *name)
{
	if (n->count++ < DRY_RUN_NAMES)
		json_array_append_new(n->list, name);
	else
		json_decref(name);
}

/* Of pods elsewhere, or of none any more, only the labels are known. */
static void labels_name(struct names *n, const struct label_set *labels)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	for (uint32_t i = 0, first = 1; i < labels->count; i++) {
		const struct label *l = &labels->items[i];

		if (!strncmp(l->key, LABEL_NAMESPACE_LABELS, strlen(LABEL_NAMESPACE_LABELS)))
			continue;
		fprintf(f, "%s%s:%s%s%s", first ? "" : ",", label_source_to_str(l->source), l->key,
			*l->value ? "=" : "", l->value);
		first = 0;
	}
	if (fclose(f) != 0)
		abort();
	name_add(n, json_string(text));
}

static void pods_name(const struct dry_run *d, struct names *n, uint32_t identity)
{
	const struct peer_identity *who = peers_get(d->p->peers, identity);
	size_t i = first_of(d, identity);

	if (i == d->endpoint_count || d->endpoints[i]->identity != identity) {
		labels_name(n, &who->labels);
		return;
	}
	for (; i < d->endpoint_count && d->endpoints[i]->identity == identity; i++)
		name_add(n,
			 json_sprintf("%s/%s", d->endpoints[i]->namespace_, d->endpoints[i]->name));
}

static void peer_name(const struct dry_run *d, struct names *n, uint32_t identity)
{
	const struct peer_identity *who = peers_get(d->p->peers, identity);
	const struct prefix *x = policy_prefix_of(d->p, identity);
	char text[CIDR_STR_MAX];

	if (x)
		name_add(n, json_string(cidr_to_str(&x->cidr, text)));
	else if (identity == AXO_ID_HOST)
		name_add(n, json_string("host"));
	else if (axo_peer_kind(identity) == AXO_PEER_POD)
		pods_name(d, n, identity);
	else
		name_add(n, json_string(who->labels.items[0].key));
}

/* A prefix goes without saying if what is around it is there. */
static bool is_implied(const struct dry_run *d, uint32_t identity)
{
	const struct prefix *around, *x = policy_prefix_of(d->p, identity);
	uint32_t outer;
	uintptr_t number;

	if (!x)
		return false;
	around = policy_prefix_around(d->p, &x->cidr, true);
	outer = around ? around->id : x->cidr.family == 4 ? AXO_ID_WORLD_IPV4 : AXO_ID_WORLD_IPV6;
	number = (uintptr_t)map_get(&d->numbers, &outer, sizeof(outer));
	return number && d->member[number - 1];
}

static json_t *peers_json(struct dry_run *d, const struct diff_change *c, json_int_t *count)
{
	struct names n = {.list = json_array()};

	for (size_t i = 0; i < c->peer_count; i++)
		d->member[c->peers[i]] = 1;
	for (size_t i = 0; i < c->peer_count; i++) {
		uint32_t identity = d->peers[c->peers[i]].after;

		if (!is_implied(d, identity))
			peer_name(d, &n, identity);
	}
	for (size_t i = 0; i < c->peer_count; i++)
		d->member[c->peers[i]] = 0;
	*count = n.count;
	return n.list;
}

/* --- a change --- */

/* Those few that a change does not speak of; NULL: they are not few. */
static json_t *but_json(const struct dry_run *d, const struct diff_change *c)
{
	struct names n = {0};
	size_t at = 0;

	if (d->peer_count - c->peer_count > BUT_MOST || c->peer_count <= BUT_MOST)
		return NULL;
	n.list = json_array();
	for (size_t i = 0; i < d->peer_count; i++) {
		if (at < c->peer_count && c->peers[at] == i)
			at++;
		else
			peer_name(d, &n, d->peers[i].after);
	}
	return n.list;
}

static json_t *ports_json(const struct diff_ports *ports, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct diff_ports *x = &ports[i];
		char buf[PROTO_STR_MAX], port[16] = "any";

		if (x->first == x->last)
			snprintf(port, sizeof(port), "%u", x->first);
		else if (x->first || x->last != 65535)
			snprintf(port, sizeof(port), "%u-%u", x->first, x->last);
		json_array_append_new(list, json_pack("{s:s, s:s}", "protocol",
						      proto_to_str(x->proto, buf), "port", port));
	}
	return list;
}

static const char *change_name(enum diff_kind kind)
{
	switch (kind) {
	case DIFF_LOSES:
		return "denied";
	case DIFF_GAINS:
		return "allowed";
	case DIFF_LIMITED:
		return "restricted";
	case DIFF_FREED:
		return "unrestricted";
	case DIFF_OTHER:
		return "changed";
	}
	return "unknown";
}

static json_t *limit_json(const struct diff *diff, uint32_t number)
{
	const struct diff_limit *l = number ? diff_limits_at(&diff->limits, number) : NULL;
	json_t *list = json_array();

	for (size_t i = 0; l && i < l->count; i++)
		json_array_append_new(list, json_string(l->texts[i]));
	return list;
}

static json_t *change_json(struct dry_run *d, const struct diff *diff, const struct diff_change *c)
{
	json_t *but = but_json(d, c), *ports = ports_json(c->ports, c->port_count);
	json_int_t count = 1;
	json_t *peers = but ? json_pack("[s]", "anybody") : peers_json(d, c, &count);
	json_t *change = json_pack("{s:s, s:s, s:o, s:o, s:I}", "direction",
				   c->dir == AXO_DIR_INGRESS ? "ingress" : "egress", "change",
				   change_name(c->kind), "peers", peers, "butPeers",
				   but ? but : json_array(), "peerCount", count);

	if (c->all_but)
		json_object_set_new(change, "ports",
				    json_pack("[{s:s, s:s}]", "protocol", "any", "port", "any"));
	else
		json_object_set_new(change, "butPorts", json_array());
	json_object_set_new(change, c->all_but ? "butPorts" : "ports", ports);
	json_object_set_new(change, "only", limit_json(diff, c->is));
	json_object_set_new(change, "onlyBefore", limit_json(diff, c->was));
	return change;
}

static json_t *endpoints_json(const struct dry_run *d, const struct policy_subject *s)
{
	json_t *list = json_array();

	if (s->host)
		json_array_append_new(list, json_string("host"));
	for (size_t i = first_of(d, s->identity);
	     i < d->endpoint_count && d->endpoints[i]->identity == s->identity; i++)
		if (d->endpoints[i]->subject == s)
			json_array_append_new(list,
					      json_sprintf("%s/%s", d->endpoints[i]->namespace_,
							   d->endpoints[i]->name));
	return list;
}

static void subject_tried(void *arg, const struct policy_subject *s, const struct compiled *after)
{
	struct dry_run *d = arg;
	const struct diff_side old = {.compiled = s->compiled, .denies = s->number != 0};
	const struct diff_side new = {.compiled = after};
	struct diff diff;

	d->subjects++;
	if (!d->endpoints)
		endpoints_collect(d);
	if (!d->peers || d->of_host != s->host)
		peers_collect(d, s->host);
	policy_diff(&old, &new, d->peers, d->peer_count, &diff);
	if (diff.count) {
		json_t *changes = json_array();

		for (size_t i = 0; i < diff.count; i++)
			json_array_append_new(changes, change_json(d, &diff, &diff.items[i]));
		json_array_append_new(d->changes,
				      json_pack("{s:o, s:o}", "endpoints", endpoints_json(d, s),
						"changes", changes));
	}
	diff_fini(&diff);
}

static void all_fits(void *arg, uint64_t entries)
{
	const struct dry_run *d = arg;

	d->ask->warn(d->ask->arg, entries);
}

int policy_dry_run(struct policy_engine *p, const struct dry_run_ask *ask, json_t **out,
		   struct error *e)
{
	struct dry_run d = {.p = p, .ask = ask, .changes = json_array()};
	const struct policy_trial trial = {subject_tried, all_fits, &d};
	int r = policy_try(p, ask->sources, ask->count, &trial, e);

	if (r == 0)
		*out = json_pack("{s:I, s:O}", "subjects", d.subjects, "changes", d.changes);
	dry_run_fini(&d);
	return r;
}
