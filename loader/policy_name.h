/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names in the policies in force: the tables of DNS rules and of TLS server names (feature kinds,
 * loader/policy_feature.h), and the selectors of toFQDNs (axoneme/fqdn.h).
 *
 * A selector has the same identity in all policies and over restarts of the agent, as what was
 * learned names it; the database holds the numbers.  A number is used again only when all others
 * were.
 */
#ifndef LOADER_POLICY_NAME_H
#define LOADER_POLICY_NAME_H

#include <stdint.h>

#include "lib/error.h"
#include "loader/policy_feature.h"

struct policy_engine;
struct policy_names;

extern const struct feature_kind policy_kind_dns;
extern const struct feature_kind policy_kind_sni;

void policy_names_free(struct policy_names *n);

/** policy_fqdns_load - numbers of selectors from the disk; before policy_fqdns_want() */
int policy_fqdns_load(struct policy_engine *p, struct error *e);

/**
 * policy_fqdns_want - the selectors that the set names now: new ones are peers afterwards, and the
 * table for them is made but not in force
 * Return: 0; -ENOSPC: they do not fit.  policy_fqdns_undo() or policy_fqdns_publish() follows.
 */
int policy_fqdns_want(struct policy_engine *p, struct error *e);

/** policy_fqdns_undo - the change failed: all is as before policy_fqdns_want(), called or not */
void policy_fqdns_undo(struct policy_engine *p);

/** policy_fqdns_save - numbers that came or went, on the disk */
int policy_fqdns_save(struct policy_engine *p, struct error *e);

/** policy_fqdns_publish - the table is in force; selectors that nobody names are forgotten */
void policy_fqdns_publish(struct policy_engine *p);

/** policy_fqdns_match - selectors in force that match @name, into @ids; returns how many */
size_t policy_fqdns_match(const struct policy_engine *p, const char *name, uint32_t *ids,
			  size_t max);

/** policy_fqdn_text - what selector @id says; NULL = it is none now */
const char *policy_fqdn_text(const struct policy_engine *p, uint32_t id);

#endif
