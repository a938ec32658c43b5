/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Entries of the ipcache that somebody feeds: a file (--ip-file, watched) and the API.  What a
 * cluster store does for the pods of other hosts, these do by hand.
 *
 * One prefix may be named by several; in the ipcache it has the identity of the first of these:
 *
 *      1. this host, and its pods: a prefix that is one of their addresses
 *      2. the API
 *      3. the file
 *      4. a policy that names the prefix
 *
 * Of different prefixes the longest decides, whoever named it.
 *
 * Labels make identities here as they do for pods: same labels, same number, kept over restarts.
 * A change is made as a whole or not at all, in this order: identities, which become peers of
 * every policy; the disk; the ipcache; the generation; and identities that nobody has any more
 * are forgotten after a grace period.
 */
#ifndef LOADER_IP_FEED_H
#define LOADER_IP_FEED_H

#include <stdbool.h>

#include "loader/ip_spec.h"

struct agent;
struct ip_feed;

/** enum ip_source - who said it, in order of precedence; the numbers are on disk */
enum ip_source { IP_API = 0, IP_FILE = 1, IP_SOURCES };

/** ip_feed_open - tables in agent->db (a transaction is open) */
int ip_feed_open(struct ip_feed **f, struct agent *agent, struct error *e);
void ip_feed_close(struct ip_feed *f);

/** ip_feed_load - forget memory, take what the disk says; references agent->identities */
int ip_feed_load(struct ip_feed *f, struct error *e);

/** ip_feed_loaded - endpoints and policies are in the maps: publish, and look at the file */
int ip_feed_loaded(struct ip_feed *f, struct error *e);

/**
 * ip_feed_put - the API names these, besides what it named before
 * Return: 0; -ENOENT: no such identity; -ENOSPC: what is full; others with @e.  Needs a commit
 */
int ip_feed_put(struct ip_feed *f, const struct ip_specs *specs, struct error *e);

/** ip_feed_delete - the API names these no more; -ENOENT: one of them it did not name */
int ip_feed_delete(struct ip_feed *f, const struct cidr *list, size_t count, struct error *e);

/** ip_feed_has - is it fed?  @bits: of the mapped form.  @f may be NULL */
bool ip_feed_has(const struct ip_feed *f, const struct axo_addr *addr, uint32_t bits);

/** ip_is_managed - is @addr one of this host's, or of a pod of it? */
bool ip_is_managed(const struct agent *agent, const struct axo_addr *addr);

/** ip_feed_address_freed - a pod or the host has it no more; true: the ipcache names ours now */
bool ip_feed_address_freed(struct ip_feed *f, const struct axo_addr *addr);

/** struct ip_item - a fed prefix that is in the ipcache */
struct ip_item {
	struct cidr cidr;
	uint32_t identity;
	enum ip_source source;
};

/** ip_feed_each - in no order; those that a pod or the host has are left out */
void ip_feed_each(const struct ip_feed *f, void (*fn)(const struct ip_item *item, void *arg),
		  void *arg);

/** ip_feed_file_error - what is wrong with the file; NULL = nothing.  @f may be NULL */
const char *ip_feed_file_error(const struct ip_feed *f);

/** ip_feed_count - prefixes that @source names */
size_t ip_feed_count(const struct ip_feed *f, enum ip_source source);

#endif
