/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Classes: terms to classes, classes to entries.
 *
 *   1. Terms that speak of anybody make the entries of class 0.
 *   2. For every other term the peers it matches are asked from the index: pairs (peer, term).
 *   3. The terms of a peer, and what their named ports mean for it, are its signature; peers of
 *      one signature are a class.  An empty signature is class 0.
 *   4. A class gets the entries of its terms, and those of 1 if they are few (complete_max), or if
 *      there are features: they add up over all the rules that speak of a packet.
 *   5. The host, on ingress, is a class of its own that is allowed everything (allow_host); of all
 *      rules only those of chaos that mean it count.
 *   6. Where no rule puts the subject in default deny, anybody is allowed by default.
 */
#include "policy/compiler.h"

#include <stdlib.h>

void *array_grow(void *array, size_t count, size_t *size, size_t item)
{
	if (count < *size)
		return array;
	*size = *size ? *size * 2 : 16;
	array = reallocarray(array, *size, item);
	if (!array)
		abort();
	return array;
}

static void pair_add(void *ctx, uint32_t slot)
{
	struct compiler *x = ctx;

	x->pairs = array_grow(x->pairs, x->pair_count, &x->pair_size, sizeof(*x->pairs));
	x->pairs[x->pair_count++] = (struct pair){.slot = slot, .term = x->term};
}

static int pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a;
	const struct pair *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return x->term < y->term ? -1 : x->term > y->term;
}

static void signature_push(struct compiler *x, uint32_t v)
{
	x->signature = array_grow(x->signature, x->signature_len, &x->signature_size,
				  sizeof(*x->signature));
	x->signature[x->signature_len++] = v;
}

static void entries_append(struct compiled *c, enum axo_dir dir, uint32_t class_,
			   struct span_list *spans)
{
	struct compiler *x = c->compiler;

	x->prefixes.count = 0;
	spans_resolve(spans->items, spans->count, &c->sets, &x->prefixes);
	x->entries_needed += x->prefixes.count;
	if (x->entries_needed > x->options.max_entries)
		return; /* only how many it would be is of interest now */
	for (size_t i = 0; i < x->prefixes.count; i++) {
		const struct prefix_entry *p = &x->prefixes.items[i];

		c->entries =
			array_grow(c->entries, c->entry_count, &x->entry_size, sizeof(*c->entries));
		c->entries[c->entry_count++] = (struct compiled_entry){
			.class_ = class_,
			.dir = (uint8_t)dir,
			.bits = p->bits,
			.proto = p->proto,
			.verdict = p->deny ? AXO_POL_DENY : AXO_POL_ALLOW,
			.port = p->port,
			.set = (uint16_t)p->set,
			.features = p->features,
			.rule = p->ref,
		};
	}
}

/* Rules 1 and 6. */
void classes_anybody(struct compiled *c, enum axo_dir dir)
{
	struct compiler *x = c->compiler;
	struct side *s = &x->sides[dir];

	for (size_t i = 0; i < x->terms.count; i++) {
		const struct term *t = &x->terms.items[i];

		if (t->dir == dir && t->anybody)
			term_spans(t, &x->subject, NULL, false, &s->anybody);
	}
	if (!x->terms.default_deny[dir])
		span_add(&s->anybody, (struct span){.proto = SPAN_ANY_PROTO,
						    .last = 65535,
						    .ref = AXO_RULE_DEFAULT});
	s->complete = s->anybody.count <= x->options.complete_max || x->terms.features[dir];
	entries_append(c, dir, 0, &s->anybody);
	c->ref.flags[dir] = AXO_POLICY_ENFORCED;
	if (s->anybody.count)
		c->ref.flags[dir] |= AXO_POLICY_ANYBODY;
}

/* Is it to be asked who is meant, and for which terms?  Once for all that mean the same. */
static bool term_asks(const struct compiler *x, uint32_t i, enum axo_dir dir)
{
	const struct term *t = &x->terms.items[i];

	return t->dir == dir && t->leader == i && (!t->anybody || t->named);
}

static void touch_add(void *ctx, uint32_t slot)
{
	struct compiler *x = ctx;

	if (x->touched[slot] || !peers_slot(x->asked, slot)->plain)
		return;
	x->touched[slot] = 1;
	x->touched_slots = array_grow(x->touched_slots, x->touched_count, &x->touched_size,
				      sizeof(*x->touched_slots));
	x->touched_slots[x->touched_count++] = slot;
}

/* Rule 2.  Named ports for anybody: everybody is asked what they mean. */
static void term_collect(struct compiler *x, const struct term *t)
{
	static const struct match everybody = {.type = PEER_ENTITY, .entity = ENTITY_ALL};

	if (t->anybody)
		peers_match(x->asked, &everybody, pair_add, x);
	for (uint32_t m = 0; !t->anybody && m < t->match_count; m++) {
		peers_match(x->asked, &t->matches[m], pair_add, x);
		peers_touch(x->asked, &t->matches[m], touch_add, x);
	}
}

/* Who matches the world without naming prefixes matches the plain ones, but for its excepts. */
static void match_touched(struct compiler *x, const struct match *m)
{
	bool four = match_identity(m, peers_slot(x->asked, peers_world(x->asked, 4)), x->cluster);
	bool six = match_identity(m, peers_slot(x->asked, peers_world(x->asked, 6)), x->cluster);

	if (match_is_specific(m) || (!four && !six))
		return;
	for (size_t i = 0; i < x->touched_count; i++) {
		const struct peer_identity *who = peers_slot(x->asked, x->touched_slots[i]);

		if (match_identity(m, who, x->cluster))
			pair_add(x, x->touched_slots[i]);
	}
}

static void pairs_collect(struct compiler *x, enum axo_dir dir)
{
	x->pair_count = 0;
	for (x->term = 0; x->term < x->terms.count; x->term++) {
		if (term_asks(x, x->term, dir))
			term_collect(x, &x->terms.items[x->term]);
	}
	for (x->term = 0; x->touched_count && x->term < x->terms.count; x->term++) {
		const struct term *t = &x->terms.items[x->term];

		for (uint32_t m = 0;
		     term_asks(x, x->term, dir) && !t->anybody && m < t->match_count; m++)
			match_touched(x, &t->matches[m]);
	}
	if (x->pair_count)
		qsort(x->pairs, x->pair_count, sizeof(*x->pairs), pair_cmp);
}

static int span_plain_cmp(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;

	return x->proto != y->proto ? (int)x->proto - (int)y->proto : (int)x->first - (int)y->first;
}

/* What the named ports of a term mean for a peer: how many, and which. */
static void signature_named(struct compiler *x, const struct term *t,
			    const struct peer_identity *who)
{
	x->spans.count = 0;
	term_spans(t, &x->subject, who, true, &x->spans);
	if (x->spans.count)
		qsort(x->spans.items, x->spans.count, sizeof(struct span), span_plain_cmp);
	signature_push(x, (uint32_t)x->spans.count);
	for (size_t i = 0; i < x->spans.count; i++)
		signature_push(x,
			       (uint32_t)x->spans.items[i].proto << 16 | x->spans.items[i].first);
}

/*
 * Terms of the same peers in a signature: the number of their leader, then for each that has named
 * ports what they mean.  One for anybody whose names mean nothing for this peer is left out.
 */
static void signature_terms(struct compiler *x, uint32_t leader, const struct peer_identity *who)
{
	const struct term *first = &x->terms.items[leader];
	size_t before = x->signature_len;

	signature_push(x, leader);
	for (uint32_t i = leader; i != TERM_END; i = x->terms.items[i].next)
		if (x->terms.items[i].named)
			signature_named(x, &x->terms.items[i], who);
	if (first->anybody && !x->signature[before + 1])
		x->signature_len = before;
}

/* Rule 5. */
static void host_spans(struct compiler *x)
{
	span_add(&x->spans,
		 (struct span){.proto = SPAN_ANY_PROTO, .last = 65535, .ref = AXO_RULE_HOST});
	for (size_t i = 1; i < x->signature_len; i++)
		term_spans(&x->terms.items[x->signature[i]], &x->subject, NULL, false, &x->spans);
}

/* Rule 4: spans of the signature that was just made, @who being any peer of the class. */
static void class_spans(struct compiler *x, enum axo_dir dir, const struct peer_identity *who)
{
	const struct side *s = &x->sides[dir];

	x->spans.count = 0;
	if (x->signature[0] == SIGNATURE_HOST) {
		host_spans(x);
		return;
	}
	for (size_t i = 0; i < x->signature_len; i++)
		for (uint32_t n = x->signature[i]; n != TERM_END; n = x->terms.items[n].next) {
			const struct term *t = &x->terms.items[n];

			term_spans(t, &x->subject, who, t->anybody, &x->spans);
			if (t->named) /* the count, and as many ports */
				i += 1 + x->signature[i + 1];
		}
	for (size_t i = 0; s->complete && i < s->anybody.count; i++)
		span_add(&x->spans, s->anybody.items[i]);
}

/* Rule 3: the class of the signature that was just made; a new one gets its entries. */
static uint32_t class_get(struct compiled *c, enum axo_dir dir, const struct peer_identity *who)
{
	struct compiler *x = c->compiler;
	struct side *s = &x->sides[dir];

	if (!x->signature_len)
		return 0;
	bool complete = s->complete || x->signature[0] == SIGNATURE_HOST;
	void **slot = map_slot(&s->classes, x->signature, x->signature_len * sizeof(uint32_t));
	if (!*slot) {
		*slot = (void *)(uintptr_t)++s->class_count;
		class_spans(x, dir, who);
		entries_append(c, dir, s->class_count, &x->spans);
	}
	uint32_t class_ = (uint32_t)(uintptr_t)*slot;
	return complete ? class_ | AXO_CLASS_COMPLETE : class_;
}

static bool is_host(const struct compiler *x, enum axo_dir dir, const struct peer_identity *who)
{
	return dir == AXO_DIR_INGRESS && x->options.allow_host &&
	       label_set_reserved(&who->labels, "host");
}

/* Rule 5: the terms behind SIGNATURE_HOST are all that host_spans() needs. */
static void signature_host(struct compiler *x, enum axo_dir dir, const struct peer_identity *who)
{
	x->signature_len = 0;
	signature_push(x, SIGNATURE_HOST);
	for (uint32_t i = 0; x->terms.features[dir] && i < x->terms.count; i++) {
		const struct term *t = &x->terms.items[i];

		if (t->dir == dir && t->rule && (t->rule->features & AXO_FEATURE_CHAOS) &&
		    term_matches(x, t, who))
			signature_push(x, i);
	}
}

/* The pairs of one slot, from number *@i on, make its signature. */
static void signature_pairs(struct compiler *x, const struct peer_identity *who, size_t *i)
{
	uint32_t slot = x->pairs[*i].slot, last = UINT32_MAX;

	x->signature_len = 0;
	for (; *i < x->pair_count && x->pairs[*i].slot == slot; ++*i) {
		if (x->pairs[*i].term != last)
			signature_terms(x, x->pairs[*i].term, who);
		last = x->pairs[*i].term;
	}
}

/** struct fill - slots that get classes without pairs of their own */
struct fill {
	struct compiled *compiled;
	uint32_t *classes;
	enum axo_dir dir;
	uint32_t world;
};

/* Rule 5. */
static void host_fill(void *ctx, uint32_t slot)
{
	const struct fill *f = ctx;
	struct compiler *x = f->compiled->compiler;

	signature_host(x, f->dir, peers_slot(x->asked, slot));
	f->classes[slot] = class_get(f->compiled, f->dir, peers_slot(x->asked, slot));
}

static void world_fill(void *ctx, uint32_t slot)
{
	const struct fill *f = ctx;

	if (!f->compiled->compiler->touched[slot])
		f->classes[slot] = f->world;
}

static void classes_fill(struct compiled *c, enum axo_dir dir, uint32_t *classes)
{
	static const struct match host = {.type = PEER_ENTITY, .entity = ENTITY_HOST};
	struct compiler *x = c->compiler;
	struct fill f = {.compiled = c, .classes = classes, .dir = dir};

	if (x->options.allow_host && dir == AXO_DIR_INGRESS)
		peers_match(x->asked, &host, host_fill, &f);
	for (int family = 4; family <= 6; family += 2) {
		f.world = classes[peers_world(x->asked, family)];
		if (f.world)
			peers_plain(x->asked, family, world_fill, &f);
	}
}

void classes_compile(struct compiled *c, struct peers *peers, enum axo_dir dir, uint32_t *classes)
{
	struct compiler *x = c->compiler;

	x->asked = peers;
	x->touched_count = 0;
	x->touched = calloc(peers_slots(peers) + 1, 1);
	if (!x->touched)
		abort();
	pairs_collect(x, dir);
	for (size_t i = 0; i < x->pair_count;) {
		uint32_t slot = x->pairs[i].slot;
		const struct peer_identity *who = peers_slot(peers, slot);

		signature_pairs(x, who, &i);
		if (!is_host(x, dir, who))
			classes[slot] = class_get(c, dir, who);
	}
	classes_fill(c, dir, classes);
	free(x->touched);
	x->touched = NULL;
	x->asked = NULL;
}

uint32_t classes_most_pods(const struct compiled *c, enum axo_dir dir, const struct peers *peers,
			   const uint32_t *classes)
{
	const struct compiler *x = c->compiler;
	const struct side *s = &x->sides[dir];
	uint32_t *counts = calloc(s->class_count + 1, sizeof(*counts));
	uint32_t best = 0;

	if (!counts)
		abort();
	for (uint32_t slot = 0; slot < peers_slots(peers); slot++) {
		uint32_t class_ = classes[slot];

		if (axo_peer_kind(peers_id(peers, slot)) != AXO_PEER_POD)
			continue;
		counts[class_ & ~AXO_CLASS_COMPLETE]++;
		if (counts[class_ & ~AXO_CLASS_COMPLETE] > counts[best & ~AXO_CLASS_COMPLETE])
			best = class_;
	}
	if (!x->options.pod_class_min ||
	    counts[best & ~AXO_CLASS_COMPLETE] < x->options.pod_class_min)
		best = 0;
	free(counts);
	return best;
}

bool term_matches(const struct compiler *x, const struct term *t, const struct peer_identity *who)
{
	for (uint32_t m = 0; m < t->match_count; m++)
		if (match_identity(&t->matches[m], who, x->cluster))
			return true;
	return t->anybody;
}

uint32_t classes_of_peer(struct compiled *c, enum axo_dir dir, const struct peer_identity *who)
{
	struct compiler *x = c->compiler;

	if (!x->terms.enforced[dir])
		return 0;
	x->signature_len = 0;
	if (is_host(x, dir, who))
		signature_host(x, dir, who);
	for (uint32_t i = 0; !is_host(x, dir, who) && i < x->terms.count; i++) {
		if (term_asks(x, i, dir) && term_matches(x, &x->terms.items[i], who))
			signature_terms(x, i, who);
	}
	return class_get(c, dir, who);
}
