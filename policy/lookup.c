/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs' lookup in user space; see lookup.h. */
#include "policy/lookup.h"

#include <stdlib.h>

#include "policy/map.h"

struct lookup {
	const struct compiled *compiled;
	struct map peers;
	struct map entries;
};

/** struct entry_key - an LPM key with its length, for a table that compares whole keys */
struct entry_key {
	uint32_t class_;
	uint32_t bits;
	uint32_t dir_proto;
	uint32_t port;
};

static struct entry_key entry_key(uint32_t class_, const struct packet *p, uint32_t bits)
{
	uint32_t port_bits = bits > AXO_POL_BITS_PROTO ? bits - AXO_POL_BITS_PROTO : 0;
	uint32_t proto = bits >= AXO_POL_BITS_PROTO ? p->proto : 0;

	return (struct entry_key){
		.class_ = class_,
		.bits = bits,
		.dir_proto = (uint32_t)p->dir << 8 | proto,
		.port = p->port & (0xffffu << (16 - port_bits) & 0xffffu),
	};
}

struct lookup *lookup_new(const struct compiled *c)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->compiled = c;
	for (size_t i = 0; i < c->peer_count; i++)
		*map_slot(&l->peers, &c->peers[i].identity, sizeof(uint32_t)) = &c->peers[i];
	for (size_t i = 0; i < c->entry_count; i++) {
		const struct compiled_entry *e = &c->entries[i];
		struct packet p = {.dir = (enum axo_dir)e->dir, .proto = e->proto, .port = e->port};
		struct entry_key key = entry_key(e->class_, &p, e->bits);

		*map_slot(&l->entries, &key, sizeof(key)) = &c->entries[i];
	}
	return l;
}

void lookup_free(struct lookup *l)
{
	if (!l)
		return;
	map_fini(&l->peers, NULL);
	map_fini(&l->entries, NULL);
	free(l);
}

/** struct found - @entry is NULL: nothing */
struct found {
	const struct compiled_entry *entry;
	struct axo_pol_entry value;
};

/* What one access of the LPM trie finds. */
static struct found entry_find(const struct lookup *l, uint32_t class_, const struct packet *p)
{
	for (uint32_t bits = AXO_POL_BITS_PORT;; bits--) {
		if (bits < AXO_POL_BITS_PROTO)
			bits = AXO_POL_BITS_ALL;
		struct entry_key key = entry_key(class_, p, bits);
		const struct compiled_entry *e = map_get(&l->entries, &key, sizeof(key));

		if (e)
			return (struct found){e, compiled_value(l->compiled, e)};
		if (bits == AXO_POL_BITS_ALL)
			return (struct found){0};
	}
}

uint32_t lookup_class(const struct lookup *l, uint32_t identity, enum axo_dir dir)
{
	const struct compiled_peer *p = map_get(&l->peers, &identity, sizeof(identity));

	return p ? p->class_[dir] : axo_policy_class(&l->compiled->ref, identity, dir);
}

struct verdict lookup_packet(const struct lookup *l, uint32_t identity, const struct packet *p)
{
	const struct axo_policy_ref *ref = &l->compiled->ref;
	struct found own, anybody = {0};

	if (!(ref->flags[p->dir] & AXO_POLICY_ENFORCED))
		return (struct verdict){.allow = true, .rule = AXO_RULE_DEFAULT};
	uint32_t class_ = lookup_class(l, identity, p->dir);
	uint32_t accesses = 2;
	own = entry_find(l, class_ & ~AXO_CLASS_COMPLETE, p);
	if (class_ && !(class_ & AXO_CLASS_COMPLETE) && (ref->flags[p->dir] & AXO_POLICY_ANYBODY)) {
		anybody = entry_find(l, 0, p);
		accesses++;
	}
	const struct axo_pol_entry *e = axo_policy_judge(own.entry ? &own.value : NULL,
							 anybody.entry ? &anybody.value : NULL);
	struct verdict v = {
		.allow = e && e->verdict == AXO_POL_ALLOW,
		.explicit_deny = e && e->verdict == AXO_POL_DENY,
		.rule = e ? e->rule : AXO_RULE_DEFAULT,
		.accesses = accesses,
	};

	if (v.allow)
		v.set = compiled_set(l->compiled, e == &own.value ? own.entry : anybody.entry);
	v.plain = v.allow && !v.set && v.rule != AXO_RULE_DEFAULT;
	return v;
}

/* The set of both; NULL = there is none. */
static const struct feature_set *sets_join(const struct lookup *l, const struct feature_set *a,
					   const struct feature_set *b)
{
	const struct feature_set *items = l->compiled->sets.items;
	uint16_t both =
		compiled_join(l->compiled, (uint16_t)(a - items + 1), (uint16_t)(b - items + 1));

	return both ? &items[both - 1] : NULL;
}

void lookup_join(const struct lookup *l, struct verdict *v, const struct verdict *by)
{
	const struct feature_set *both;

	if (v->explicit_deny || !by->allow)
		return;
	if (!v->allow) {
		*v = *by;
		return;
	}
	v->plain |= by->plain;
	if (!v->set) {
		v->set = by->set;
	} else if (by->set && by->set != v->set) {
		both = sets_join(l, v->set, by->set);
		v->set = both ? both : v->set;
	}
}
