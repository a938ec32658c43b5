/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The compiler: terms to classes, classes to entries.
 *
 *   1. Terms that speak of anybody make the entries of class 0.
 *   2. For every other term the peers it matches are asked from the index: pairs (peer, term).
 *   3. The terms of a peer, and what their named ports mean for it, are its signature; peers of
 *      one signature are a class.  An empty signature is class 0.
 *   4. A class gets the entries of its terms, and those of 1 if they are few (complete_max).
 *   5. The host, on ingress, is a class of its own that is allowed everything (allow_host).
 *   6. Where no rule puts the subject in default deny, anybody is allowed by default.
 */
#include "policy/compile.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/ipcache.h"
#include "policy/map.h"
#include "policy/terms.h"

#define SIGNATURE_HOST UINT32_MAX /* no term has this number */

/**
 * struct side - one direction of the policy being compiled
 * @anybody: spans of class 0
 * @complete: they are in every class as well
 * @classes: signature to class + 1
 */
struct side {
	struct span_list anybody;
	bool complete;
	struct map classes;
	uint32_t class_count;
};

struct pair {
	uint32_t slot;
	uint32_t term;
};

struct compiler {
	struct arena arena;
	struct compile_options options;
	struct subject subject;
	const char *cluster;
	struct terms terms;
	struct side sides[2];
	struct pair *pairs;
	size_t pair_count, pair_size;
	uint32_t *signature;
	size_t signature_len, signature_size;
	uint32_t term; /* whose peers are being collected */
	size_t entry_size, peer_size;
	struct prefix_list prefixes;
	struct span_list spans;
};

static void *grow(void *array, size_t count, size_t *size, size_t item)
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

	x->pairs = grow(x->pairs, x->pair_count, &x->pair_size, sizeof(*x->pairs));
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
	x->signature = grow(x->signature, x->signature_len, &x->signature_size,
			    sizeof(*x->signature));
	x->signature[x->signature_len++] = v;
}

static void entries_append(struct compiled *c, enum axo_dir dir, uint32_t class_,
			   struct span_list *spans)
{
	struct compiler *x = c->compiler;

	x->prefixes.count = 0;
	spans_resolve(spans->items, spans->count, &x->prefixes);
	for (size_t i = 0; i < x->prefixes.count; i++) {
		const struct prefix_entry *p = &x->prefixes.items[i];

		c->entries = grow(c->entries, c->entry_count, &x->entry_size, sizeof(*c->entries));
		c->entries[c->entry_count++] = (struct compiled_entry){
			.class_ = class_,
			.dir = (uint8_t)dir,
			.bits = p->bits,
			.proto = p->proto,
			.verdict = p->deny ? AXO_POL_DENY : AXO_POL_ALLOW,
			.port = p->port,
			.rule = p->ref,
		};
	}
}

/* Rules 1 and 6. */
static void anybody_compile(struct compiled *c, enum axo_dir dir)
{
	struct compiler *x = c->compiler;
	struct side *s = &x->sides[dir];

	for (size_t i = 0; i < x->terms.count; i++) {
		const struct term *t = &x->terms.items[i];

		if (t->dir == dir && t->anybody)
			term_spans(t, &x->subject, NULL, false, &s->anybody);
	}
	if (!x->terms.default_deny[dir])
		span_add(&s->anybody, (struct span){.proto = SPAN_ANY_PROTO, .last = 65535,
						    .ref = AXO_RULE_DEFAULT});
	s->complete = s->anybody.count <= x->options.complete_max;
	entries_append(c, dir, 0, &s->anybody);
	c->ref.flags[dir] = AXO_POLICY_ENFORCED;
	if (s->anybody.count)
		c->ref.flags[dir] |= AXO_POLICY_ANYBODY;
}

static bool term_selects(const struct term *t)
{
	return !t->anybody || t->named;
}

/* Rule 2.  Named ports for anybody: everybody is asked what they mean. */
static void pairs_collect(struct compiler *x, struct peers *peers, enum axo_dir dir)
{
	static const struct match everybody = {.type = PEER_ENTITY, .entity = ENTITY_ALL};

	x->pair_count = 0;
	for (x->term = 0; x->term < x->terms.count; x->term++) {
		const struct term *t = &x->terms.items[x->term];

		if (t->dir != dir || !term_selects(t))
			continue;
		if (t->anybody)
			peers_match(peers, &everybody, pair_add, x);
		for (uint32_t m = 0; !t->anybody && m < t->match_count; m++)
			peers_match(peers, &t->matches[m], pair_add, x);
	}
	if (x->pair_count)
		qsort(x->pairs, x->pair_count, sizeof(*x->pairs), pair_cmp);
}

static int span_plain_cmp(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;

	return x->proto != y->proto ? (int)x->proto - (int)y->proto
				    : (int)x->first - (int)y->first;
}

/*
 * A term in a signature: its number, and for named ports what they mean.  One that means nothing
 * for this peer, and has nothing else to say, is left out.
 */
static void signature_term(struct compiler *x, uint32_t term, const struct peer_identity *who)
{
	const struct term *t = &x->terms.items[term];

	if (!t->named) {
		signature_push(x, term);
		return;
	}
	x->spans.count = 0;
	term_spans(t, &x->subject, who, true, &x->spans);
	if (!x->spans.count && t->anybody)
		return;
	if (x->spans.count)
		qsort(x->spans.items, x->spans.count, sizeof(struct span), span_plain_cmp);
	signature_push(x, term);
	signature_push(x, (uint32_t)x->spans.count);
	for (size_t i = 0; i < x->spans.count; i++)
		signature_push(x, (uint32_t)x->spans.items[i].proto << 16 |
					  x->spans.items[i].first);
}

/* Rule 4: spans of the signature that was just made, @who being any peer of the class. */
static void class_spans(struct compiler *x, enum axo_dir dir, const struct peer_identity *who)
{
	const struct side *s = &x->sides[dir];

	x->spans.count = 0;
	if (x->signature[0] == SIGNATURE_HOST) {
		span_add(&x->spans, (struct span){.proto = SPAN_ANY_PROTO, .last = 65535,
						  .ref = AXO_RULE_HOST});
		return;
	}
	for (size_t i = 0; i < x->signature_len; i++) {
		const struct term *t = &x->terms.items[x->signature[i]];

		term_spans(t, &x->subject, who, t->anybody, &x->spans);
		if (t->named)
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

/* @classes: by slot, zero before. */
static void classes_compile(struct compiled *c, struct peers *peers, enum axo_dir dir,
			    uint32_t *classes)
{
	struct compiler *x = c->compiler;

	pairs_collect(x, peers, dir);
	for (size_t i = 0; i < x->pair_count;) {
		uint32_t slot = x->pairs[i].slot;
		const struct peer_identity *who = peers_slot(peers, slot);
		uint32_t last = UINT32_MAX;

		x->signature_len = 0;
		for (; i < x->pair_count && x->pairs[i].slot == slot; i++) {
			if (x->pairs[i].term != last)
				signature_term(x, x->pairs[i].term, who);
			last = x->pairs[i].term;
		}
		if (!is_host(x, dir, who))
			classes[slot] = class_get(c, dir, who);
	}
	uint32_t slot = 0;
	for (const struct peer_identity *who; (who = peers_next(peers, &slot));) {
		if (!is_host(x, dir, who))
			continue;
		x->signature_len = 0;
		signature_push(x, SIGNATURE_HOST);
		classes[slot - 1] = class_get(c, dir, who);
	}
}

static bool is_pod(uint32_t identity)
{
	return identity >= AXO_ID_LOCAL_MIN && identity <= AXO_ID_LOCAL_MAX;
}

/* The class that most pods have; 0 if they are few. */
static uint32_t pod_class(const struct compiler *x, const struct peers *peers,
			  const struct side *s, const uint32_t *classes)
{
	uint32_t *counts = calloc(s->class_count + 1, sizeof(*counts));
	uint32_t best = 0, slot = 0;

	if (!counts)
		abort();
	for (const struct peer_identity *who; (who = peers_next(peers, &slot));) {
		uint32_t class_ = classes[slot - 1];

		if (!is_pod(who->id))
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

static bool peer_is_default(const struct compiled *c, uint32_t identity, const uint32_t class_[2])
{
	bool pod = is_pod(identity);

	for (int dir = 0; dir < 2; dir++)
		if (class_[dir] != (pod ? c->ref.pod_class[dir] : 0))
			return false;
	return true;
}

static void peer_append(struct compiled *c, const struct compiled_peer *p)
{
	struct compiler *x = c->compiler;

	c->peers = grow(c->peers, c->peer_count, &x->peer_size, sizeof(*c->peers));
	c->peers[c->peer_count++] = *p;
}

static void peers_fill(struct compiled *c, const struct peers *peers, uint32_t *const classes[2])
{
	uint32_t slot = 0;

	for (const struct peer_identity *who; (who = peers_next(peers, &slot));) {
		struct compiled_peer p = {
			.identity = who->id,
			.class_ = {classes[0][slot - 1], classes[1][slot - 1]},
		};

		if (!peer_is_default(c, p.identity, p.class_))
			peer_append(c, &p);
	}
}

static int limits_check(const struct compiled *c, struct error *e)
{
	const struct compile_options *o = &c->compiler->options;
	uint32_t entries = o->max_entries ? o->max_entries : AXO_MAX_POL_ENTRIES / 2;
	uint32_t peers = o->max_peers ? o->max_peers : AXO_MAX_POL_PEERS / 2;

	if (c->entry_count > entries)
		return error_set(e, ENOSPC, "the policy needs %zu entries, the limit is %u",
				 c->entry_count, entries);
	if (c->peer_count > peers)
		return error_set(e, ENOSPC, "the policy needs %zu peers, the limit is %u",
				 c->peer_count, peers);
	return 0;
}

/* The subject's labels and ports must outlive the caller's. */
static void subject_copy(struct compiler *x, const struct subject *s)
{
	struct named_port *ports = arena_alloc(&x->arena, s->port_count * sizeof(*ports));

	for (size_t i = 0; i < s->port_count; i++) {
		ports[i] = s->ports[i];
		ports[i].name = arena_text(&x->arena, s->ports[i].name, strlen(s->ports[i].name));
	}
	x->subject = (struct subject){.ports = ports, .port_count = s->port_count};
}

static struct compiled *compiled_new(const struct policy_set *set, const struct peers *peers,
				     const struct subject *subject,
				     const struct compile_options *options)
{
	struct compiled *c = calloc(1, sizeof(*c));
	struct compiler *x = calloc(1, sizeof(*x));

	if (!c || !x)
		abort();
	c->compiler = x;
	x->options = *options;
	x->cluster = peers_cluster(peers);
	terms_collect(set, subject, &x->arena, &x->terms);
	subject_copy(x, subject);
	return c;
}

void compiled_free(struct compiled *c)
{
	if (!c)
		return;
	struct compiler *x = c->compiler;
	for (int dir = 0; dir < 2; dir++) {
		free(x->sides[dir].anybody.items);
		map_fini(&x->sides[dir].classes, NULL);
	}
	free(x->terms.items);
	free(x->pairs);
	free(x->signature);
	free(x->prefixes.items);
	free(x->spans.items);
	arena_fini(&x->arena);
	free(x);
	free(c->peers);
	free(c->entries);
	free(c);
}

static void scratch_free(struct compiler *x)
{
	free(x->pairs);
	x->pairs = NULL;
	x->pair_count = x->pair_size = 0;
}

int policy_compile(const struct policy_set *set, struct peers *peers, const struct subject *subject,
		   const struct compile_options *options, struct compiled **out, struct error *e)
{
	struct compiled *c = compiled_new(set, peers, subject, options);
	uint32_t slots = peers_slots(peers);
	uint32_t *classes[2] = {calloc(slots + 1, sizeof(uint32_t)),
				calloc(slots + 1, sizeof(uint32_t))};

	if (!classes[0] || !classes[1])
		abort();
	for (int dir = 0; dir < 2; dir++) {
		if (!c->compiler->terms.enforced[dir])
			continue;
		anybody_compile(c, (enum axo_dir)dir);
		classes_compile(c, peers, (enum axo_dir)dir, classes[dir]);
		c->ref.pod_class[dir] =
			pod_class(c->compiler, peers, &c->compiler->sides[dir], classes[dir]);
	}
	peers_fill(c, peers, classes);
	free(classes[0]);
	free(classes[1]);
	scratch_free(c->compiler);
	int err = limits_check(c, e);
	if (err) {
		compiled_free(c);
		return err;
	}
	*out = c;
	return 0;
}

static bool term_matches(const struct compiler *x, const struct term *t,
			 const struct peer_identity *who)
{
	for (uint32_t m = 0; m < t->match_count; m++)
		if (match_identity(&t->matches[m], who, x->cluster))
			return true;
	return t->anybody;
}

static uint32_t peer_class(struct compiled *c, enum axo_dir dir, const struct peer_identity *who)
{
	struct compiler *x = c->compiler;

	if (!x->terms.enforced[dir])
		return 0;
	x->signature_len = 0;
	if (is_host(x, dir, who))
		signature_push(x, SIGNATURE_HOST);
	for (uint32_t i = 0; !is_host(x, dir, who) && i < x->terms.count; i++) {
		const struct term *t = &x->terms.items[i];

		if (t->dir == dir && term_selects(t) && term_matches(x, t, who))
			signature_term(x, i, who);
	}
	return class_get(c, dir, who);
}

int compiled_add_peer(struct compiled *c, const struct peer_identity *who,
		      struct compiled_delta *delta, struct error *e)
{
	struct compiled_delta d = {.first_entry = c->entry_count, .peer = {.identity = who->id}};

	compiled_remove_peer(c, who->id);
	for (int dir = 0; dir < 2; dir++)
		d.peer.class_[dir] = peer_class(c, (enum axo_dir)dir, who);
	d.entry_count = c->entry_count - d.first_entry;
	d.has_peer = !peer_is_default(c, who->id, d.peer.class_);
	if (d.has_peer)
		peer_append(c, &d.peer);
	int err = limits_check(c, e);
	if (err)
		return err;
	*delta = d;
	return 0;
}

bool compiled_remove_peer(struct compiled *c, uint32_t identity)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (c->peers[i].identity == identity) {
			c->peers[i] = c->peers[--c->peer_count];
			return true;
		}
	return false;
}

struct axo_pol_key compiled_key(const struct compiled_entry *e, uint32_t id)
{
	return (struct axo_pol_key){
		.prefixlen = e->bits,
		.policy = htonl(id),
		.class_ = htonl(e->class_),
		.dir = e->dir,
		.proto = e->proto,
		.port = htons(e->port),
	};
}

struct axo_pol_entry compiled_value(const struct compiled_entry *e)
{
	return (struct axo_pol_entry){.rule = e->rule, .verdict = e->verdict};
}

static bool span_covers(const struct span *s, const struct packet *p)
{
	return s->proto == SPAN_ANY_PROTO ||
	       (s->proto == p->proto && s->first <= p->port && p->port <= s->last);
}

static bool term_speaks(struct compiler *x, const struct term *t, const struct peer_identity *who,
			const struct packet *p)
{
	if (t->dir != p->dir || !term_matches(x, t, who))
		return false;
	x->spans.count = 0;
	term_spans(t, &x->subject, who, false, &x->spans);
	for (size_t i = 0; i < x->spans.count; i++)
		if (span_covers(&x->spans.items[i], p))
			return true;
	return false;
}

size_t compiled_explain(const struct compiled *c, const struct peer_identity *who,
			const struct packet *packet, uint32_t *refs, bool *denies, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < c->compiler->terms.count; i++) {
		const struct term *t = &c->compiler->terms.items[i];

		if (!term_speaks(c->compiler, t, who, packet))
			continue;
		if (count < max) {
			refs[count] = t->ref;
			denies[count] = t->deny;
		}
		count++;
	}
	return count;
}
