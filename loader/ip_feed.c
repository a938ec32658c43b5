/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The life of the fed entries; see ip_feed.h. */
#include "loader/ip_feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/file_watch.h"
#include "loader/identity.h"
#include "loader/ip_internal.h"
#include "loader/ip_store.h"

int ip_feed_open(struct ip_feed **out, struct agent *agent, struct error *e)
{
	struct ip_feed *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return error_set(e, ENOMEM, "no memory");
	f->agent = agent;
	r = ip_store_open(db_handle(agent->db), &f->store, e);
	if (r < 0) {
		ip_feed_close(f);
		return r;
	}
	*out = f;
	return 0;
}

void ip_feed_close(struct ip_feed *f)
{
	if (!f)
		return;
	file_watch_close(f->watch);
	ip_store_close(f->store);
	map_fini(&f->entries, free);
	free(f->file_error);
	free(f);
}

static int identity_load(struct ip_feed *f, const struct ip_row *row, struct error *e)
{
	struct identity_table *t = f->agent->identities;

	if (row->identity < AXO_ID_LOCAL_MIN && identity_by_id(t, row->identity))
		return 0;
	return identity_restore(t, row->identity, row->labels, row->label_count, e);
}

static int row_load(const struct ip_row *row, void *arg, struct error *e)
{
	struct ip_feed *f = arg;
	struct axo_ipcache_key key = ip_key(&row->cidr);
	char text[CIDR_STR_MAX];
	struct ip_entry *en;
	struct error why;
	void **slot;

	if (row->source < 0 || row->source >= IP_SOURCES)
		return 0;
	if (identity_load(f, row, &why) < 0)
		return error_set(e, why.code, "database: %s: %.180s", cidr_to_str(&row->cidr, text),
				 why.msg);
	slot = map_slot(&f->entries, &key, sizeof(key));
	if (!*slot)
		*slot = calloc(1, sizeof(*en));
	en = *slot;
	if (!en)
		abort();
	en->cidr = row->cidr;
	en->identity[row->source] = row->identity;
	f->count[row->source]++;
	if (row->identity >= AXO_ID_LOCAL_MIN)
		identity_note_prefix(f->agent->identities, row->identity, 1);
	return 0;
}

int ip_feed_load(struct ip_feed *f, struct error *e)
{
	map_fini(&f->entries, free);
	f->entries = (struct map){0};
	memset(f->count, 0, sizeof(f->count));
	return ip_store_each(f->store, row_load, f, e);
}

static int file_open(struct ip_feed *f, struct error *e)
{
	int r = file_watch_open(&f->watch, f->agent->base, f->agent->opt.ip_file, ip_file_look, f,
				e);

	if (r == 0)
		file_watch_look(f->watch);
	return r;
}

int ip_feed_loaded(struct ip_feed *f, struct error *e)
{
	char text[CIDR_STR_MAX];

	for (struct map_item *m = map_next(&f->entries, NULL); m; m = map_next(&f->entries, m)) {
		const struct ip_entry *en = m->value;
		int r = ip_entry_publish(f, &en->cidr);

		if (r < 0)
			return error_set(e, r, "cannot publish %s: %s",
					 cidr_to_str(&en->cidr, text), strerror(-r));
	}
	if (f->entries.count)
		datapath_bump(f->agent->datapath);
	if (f->watch)
		file_watch_again(f->watch);
	else if (f->agent->opt.ip_file)
		return file_open(f, e);
	else if (f->count[IP_FILE])
		ip_file_look(f);
	return 0;
}

const char *ip_feed_file_error(const struct ip_feed *f)
{
	return f ? f->file_error : NULL;
}

size_t ip_feed_count(const struct ip_feed *f, enum ip_source source)
{
	return f ? f->count[source] : 0;
}
