/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Set: all policies in force, by where they came from.
 *
 * A source (a file, or the API) is applied as a whole.  (kind, namespace, name) is unique over
 * all sources.  Every policy gets a range of rule references that no other policy of this set
 * ever has, so a reference in an old event never names a new rule.
 */
#ifndef POLICY_SET_H
#define POLICY_SET_H

#include "lib/error.h"
#include "policy/ref.h"
#include "policy/rule.h"

struct policy_set;

struct policy_set *policy_set_new(void);
void policy_set_free(struct policy_set *s);

/**
 * policy_set_apply - put @list in the place of what @source had
 * @list: taken on success; stays the caller's on failure (then the set is as before)
 * Return: 0; -EEXIST if another source has one of the names (@e says which and where);
 * -EOVERFLOW if references have run out.
 */
int policy_set_apply(struct policy_set *s, const char *source, struct policy *list,
		     struct error *e);

/**
 * policy_set_begin - from now on nothing is lost: what policy_set_apply() replaces is kept, until
 * policy_set_commit() forgets it, or policy_set_rollback() makes everything as it was, references
 * too
 */
void policy_set_begin(struct policy_set *s);
void policy_set_commit(struct policy_set *s);
void policy_set_rollback(struct policy_set *s);

/**
 * policy_set_changed - what went and what came since policy_set_begin()
 * @out: array of pointers, owned by the caller (free); valid until the end of the change
 * @gone: the first so many of them went; or NULL
 */
size_t policy_set_changed(const struct policy_set *s, const struct policy ***out, size_t *gone);

/** policy_set_source - where @p, which is in the set, came from; borrowed */
const char *policy_set_source(const struct policy_set *s, const struct policy *p);

/** policy_set_find - @namespace_ NULL for kinds without */
const struct policy *policy_set_find(const struct policy_set *s, enum policy_kind kind,
				     const char *namespace_, const char *name);

/** policy_set_next - all of them in no order: NULL starts, NULL ends; the set may not change */
const struct policy *policy_set_next(const struct policy_set *s, const struct policy *prev);

/** policy_set_all - all of them at once, in no order; @out: owned by the caller (free) */
size_t policy_set_all(const struct policy_set *s, const struct policy ***out);

size_t policy_set_count(const struct policy_set *s);

/** policy_set_first_ref - reference of part 0 of @p, which is in the set */
uint32_t policy_set_first_ref(const struct policy_set *s, const struct policy *p);

/** policy_set_ref - what a reference names; -ENOENT if its policy is gone */
int policy_set_ref(const struct policy_set *s, uint32_t number, struct ref *out);

/**
 * policy_set_relevant - policies that may select a subject of @namespace_ (NULL: no pod)
 * @out: array of pointers, owned by the caller (free)
 * Return: how many, in the order of their references.
 */
size_t policy_set_relevant(const struct policy_set *s, const char *namespace_,
			   const struct policy ***out);

/**
 * policy_set_derive - labels of an endpoint, and those that its namespace gives it
 * @a: where the result lives
 */
struct label_set policy_set_derive(const struct policy_set *s, struct arena *a,
				   const struct label_set *labels);

/**
 * policy_set_prefixes - every prefix that a policy names, excepts and groups too, each once
 * @out: owned by the caller (free); sorted by family, address, length; without 0.0.0.0/0 and ::/0,
 *       which are the world
 * The agent gives each an identity with the labels cidr:PREFIX and reserved:world-ipv4 (or 6).
 */
size_t policy_set_prefixes(const struct policy_set *s, struct cidr **out);

/**
 * policies_prefixes - the same of some policies, each as often as it is named, in no order
 * @out: owned by the caller (free)
 */
size_t policies_prefixes(const struct policy *const *list, size_t count, struct cidr **out);

/** policy_has_fqdns - does @p say toFQDNs? */
bool policy_has_fqdns(const struct policy *p);

/**
 * policy_set_fqdns - names and patterns of toFQDNs that policies say, each once, sorted
 * @out: owned by the caller (free); the texts are the policies'
 * The agent gives each an identity with the label fqdn:TEXT.
 */
size_t policy_set_fqdns(const struct policy_set *s, const char ***out);

/** cidr_order - for qsort: family, address, length */
int cidr_order(const void *a, const void *b);

#endif
