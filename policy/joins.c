/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Joins: what feature sets are together that meet at one address because it has names.
 *
 * Rules of one peer are joined where its class is made.  An address of the world is asked about as
 * itself and as every selector of toFQDNs that it has, and which those are only the answers say.  So
 * every two sets that may meet (of different peers, at a port that both speak of) have a set of both,
 * and so has that with a third one, as long as there is room.
 */
#include <stdlib.h>

#include "axoneme/fqdn.h"
#include "policy/compiler.h"

/** enum role - of a class of egress: selectors have it; addresses of the world have it */
enum role { ROLE_NAME = 1, ROLE_WORLD = 2 };

/** struct piece - a set, and traffic that meets it */
struct piece {
	uint16_t set;
	uint16_t port;
	uint8_t bits;
	uint8_t proto;
	uint8_t roles;
};

#define PIECES_MAX 1024

/** struct joiner - @roles: class to enum role; @own: pieces of entries, the others are of joins */
struct joiner {
	struct compiled *c;
	struct map roles;
	struct piece pieces[PIECES_MAX];
	size_t count;
	size_t own;
};

static uint8_t role_of(uint32_t identity)
{
	if (identity >= AXO_ID_FQDN_MIN && identity <= AXO_ID_FQDN_MAX)
		return ROLE_NAME;
	if (identity == AXO_ID_WORLD_IPV4 || identity == AXO_ID_WORLD_IPV6 ||
	    (identity >= AXO_ID_PREFIX4_MIN && identity <= AXO_ID_PREFIX_MAX))
		return ROLE_WORLD;
	return 0;
}

bool identity_may_join(uint32_t identity)
{
	return role_of(identity) != 0;
}

static void class_note(struct joiner *j, uint32_t class_, uint8_t role)
{
	void **slot;

	class_ &= ~AXO_CLASS_COMPLETE;
	slot = map_slot(&j->roles, &class_, sizeof(class_));
	*slot = (void *)((uintptr_t)*slot | role);
}

/* Is there a name among the peers at all? */
static bool classes_note(struct joiner *j)
{
	const struct compiled *c = j->c;
	bool names = false;

	for (size_t i = 0; i < c->peer_count; i++) {
		uint8_t role = role_of(c->peers[i].identity);

		names |= role == ROLE_NAME;
		if (role)
			class_note(j, c->peers[i].class_[AXO_DIR_EGRESS], role);
	}
	class_note(j, 0, ROLE_WORLD);
	class_note(j, c->ref.default_class[AXO_DIR_EGRESS][AXO_PEER_PREFIX4], ROLE_WORLD);
	class_note(j, c->ref.default_class[AXO_DIR_EGRESS][AXO_PEER_PREFIX6], ROLE_WORLD);
	return names;
}

static void piece_add(struct joiner *j, const struct piece *p)
{
	for (size_t i = 0; i < j->count; i++) {
		struct piece *o = &j->pieces[i];

		if (o->set == p->set && o->port == p->port && o->bits == p->bits &&
		    o->proto == p->proto) {
			o->roles |= p->roles;
			return;
		}
	}
	if (j->count < PIECES_MAX)
		j->pieces[j->count++] = *p;
}

static void pieces_collect(struct joiner *j)
{
	for (size_t i = 0; i < j->c->entry_count; i++) {
		const struct compiled_entry *e = &j->c->entries[i];
		struct piece p = {
			.set = e->set, .port = e->port, .bits = e->bits, .proto = e->proto};

		if (e->dir != AXO_DIR_EGRESS || !e->set)
			continue;
		p.roles = (uint8_t)(uintptr_t)map_get(&j->roles, &e->class_, sizeof(e->class_));
		if (p.roles)
			piece_add(j, &p);
	}
}

/* The traffic that both speak of, into @out: the longer of two prefixes, if one is in the other. */
static bool pieces_meet(const struct piece *a, const struct piece *b, struct piece *out)
{
	const struct piece *wide = a->bits < b->bits ? a : b;
	uint32_t port_bits = wide->bits > AXO_POL_BITS_PROTO ? wide->bits - AXO_POL_BITS_PROTO : 0;
	uint32_t mask = 0xffffu << (16 - port_bits) & 0xffffu;

	if (a->set == b->set || !((a->roles | b->roles) & ROLE_NAME))
		return false;
	if (wide->bits >= AXO_POL_BITS_PROTO && a->proto != b->proto)
		return false;
	if ((a->port & mask) != (b->port & mask))
		return false;
	*out = wide == a ? *b : *a;
	out->roles = ROLE_NAME;
	return true;
}

/* Can one set have both?  One language, and no more faults than fit. */
static bool rules_fit(const struct feature_rule *const *rules, size_t count)
{
	size_t faults = 0;
	uint8_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		bits |= rules[i]->features & FEATURE_ENFORCES;
		if (rules[i]->features & AXO_FEATURE_CHAOS)
			faults += rules[i]->rule->l7_rules.count;
	}
	return !(bits & (bits - 1)) && faults <= AXO_CHAOS_PER_SET;
}

static bool is_part(const struct feature_set *part, const struct feature_set *whole)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < whole->count && found < part->count; i++)
		found += whole->rules[i] == part->rules[found];
	return found == part->count;
}

/* Place of the set of all rules of @a and @b; 0 = there can be none. */
static uint16_t sets_union(struct compiled *c, uint16_t a, uint16_t b)
{
	const struct feature_set *x = &c->sets.items[a - 1], *y = &c->sets.items[b - 1];
	size_t count = x->count + y->count;
	const struct feature_rule **rules = calloc(count, sizeof(struct feature_rule *));
	size_t before = c->sets.count;
	uint32_t both = 0;

	if (!rules)
		abort();
	for (size_t i = 0; i < count; i++)
		rules[i] = i < x->count ? x->rules[i] : y->rules[i - x->count];
	if (rules_fit(rules, count) && (c->joined_sets < COMPILED_JOINED_SETS || is_part(y, x)))
		both = feature_sets_get(&c->sets, rules, count);
	c->joined_sets += c->sets.count - before;
	free(rules);
	return both <= UINT16_MAX ? (uint16_t)both : 0;
}

uint16_t compiled_join(const struct compiled *c, uint16_t a, uint16_t b)
{
	for (size_t i = 0; i < c->join_count; i++) {
		const struct compiled_join *j = &c->joins[i];

		if ((j->a == a && j->b == b) || (j->a == b && j->b == a))
			return j->both;
	}
	return 0;
}

static void pair_join(struct joiner *j, size_t first, size_t second)
{
	struct piece a = j->pieces[first], b = j->pieces[second], met;
	struct compiled *c = j->c;
	uint16_t both;

	if (!pieces_meet(&a, &b, &met))
		return;
	both = compiled_join(c, a.set, b.set);
	if (!both && c->join_count < COMPILED_JOINS_MAX) {
		both = sets_union(c, a.set, b.set);
		if (both)
			c->joins[c->join_count++] = (struct compiled_join){a.set, b.set, both};
	}
	if (!both)
		return;
	met.set = both;
	piece_add(j, &met);
}

void compiled_joins_make(struct compiled *c)
{
	struct joiner *j = calloc(1, sizeof(*j));

	if (!j)
		abort();
	j->c = c;
	if (c->sets.count > 1 && classes_note(j)) {
		pieces_collect(j);
		j->own = j->count;
		/* What two make comes behind them, and is paired with a third in its turn. */
		for (size_t i = 1; i < j->count; i++)
			for (size_t k = 0; k < i && k < j->own; k++)
				pair_join(j, i, k);
	}
	map_fini(&j->roles, NULL);
	free(j);
}
