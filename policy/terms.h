/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Terms: what the policies say of one subject, flat.  One term per part of a rule (ref.h).
 */
#ifndef POLICY_TERMS_H
#define POLICY_TERMS_H

#include "policy/compile.h"
#include "policy/feature.h"
#include "policy/spans.h"

/**
 * struct term
 * @ref:     its reference
 * @anybody: its peers are everybody
 * @named:   egress with named ports: what they mean depends on the peer
 * @matches: alternatives of who it speaks of
 * @ports, @icmps: the part of the item; both NULL: all protocols
 * @rule:    of a port rule with features, else NULL; in the arena
 * @leader:  number of the first term of the direction that speaks of the same peers; it stands for
 *           all of them where peers are asked (terms_group)
 * @next:    the next one that speaks of them, or TERM_END
 */
struct term {
	uint32_t ref;
	bool deny;
	bool anybody;
	bool named;
	uint8_t dir;
	const struct match *matches;
	uint32_t match_count;
	const struct port_rule *ports;
	const struct icmp_rule *icmps;
	const struct feature_rule *rule;
	uint32_t leader;
	uint32_t next;
};

#define TERM_END UINT32_MAX

/**
 * struct terms - of both directions, in the order of references
 * @default_deny: by enum axo_dir
 * @enforced:     by enum axo_dir: some rule speaks of the direction
 * @features:     by enum axo_dir: some term has a rule with features
 * @lockdown:     a policy with a rule for the subject is annotated so (policy.lockdown)
 * @held:         policies that @items borrow from
 */
struct terms {
	struct term *items;
	size_t count, size;
	bool default_deny[2];
	bool enforced[2];
	bool features[2];
	bool lockdown;
	struct policy **held;
	size_t held_count, held_size;
};

void terms_fini(struct terms *t);

/** terms_group - fill leader and next; terms for anybody stay alone */
void terms_group(struct terms *t);

/** terms_collect - everything that selects @subject; @a holds matches */
void terms_collect(const struct policy_set *set, const struct subject *subject, struct arena *a,
		   struct terms *out);

/** item_is_anybody - are its peers everybody? */
bool item_is_anybody(const struct rule_item *item);

/**
 * item_matches - alternatives of who an item speaks of; a group that does not exist is nobody
 * @out: so many, in @a
 */
uint32_t item_matches(const struct policy_set *set, const struct rule_item *item, struct arena *a,
		      const struct match **out);

/** struct span_list - grows; free(@items) */
struct span_list {
	struct span *items;
	size_t count, size;
};

void span_add(struct span_list *l, struct span s);

/**
 * term_spans - protocols and ports of a term
 * @who: whose named ports egress resolves; NULL leaves them out
 * @named_only: only those
 */
void term_spans(const struct term *t, const struct subject *subject,
		const struct peer_identity *who, bool named_only, struct span_list *out);

#endif
