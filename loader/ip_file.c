/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The watched file of prefixes and identities: --ip-file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/ip_internal.h"

static void entries_mark(struct ip_feed *f, const struct ip_specs *specs)
{
	for (struct map_item *m = map_next(&f->entries, NULL); m; m = map_next(&f->entries, m))
		((struct ip_entry *)m->value)->mark = false;
	for (size_t i = 0; i < specs->count; i++) {
		struct ip_entry *en = ip_entry_find(f, &specs->items[i].cidr);

		if (en)
			en->mark = true;
	}
}

/* What the file named and names no more; the caller frees it. */
static struct cidr *dropped(struct ip_feed *f, const struct ip_specs *specs, size_t *count)
{
	struct cidr *list = calloc(f->count[IP_FILE] + 1, sizeof(*list));

	*count = 0;
	entries_mark(f, specs);
	for (struct map_item *m = map_next(&f->entries, NULL); list && m;
	     m = map_next(&f->entries, m)) {
		const struct ip_entry *en = m->value;

		if (en->identity[IP_FILE] && !en->mark)
			list[(*count)++] = en->cidr;
	}
	return list;
}

static int file_apply(struct ip_feed *f, const struct ip_specs *specs, struct error *e)
{
	struct ip_change c = {.source = IP_FILE, .put = specs};
	_cleanup_free_ struct cidr *drop = dropped(f, specs, &c.drop_count);

	if (!drop)
		return error_set(e, ENOMEM, "no memory");
	c.drop = drop;
	return ip_change_apply(f, &c, e);
}

/* Without --ip-file: what an earlier agent took from one goes. */
static int file_take(struct ip_feed *f, struct ip_specs *specs, struct error *e)
{
	const char *path = f->agent->opt.ip_file;
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	if (!path)
		return 0;
	r = file_read(path, IP_FILE_MAX, &text, &len);
	if (r < 0)
		return error_set(e, r, "%.180s: %s", path, strerror(-r));
	return ip_file_parse(path, text, len, specs, e);
}

void ip_file_look(void *feed)
{
	struct ip_feed *f = feed;
	struct ip_specs specs = {0};
	struct error e;
	int r = file_take(f, &specs, &e);

	if (r == 0)
		r = file_apply(f, &specs, &e);
	free(f->file_error);
	f->file_error = r < 0 ? strdup(e.msg) : NULL;
	if (r < 0)
		log_error("the file of addresses is not in force; what it said before stays", "err",
			  e.msg);
	else
		log_info("addresses of the file are in force", "entries",
			 log_num((long long)specs.count));
	ip_specs_fini(&specs);
}
