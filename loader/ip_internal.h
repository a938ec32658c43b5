/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the feed share.  Private to loader/ip_*.c.
 */
#ifndef LOADER_IP_INTERNAL_H
#define LOADER_IP_INTERNAL_H

#include "loader/ip_feed.h"
#include "policy/map.h"

struct file_watch;
struct ip_store;

/**
 * struct ip_entry - a prefix that somebody names
 * @identity: by enum ip_source; 0 = it does not name it
 * @mark:     the file that is being applied names it
 */
struct ip_entry {
	struct cidr cidr;
	uint32_t identity[IP_SOURCES];
	bool mark;
};

/**
 * struct ip_feed
 * @entries:    by struct axo_ipcache_key: struct ip_entry, owned
 * @count:      by enum ip_source
 * @file_error: owned; NULL = the file is in force as it is
 */
struct ip_feed {
	struct agent *agent;
	struct ip_store *store;
	struct file_watch *watch;
	struct map entries;
	size_t count[IP_SOURCES];
	char *file_error;
};

/* ip_change.c */

/** struct ip_change - @put are named by @source, @drop no more */
struct ip_change {
	enum ip_source source;
	const struct ip_specs *put;
	const struct cidr *drop;
	size_t drop_count;
};

/** ip_change_apply - all of it, or nothing; opens a transaction */
int ip_change_apply(struct ip_feed *f, const struct ip_change *c, struct error *e);

/* ip_publish.c: whose a prefix is in the ipcache */

struct ip_entry *ip_entry_find(const struct ip_feed *f, const struct cidr *cidr);

/** ip_entry_publish - the ipcache says what holds for @cidr now, whoever named it; does not bump */
int ip_entry_publish(struct ip_feed *f, const struct cidr *cidr);

/* ip_file.c */

/** ip_file_look - read the file and apply it; what is wrong with it is kept and logged */
void ip_file_look(void *feed);

#endif
