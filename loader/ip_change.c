/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Changing what is fed; ip_feed.h says in which order.
 *
 * What can be refused is refused before anything but the table of identities is touched.  A
 * failure behind that (disk, kernel) spoils the transaction, and the failing commit loads
 * everything again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "axoneme/limits.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/identity.h"
#include "loader/ip_internal.h"
#include "loader/ip_store.h"
#include "loader/policy_internal.h"
#include "loader/store.h"

/* References to identities, one per item of ->put, that the entries will take over. */
struct work {
	struct ip_feed *f;
	const struct ip_change *c;
	uint32_t *ids;
	size_t ref_count;
};

static bool is_counted(uint32_t id)
{
	return id >= AXO_ID_LOCAL_MIN;
}

static void unref(struct ip_feed *f, uint32_t id)
{
	const struct retired r = {.identity = id};

	if (!is_counted(id))
		return;
	identity_unref(f->agent->identities, id);
	if (!identity_by_id(f->agent->identities, id))
		policy_retire(f->agent->policy, &r);
}

static int ref(struct ip_feed *f, const struct ip_spec *spec, uint32_t *id, struct error *e)
{
	struct identity_table *t = f->agent->identities;
	const struct identity *known = spec->identity ? identity_by_id(t, spec->identity) : NULL;
	char text[CIDR_STR_MAX];

	if (!spec->identity)
		return identity_ref(t, spec->labels, spec->label_count, id, e);
	if (!known)
		return error_set(e, ENOENT, "%s: there is no identity %u",
				 cidr_to_str(&spec->cidr, text), spec->identity);
	*id = spec->identity;
	return is_counted(*id) ? identity_ref(t, known->labels, known->label_count, id, e) : 0;
}

/* A number that no policy has heard of becomes their peer before the ipcache names it. */
static int introduce(struct ip_feed *f, uint32_t id, struct error *e)
{
	struct policy_engine *p = f->agent->policy;
	int r;

	if (peers_get(p->peers, id))
		return 0;
	r = policy_peer_put(p, id, e);
	return r < 0 ? r : policy_subjects_add_peer(p, id, e);
}

static int identities_take(struct work *w, struct error *e)
{
	const struct ip_specs *put = w->c->put;
	int r = 0;

	for (size_t i = 0; put && i < put->count && r == 0; i++) {
		r = ref(w->f, &put->items[i], &w->ids[i], e);
		if (r < 0)
			break;
		w->ref_count++;
		r = introduce(w->f, w->ids[i], e);
	}
	return r;
}

static int room_check(const struct work *w, struct error *e)
{
	size_t most = AXO_MAX_IPCACHE - AXO_MAX_ADDRESSES, fresh = 0;

	for (size_t i = 0; w->c->put && i < w->c->put->count; i++)
		fresh += !ip_entry_find(w->f, &w->c->put->items[i].cidr);
	if (w->f->entries.count + fresh > most + w->c->drop_count)
		return error_set(e, ENOSPC, "%zu prefixes more than the %zu there are: at most %zu",
				 fresh, w->f->entries.count, most);
	return 0;
}

static int drop_check(const struct work *w, struct error *e)
{
	char text[CIDR_STR_MAX];

	for (size_t i = 0; i < w->c->drop_count; i++) {
		const struct ip_entry *en = ip_entry_find(w->f, &w->c->drop[i]);

		if (!en || !en->identity[w->c->source])
			return error_set(e, ENOENT, "%s was not added%s",
					 cidr_to_str(&w->c->drop[i], text),
					 en ? " here: the file names it" : "");
	}
	return 0;
}

static struct ip_entry *entry_get(struct ip_feed *f, const struct cidr *cidr)
{
	struct axo_ipcache_key key = ip_key(cidr);
	void **slot = map_slot(&f->entries, &key, sizeof(key));
	struct ip_entry *en = *slot;

	if (en)
		return en;
	en = calloc(1, sizeof(*en));
	if (!en)
		abort();
	en->cidr = *cidr;
	*slot = en;
	return en;
}

/* @id 0: not named any more.  Returns the reference that is not needed any more, or 0. */
static uint32_t entry_set(struct ip_feed *f, const struct cidr *cidr, enum ip_source source,
			  uint32_t id)
{
	struct ip_entry *en = entry_get(f, cidr);
	uint32_t old = en->identity[source];
	struct axo_ipcache_key key = ip_key(cidr);

	en->identity[source] = id;
	f->count[source] += (id != 0) - (old != 0);
	if (is_counted(id))
		identity_note_prefix(f->agent->identities, id, 1);
	if (is_counted(old))
		identity_note_prefix(f->agent->identities, old, -1);
	if (!en->identity[IP_API] && !en->identity[IP_FILE])
		free(map_remove(&f->entries, &key, sizeof(key)));
	return old;
}

static int put_one(struct work *w, size_t i, struct error *e)
{
	const struct ip_spec *spec = &w->c->put->items[i];
	const struct ip_entry *was = ip_entry_find(w->f, &spec->cidr);
	const struct identity *id = identity_by_id(w->f->agent->identities, w->ids[i]);
	struct ip_row row = {.cidr = spec->cidr, .source = w->c->source, .identity = w->ids[i]};
	char text[CIDR_STR_MAX];
	int r;

	if (was && was->identity[w->c->source] == w->ids[i])
		return 0;
	if (is_counted(w->ids[i])) {
		row.labels = id->labels;
		row.label_count = id->label_count;
	}
	r = ip_store_put(w->f->store, &row, e);
	if (r < 0)
		return r;
	w->ids[i] = entry_set(w->f, &spec->cidr, w->c->source, w->ids[i]);
	r = ip_entry_publish(w->f, &spec->cidr);
	return r < 0 ? error_set(e, r, "cannot publish %s: %s", cidr_to_str(&spec->cidr, text),
				 strerror(-r))
		     : 0;
}

static int drop_one(struct work *w, const struct cidr *cidr, struct error *e)
{
	char text[CIDR_STR_MAX];
	uint32_t old;
	int r = ip_store_delete(w->f->store, cidr, w->c->source, e);

	if (r < 0)
		return r;
	old = entry_set(w->f, cidr, w->c->source, 0);
	r = ip_entry_publish(w->f, cidr);
	unref(w->f, old);
	return r < 0 ? error_set(e, r, "cannot withdraw %s: %s", cidr_to_str(cidr, text),
				 strerror(-r))
		     : 0;
}

static int commit(struct work *w, struct error *e)
{
	int r = 0;

	for (size_t i = 0; i < w->c->drop_count && r == 0; i++)
		r = drop_one(w, &w->c->drop[i], e);
	for (size_t i = 0; w->c->put && i < w->c->put->count && r == 0; i++)
		r = put_one(w, i, e);
	if (r == 0)
		r = store_put_cursor(w->f->agent->store, w->f->agent, e);
	datapath_bump(w->f->agent->datapath);
	return r;
}

static int work_do(struct work *w, struct error *e)
{
	int r = drop_check(w, e);

	if (r == 0)
		r = room_check(w, e);
	if (r == 0)
		r = identities_take(w, e);
	if (r == 0)
		r = db_begin(w->f->agent->db, e);
	if (r < 0)
		return r;
	r = commit(w, e);
	if (r < 0)
		db_spoil(w->f->agent->db, e);
	return r;
}

int ip_change_apply(struct ip_feed *f, const struct ip_change *c, struct error *e)
{
	struct work w = {.f = f, .c = c};
	int r;

	w.ids = calloc((c->put ? c->put->count : 0) + 1, sizeof(*w.ids));
	if (!w.ids)
		return error_set(e, ENOMEM, "no memory");
	r = work_do(&w, e);
	/* What was taken and not handed over, and what an entry had before. */
	for (size_t i = 0; i < w.ref_count; i++)
		unref(f, w.ids[i]);
	free(w.ids);
	policy_settle(f->agent->policy, NULL, NULL);
	return r;
}

int ip_feed_put(struct ip_feed *f, const struct ip_specs *specs, struct error *e)
{
	const struct ip_change c = {.source = IP_API, .put = specs};

	return ip_change_apply(f, &c, e);
}

int ip_feed_delete(struct ip_feed *f, const struct cidr *list, size_t count, struct error *e)
{
	const struct ip_change c = {.source = IP_API, .drop = list, .drop_count = count};

	return ip_change_apply(f, &c, e);
}
