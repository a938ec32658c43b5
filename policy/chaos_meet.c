/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments that meet; see chaos_meet.h. */
#include "policy/chaos_meet.h"

#include <stdlib.h>

#include "policy/feature.h"
#include "policy/terms.h"

/** struct side - an experiment: a port rule with chaos; @term: its peers and ports */
struct side {
	const struct rule *rule;
	struct term term;
};

/** struct sides - of one policy; free(@items) */
struct sides {
	struct side *items;
	size_t count;
};

static void side_add(struct sides *l, const struct side *s)
{
	l->items = reallocarray(l->items, l->count + 1, sizeof(*l->items));
	if (!l->items)
		abort();
	l->items[l->count++] = *s;
}

static void item_sides(const struct chaos_meet *m, const struct rule_item *item,
		       const struct side *template, struct arena *a, struct sides *out)
{
	struct side s = *template;

	s.term.anybody = item_is_anybody(item);
	list_each(struct port_rule, r, &item->ports) {
		if (port_rule_feature(r) != AXO_FEATURE_CHAOS)
			continue;
		if (!s.term.matches)
			s.term.match_count = item_matches(m->set, item, a, &s.term.matches);
		s.term.ports = r;
		side_add(out, &s);
	}
}

static struct sides sides_of(const struct chaos_meet *m, const struct policy *p, struct arena *a)
{
	struct sides out = {0};

	list_each(struct rule, r, &p->rules) {
		for (int s = 0; s < SECTION_COUNT && !r->host; s += SECTION_EGRESS) {
			struct side template = {
				.rule = r,
				.term.dir = (uint8_t)section_dir((enum rule_section)s),
			};

			list_each(struct rule_item, item, &r->sections[s]) {
				item_sides(m, item, &template, a, &out);
			}
		}
	}
	return out;
}

/* Experiments are of pods: what has no namespace is none. */
static bool is_subject(const struct side *s, const struct peer_identity *who)
{
	return label_set_namespace(&who->labels) &&
	       selector_matches(&s->rule->subject, &who->labels);
}

static bool is_peer(const struct chaos_meet *m, const struct side *s,
		    const struct peer_identity *who)
{
	for (uint32_t i = 0; i < s->term.match_count; i++)
		if (match_identity(&s->term.matches[i], who, peers_cluster(m->peers)))
			return true;
	return s->term.anybody;
}

/** may_be - can @who be the client, or the server, of a request that @s draws for? */
static bool may_be(const struct chaos_meet *m, const struct side *s, bool server,
		   const struct peer_identity *who)
{
	bool subject = server == (s->term.dir == AXO_DIR_INGRESS);

	return subject ? is_subject(s, who) : is_peer(m, s, who);
}

static bool spans_meet(const struct span_list *a, const struct span_list *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++) {
			const struct span *x = &a->items[i], *y = &b->items[j];

			if (x->proto == y->proto && x->first <= y->last && y->first <= x->last)
				return true;
		}
	return false;
}

/* Names of ports are the server's; @server NULL: numbers only. */
static bool ports_meet(const struct side *a, const struct side *b,
		       const struct peer_identity *server)
{
	struct subject subject = {0};
	struct span_list x = {0}, y = {0};
	bool meet;

	if (server) {
		subject.ports = server->ports;
		subject.port_count = server->port_count;
	}
	term_spans(&a->term, &subject, server, false, &x);
	term_spans(&b->term, &subject, server, false, &y);
	meet = spans_meet(&x, &y);
	free(x.items);
	free(y.items);
	return meet;
}

static bool has_names(const struct side *s)
{
	list_each(struct port, p, &s->term.ports->ports) {
		if (p->name)
			return true;
	}
	return false;
}

/** struct search - for who is one end for both; @any: somebody, @here: somebody of this host */
struct search {
	const struct chaos_meet *m;
	const struct side *a;
	const struct side *b;
	bool server;
	bool any;
	bool here;
};

static void consider(void *ctx, uint32_t slot)
{
	struct search *x = ctx;
	const struct peer_identity *who = peers_slot(x->m->peers, slot);

	if (x->here || !who || !may_be(x->m, x->a, x->server, who) ||
	    !may_be(x->m, x->b, x->server, who) || (x->server && !ports_meet(x->a, x->b, who)))
		return;
	x->any = true;
	x->here = x->m->is_here(x->m->arg, who->id);
}

/* Those that @s speaks of, by the index; nobody if they are anybody. */
static void consider_side(struct search *x, const struct side *s)
{
	const struct match subject = {.type = PEER_SELECTOR, .selector = &s->rule->subject};

	if (x->server == (s->term.dir == AXO_DIR_INGRESS)) {
		peers_match(x->m->peers, &subject, consider, x);
		return;
	}
	for (uint32_t i = 0; i < s->term.match_count && !s->term.anybody; i++)
		peers_match(x->m->peers, &s->term.matches[i], consider, x);
}

/*
 * From both sides: only matches that name prefixes come to prefixes.  An end that is anybody for
 * both is a peer for both, of whom nobody asks where it is: the first one will do.
 */
static void search(struct search *x)
{
	uint32_t slots = peers_slots(x->m->peers);
	bool peer = x->server != (x->a->term.dir == AXO_DIR_INGRESS);

	consider_side(x, x->a);
	consider_side(x, x->b);
	if (x->a->term.dir != x->b->term.dir || !peer || !x->a->term.anybody || !x->b->term.anybody)
		return;
	for (uint32_t slot = 0; slot < slots && !x->any; slot++)
		consider(x, slot);
}

/* Both of one subject are asked where it is; else one is asked where each end is. */
static enum chaos_meeting sides_meet(const struct chaos_meet *m, const struct side *a,
				     const struct side *b)
{
	struct search client = {.m = m, .a = a, .b = b};
	struct search server = {.m = m, .a = a, .b = b, .server = true};

	if (!has_names(a) && !has_names(b) && !ports_meet(a, b, NULL))
		return CHAOS_MEET_NOT;
	search(&server);
	if (server.any)
		search(&client);
	if (!client.any)
		return CHAOS_MEET_NOT;
	if (a->term.dir == b->term.dir)
		return (a->term.dir == AXO_DIR_INGRESS ? server : client).here ? CHAOS_MEET_HERE
									       : CHAOS_MEET_NOT;
	if (client.here && server.here)
		return CHAOS_MEET_HERE;
	return client.here || server.here ? CHAOS_MEET_REMOTE : CHAOS_MEET_NOT;
}

enum chaos_meeting chaos_policies_meet(const struct chaos_meet *m, const struct policy *a,
				       const struct policy *b)
{
	struct arena arena = {0};
	struct sides x = sides_of(m, a, &arena), y = sides_of(m, b, &arena);
	enum chaos_meeting nearest = CHAOS_MEET_NOT;

	for (size_t i = 0; i < x.count; i++)
		for (size_t j = a == b ? i + 1 : 0; j < y.count; j++) {
			enum chaos_meeting one = CHAOS_MEET_NOT;

			if (nearest != CHAOS_MEET_HERE)
				one = sides_meet(m, &x.items[i], &y.items[j]);
			if (one > nearest)
				nearest = one;
		}
	free(x.items);
	free(y.items);
	arena_fini(&arena);
	return nearest;
}
