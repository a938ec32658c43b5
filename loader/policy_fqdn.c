/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Selectors of toFQDNs: their identities, and the table that answers teach by; see policy_name.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/name_map.h"
#include "loader/policy_internal.h"
#include "loader/policy_name.h"
#include "loader/policy_name_internal.h"
#include "loader/policy_store.h"

/* The database has numbers of prefixes; selectors stand among them with this in front. */
#define STORED_AS "fqdn:"

void policy_names_free(struct policy_names *n)
{
	if (!n)
		return;
	map_fini(&n->by_text, free);
	map_fini(&n->by_id, NULL);
	name_table_fini(&n->table);
	free(n);
}

#define selector_each(n, item, x)                                   \
	for (struct map_item *item = map_next(&(n)->by_text, NULL); \
	     item && ((x) = item->value, true); item = map_next(&(n)->by_text, item))

static struct selector_id *selector_add(struct policy_names *n, const char *text, uint32_t id)
{
	struct selector_id *x = calloc(1, sizeof(*x));

	if (!x)
		abort();
	x->id = id;
	snprintf(x->text, sizeof(x->text), "%s", text);
	*map_slot(&n->by_text, text, strlen(text)) = x;
	*map_slot(&n->by_id, &id, sizeof(id)) = x;
	return x;
}

static void selector_forget(struct policy_engine *p, struct selector_id *x)
{
	struct policy_names *n = p->names;

	peers_remove(p->peers, x->id);
	map_remove(&n->by_id, &x->id, sizeof(x->id));
	map_remove(&n->by_text, x->text, strlen(x->text));
	free(x);
}

/* Numbers go round; 0 = all are taken. */
static uint32_t id_new(struct policy_names *n)
{
	for (uint32_t i = AXO_ID_FQDN_MIN; i <= AXO_ID_FQDN_MAX; i++) {
		uint32_t id = n->next_id;

		if (id < AXO_ID_FQDN_MIN || id > AXO_ID_FQDN_MAX)
			id = AXO_ID_FQDN_MIN;
		n->next_id = id + 1;
		if (!map_get(&n->by_id, &id, sizeof(id)))
			return id;
	}
	return 0;
}

static int selector_peer(struct policy_engine *p, const struct selector_id *x, struct error *e)
{
	char label[sizeof(x->text) + 8];
	const char *labels[] = {label};
	struct identity_view view = {.id = x->id, .labels = labels, .label_count = 1};

	snprintf(label, sizeof(label), "fqdn:%s", x->text);
	return peers_put(p->peers, p->set, &view, e);
}

static int stored_selector(const char *text, uint32_t id, void *arg)
{
	struct policy_names *n = arg;

	if (strncmp(text, STORED_AS, strlen(STORED_AS)) || id < AXO_ID_FQDN_MIN ||
	    id > AXO_ID_FQDN_MAX || map_get(&n->by_id, &id, sizeof(id)))
		return 0;
	selector_add(n, text + strlen(STORED_AS), id)->stored = true;
	if (id >= n->next_id)
		n->next_id = id + 1;
	return 0;
}

/* What was learned may name selectors that are no more: their numbers are not for others yet. */
static void learned_avoid(const struct policy_engine *p, struct policy_names *n)
{
	int fd = datapath_map_fd(p->agent->datapath, MAP_FQDN);
	struct axo_fqdn_key key, *prev = NULL;
	struct axo_fqdn v;

	for (; bpf_map_get_next_key(fd, prev, &key) == 0; prev = &key) {
		if (bpf_map_lookup_elem(fd, &key, &v) < 0)
			continue;
		for (int i = 0; i < AXO_FQDN_SLOTS; i++)
			if (AXO_FQDN_SELECTOR(v.slot[i]) >= n->next_id)
				n->next_id = AXO_FQDN_SELECTOR(v.slot[i]) + 1;
	}
}

int policy_fqdns_load(struct policy_engine *p, struct error *e)
{
	struct policy_names *n = policy_names_of(p);
	int r = policy_store_each_prefix(p->store, stored_selector, n, e);

	if (r == 0)
		learned_avoid(p, n);
	return r;
}

static int selector_want(struct policy_engine *p, const char *text, struct error *e)
{
	struct policy_names *n = p->names;
	struct selector_id *x = map_get(&n->by_text, text, strlen(text));
	uint32_t id = x ? x->id : id_new(n);

	if (!id)
		return error_set(e, ENOSPC, "all identities of names are in use");
	if (!x)
		x = selector_add(n, text, id);
	x->named = true;
	return x->wanted ? 0 : selector_peer(p, x, e);
}

static int table_make(struct policy_names *n, const char *const *texts, size_t count,
		      struct error *e)
{
	_cleanup_free_ struct name_pattern *patterns = calloc(count + 1, sizeof(*patterns));
	struct error why = {0};
	size_t culprit = 0;
	int r;

	if (!patterns)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct selector_id *x = map_get(&n->by_text, texts[i], strlen(texts[i]));

		patterns[i] = (struct name_pattern){.text = texts[i], .selector = x->id};
	}
	name_table_fini(&n->table);
	r = name_table_compile(patterns, count, 0, &n->table, &culprit, &why);
	return r < 0 ? error_set(e, -r, "toFQDNs \"%.80s\": %.150s", texts[culprit], why.msg) : 0;
}

/* Is what is named another set than what is wanted? */
static bool names_changed(const struct policy_names *n)
{
	const struct selector_id *x;

	selector_each(n, item, x)
	{
		if (x->named != x->wanted)
			return true;
	}
	return false;
}

int policy_fqdns_want(struct policy_engine *p, struct error *e)
{
	struct policy_names *n = policy_names_of(p);
	_cleanup_free_ const char **texts = NULL;
	size_t count = policy_set_fqdns(p->set, &texts);
	struct selector_id *x;
	int r = 0;

	selector_each(n, item, x) x->named = false;
	for (size_t i = 0; i < count && r == 0; i++)
		r = selector_want(p, texts[i], e);
	if (r == 0 && names_changed(n))
		r = table_make(n, texts, count, e);
	return r;
}

/* Those that @keep not are forgotten, one by one: the map must not change under the loop. */
static void selectors_prune(struct policy_engine *p)
{
	struct policy_names *n = p->names;
	struct selector_id *x, *gone;

	do {
		gone = NULL;
		selector_each(n, item, x)
		{
			if (!x->wanted)
				gone = x;
		}
		if (gone)
			selector_forget(p, gone);
	} while (gone);
}

void policy_fqdns_undo(struct policy_engine *p)
{
	struct selector_id *x;

	if (!p->names)
		return;
	name_table_fini(&p->names->table);
	selectors_prune(p);
	selector_each(p->names, item, x) x->named = x->wanted;
}

int policy_fqdns_save(struct policy_engine *p, struct error *e)
{
	char text[sizeof(STORED_AS) + 256];
	struct selector_id *x;

	if (!p->names)
		return 0;
	selector_each(p->names, item, x)
	{
		int r = 0;

		snprintf(text, sizeof(text), STORED_AS "%s", x->text);
		if (x->named && !x->stored)
			r = policy_store_put_prefix(p->store, text, x->id, e);
		else if (!x->named && x->stored)
			r = policy_store_delete_prefix(p->store, text, e);
		if (r < 0)
			return r;
		x->stored = x->named;
	}
	return 0;
}

void policy_fqdns_publish(struct policy_engine *p)
{
	struct policy_names *n = p->names;
	struct selector_id *x;
	struct error e;

	if (!n)
		return;
	if (n->table.count &&
	    name_map_put(p->agent->datapath, AXO_NAME_TABLE_FQDN, &n->table, &e) < 0)
		log_error("answers do not teach new names of toFQDNs", "err", e.msg);
	name_table_fini(&n->table);
	selector_each(n, item, x) x->wanted = x->named;
	selectors_prune(p);
	if (!n->by_text.count && name_map_has(p->agent->datapath, AXO_NAME_TABLE_FQDN))
		name_map_delete(p->agent->datapath, AXO_NAME_TABLE_FQDN);
}

const char *policy_fqdn_text(const struct policy_engine *p, uint32_t id)
{
	const struct selector_id *x = p->names ? map_get(&p->names->by_id, &id, sizeof(id)) : NULL;

	return x ? x->text : NULL;
}

size_t policy_fqdns_match(const struct policy_engine *p, const char *name, uint32_t *ids,
			  size_t max)
{
	const struct selector_id *x;
	size_t count = 0;

	if (!p->names)
		return 0;
	selector_each(p->names, item, x)
	{
		struct name_pattern pattern = {.text = x->text};

		if (x->wanted && count < max && name_pattern_matches(&pattern, name, strlen(name)))
			ids[count++] = x->id;
	}
	return count;
}
