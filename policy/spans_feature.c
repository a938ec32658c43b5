/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Spans to prefixes where rules have features (feature.h).
 *
 * As in spans.c, but neighbours join, and a narrow span needs no entry, only if verdict and
 * feature set are the same.  Which rules with features cover a piece is written down per (piece,
 * rule), so the cost is that of what really overlaps.
 */
#include <stdlib.h>

#include "axoneme/policy.h"
#include "policy/feature.h"
#include "policy/spans_internal.h"

/** struct cover - a rule with features covers a piece */
struct cover {
	uint32_t piece;
	const struct feature_rule *rule;
};

/**
 * struct pieces - of one protocol
 * @plain:  by piece: how many plain allows cover it
 * @covers: @cover_count, by piece
 * @any:    best of the spans over all protocols; NULL = none
 * @proto:  IPPROTO_*
 * @any_plain: one of those is a plain allow
 * @rules:  room for those of one piece
 */
struct pieces {
	struct paint paint;
	int32_t *plain;
	struct cover *covers;
	size_t cover_count;
	const struct span *any;
	uint8_t proto;
	bool any_plain;
	const struct feature_rule **rules;
	struct feature_sets *sets;
};

static bool span_is_plain(const struct span *s)
{
	return !s->deny && !s->rule && s->ref != AXO_RULE_DEFAULT;
}

static int cover_cmp(const void *a, const void *b)
{
	const struct cover *x = a;
	const struct cover *y = b;

	return x->piece < y->piece ? -1 : x->piece > y->piece;
}

static void *array_new(size_t count, size_t size)
{
	void *a = calloc(count ? count : 1, size);

	if (!a)
		abort();
	return a;
}

static void covers_fill(struct pieces *p, const struct span *spans, size_t count)
{
	size_t total = 0;

	for (size_t i = 0; i < count; i++)
		if (spans[i].rule)
			total += piece_find(&p->paint, (uint32_t)spans[i].last + 1) -
				 piece_find(&p->paint, spans[i].first);
	p->covers = array_new(total, sizeof(*p->covers));
	p->rules = array_new(total, sizeof(struct feature_rule *));
	for (size_t i = 0; i < count; i++) {
		uint32_t first = piece_find(&p->paint, spans[i].first);
		uint32_t end = piece_find(&p->paint, (uint32_t)spans[i].last + 1);

		for (uint32_t n = first; n < end && spans[i].rule; n++)
			p->covers[p->cover_count++] = (struct cover){n, spans[i].rule};
		if (span_is_plain(&spans[i])) {
			p->plain[first]++;
			p->plain[end]--;
		}
	}
	for (uint32_t n = 1; n < p->paint.count; n++)
		p->plain[n] += p->plain[n - 1];
	if (p->cover_count)
		qsort(p->covers, p->cover_count, sizeof(*p->covers), cover_cmp);
}

static void pieces_init(struct pieces *p, const struct span *spans, size_t count)
{
	paint_init(&p->paint, spans, count);
	p->plain = array_new(p->paint.count + 1, sizeof(*p->plain));
	covers_fill(p, spans, count);
}

static void pieces_fini(struct pieces *p)
{
	paint_fini(&p->paint);
	free(p->plain);
	free(p->covers);
	free(p->rules);
}

/* What holds where @best decides, p->rules (of them @count) have features, and @plain allows. */
static struct say say_of(struct pieces *p, const struct span *best, bool plain, size_t count)
{
	struct say say = {.span = best, .proto = p->proto};
	size_t n = 0;

	if (p->any && (!best || span_order(p->any, best) < 0))
		say.span = p->any;
	if (!say.span || say.span->deny)
		return say;
	for (size_t i = 0; i < count; i++)
		if (!(plain || p->any_plain) || !(p->rules[i]->features & FEATURE_ENFORCES))
			p->rules[n++] = p->rules[i];
	say.set = feature_sets_get(p->sets, p->rules, n);
	if (say.set)
		say.features = p->sets->items[say.set - 1].features;
	return say;
}

static struct say say_of_piece(struct pieces *p, uint32_t piece, size_t *at)
{
	size_t count = 0;

	for (; *at < p->cover_count && p->covers[*at].piece == piece; ++*at)
		p->rules[count++] = p->covers[*at].rule;
	return say_of(p, p->paint.by[piece], p->plain[piece] > 0, count);
}

/* What holds for the whole protocol, if no narrower span says otherwise. */
static struct say say_of_all(struct pieces *p, const struct span *spans, size_t count)
{
	const struct span *best = NULL;
	bool plain = false;
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!span_is_full(&spans[i]))
			continue;
		if (!best || span_order(&spans[i], best) < 0)
			best = &spans[i];
		plain |= span_is_plain(&spans[i]);
		if (spans[i].rule)
			p->rules[n++] = spans[i].rule;
	}
	return say_of(p, best, plain, n);
}

static bool say_same(const struct say *a, const struct say *b)
{
	if (!a->span || !b->span)
		return a->span == b->span;
	return a->span->deny == b->span->deny && a->set == b->set;
}

static void ports_add(struct pieces *p, const struct say *above, struct prefix_list *out)
{
	struct say now = {0};
	uint32_t first = 0;
	size_t at = 0;

	for (uint32_t i = 0; i <= p->paint.count; i++) {
		struct say next = {0};

		if (i < p->paint.count)
			next = say_of_piece(p, i, &at);
		if (i && i < p->paint.count && next.span == now.span && next.set == now.set)
			continue;
		if (i && now.span && !say_same(&now, above))
			range_add(out, &now, p->paint.cuts[first], p->paint.cuts[i] - 1);
		now = next;
		first = i;
	}
}

void spans_resolve_features(const struct span *spans, size_t count, const struct span *any,
			    size_t any_count, struct feature_sets *sets, struct prefix_list *out)
{
	struct pieces p = {
		.any = any_count ? any : NULL, .proto = (uint8_t)spans->proto, .sets = sets};
	const struct say above = {.span = p.any};
	struct say all;

	for (size_t i = 0; i < any_count; i++)
		p.any_plain |= span_is_plain(&any[i]);
	pieces_init(&p, spans, count);
	all = say_of_all(&p, spans, count);
	if (all.span && !say_same(&all, &above))
		entry_add(out, &all, AXO_POL_BITS_PROTO, 0);
	ports_add(&p, all.span ? &all : &above, out);
	pieces_fini(&p);
}
