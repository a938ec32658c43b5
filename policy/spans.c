/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Spans to prefixes.
 *
 * Three layers, each an entry for what the one above does not say already:
 *   1. All protocols: the best span over everything.
 *   2. A protocol: the best of the spans over all its ports, and of layer 1.
 *   3. Ports: the range is cut at the ends of all spans; the pieces are painted in order of
 *      precedence, every piece once (next[] skips what is painted), so cost is k log k however
 *      the ranges overlap.  Neighbours of one span join and are decomposed into prefixes.
 */
#include "policy/spans.h"

#include <stdlib.h>
#include <string.h>

#include "axoneme/policy.h"
#include "policy/spans_internal.h"

static uint32_t span_width(const struct span *s)
{
	return s->proto == SPAN_ANY_PROTO ? UINT32_MAX : (uint32_t)s->last - s->first;
}

int span_order(const struct span *a, const struct span *b)
{
	if (a->deny != b->deny)
		return a->deny ? -1 : 1;
	if (span_width(a) != span_width(b))
		return span_width(a) > span_width(b) ? -1 : 1;
	if (a->ref != b->ref)
		return a->ref < b->ref ? -1 : 1;
	return (int)a->first - (int)b->first;
}

static int span_cmp(const void *a, const void *b)
{
	const struct span *x = a;
	const struct span *y = b;

	return x->proto != y->proto ? (int)x->proto - (int)y->proto : span_order(x, y);
}

void entry_add(struct prefix_list *l, const struct say *s, uint8_t bits, uint16_t port)
{
	if (l->count == l->size) {
		l->size = l->size ? l->size * 2 : 4;
		l->items = reallocarray(l->items, l->size, sizeof(*l->items));
		if (!l->items)
			abort();
	}
	l->items[l->count++] = (struct prefix_entry){
		.bits = bits,
		.proto = bits == AXO_POL_BITS_ALL ? 0 : s->proto,
		.port = port,
		.deny = s->span->deny,
		.features = s->features,
		.ref = s->span->ref,
		.set = s->set,
	};
}

/* At most 30 prefixes: each is the largest that starts at @first and ends by @last. */
void range_add(struct prefix_list *l, const struct say *s, uint32_t first, uint32_t last)
{
	while (first <= last) {
		uint8_t bits = 16;

		while (bits && !(first & (1u << (16 - bits))) &&
		       first + (1u << (17 - bits)) - 1 <= last)
			bits--;
		entry_add(l, s, (uint8_t)(AXO_POL_BITS_PROTO + bits), (uint16_t)first);
		first += 1u << (16 - bits);
	}
}

static int u32_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

uint32_t piece_find(const struct paint *p, uint32_t port)
{
	uint32_t low = 0, high = p->count;

	if (port > 65535)
		return p->count;
	while (low + 1 < high) {
		uint32_t mid = low + (high - low) / 2;

		if (p->cuts[mid] <= port)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static uint32_t piece_free(struct paint *p, uint32_t i)
{
	uint32_t root = i;

	while (p->next[root] != root)
		root = p->next[root];
	while (p->next[i] != root) {
		uint32_t up = p->next[i];

		p->next[i] = root;
		i = up;
	}
	return root;
}

static void span_paint(struct paint *p, const struct span *s)
{
	uint32_t i = piece_free(p, piece_find(p, s->first));

	while (i < p->count && p->cuts[i] <= s->last) {
		p->by[i] = s;
		p->next[i] = i + 1;
		i = piece_free(p, i);
	}
}

static void *array_new(size_t count, size_t size)
{
	void *a = calloc(count, size);

	if (!a)
		abort();
	return a;
}

void paint_init(struct paint *p, const struct span *spans, size_t count)
{
	size_t n = 0;

	p->cuts = array_new(2 * count + 2, sizeof(uint32_t));
	for (size_t i = 0; i < count; i++) {
		p->cuts[n++] = spans[i].first;
		p->cuts[n++] = (uint32_t)spans[i].last + 1;
	}
	p->cuts[n++] = 0;
	p->cuts[n++] = 65536;
	qsort(p->cuts, n, sizeof(uint32_t), u32_cmp);
	uint32_t unique = 0;
	for (size_t i = 0; i < n; i++)
		if (!unique || p->cuts[unique - 1] != p->cuts[i])
			p->cuts[unique++] = p->cuts[i];
	p->count = unique - 1;
	p->next = array_new(p->count + 1, sizeof(uint32_t));
	p->by = array_new(p->count + 1, sizeof(const struct span *));
	for (uint32_t i = 0; i <= p->count; i++)
		p->next[i] = i;
	for (size_t i = 0; i < count; i++)
		span_paint(p, &spans[i]);
}

void paint_fini(struct paint *p)
{
	free(p->cuts);
	free(p->next);
	free(p->by);
}

/* Layer 3: only what differs in verdict from @above (NULL: nothing is said above). */
static void ports_resolve(const struct span *spans, size_t count, const struct span *above,
			  struct prefix_list *out)
{
	struct paint p;

	if (!count || (above && above->deny))
		return;
	paint_init(&p, spans, count);
	for (uint32_t i = 0; i < p.count;) {
		const struct span *by = p.by[i];
		uint32_t first = p.cuts[i];

		while (i < p.count && p.by[i] == by)
			i++;
		if (by && !(above && above->deny == by->deny))
			range_add(out, &(struct say){.span = by, .proto = (uint8_t)by->proto},
				  first, p.cuts[i] - 1);
	}
	paint_fini(&p);
}

/* @spans: of one protocol, in order of precedence. */
static void proto_resolve(const struct span *spans, size_t count, const struct span *above,
			  struct prefix_list *out)
{
	const struct span *best = above;

	for (size_t i = 0; i < count; i++) {
		if (!span_is_full(&spans[i]) || (best && span_order(best, &spans[i]) <= 0))
			continue;
		best = &spans[i];
	}
	if (best != above && !(above && above->deny == best->deny))
		entry_add(out, &(struct say){.span = best, .proto = (uint8_t)best->proto},
			  AXO_POL_BITS_PROTO, 0);
	ports_resolve(spans, count, best, out);
}

static bool spans_have_features(const struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (spans[i].rule)
			return true;
	return false;
}

void spans_resolve(struct span *spans, size_t count, struct feature_sets *sets,
		   struct prefix_list *out)
{
	const struct span *any = NULL;
	size_t i = count;

	if (!count)
		return;
	qsort(spans, count, sizeof(*spans), span_cmp);
	while (i && spans[i - 1].proto == SPAN_ANY_PROTO)
		any = &spans[--i];
	if (any)
		entry_add(out, &(struct say){.span = any}, AXO_POL_BITS_ALL, 0);
	size_t end = i;
	for (i = 0; i < end;) {
		size_t first = i;

		while (i < end && spans[i].proto == spans[first].proto)
			i++;
		if (spans_have_features(spans + first, i - first))
			spans_resolve_features(spans + first, i - first, spans + end, count - end,
					       sets, out);
		else
			proto_resolve(spans + first, i - first, any, out);
	}
}
