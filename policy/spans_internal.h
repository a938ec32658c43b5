/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What spans.c and spans_feature.c share: pieces of ports, and how a range becomes prefixes.
 */
#ifndef POLICY_SPANS_INTERNAL_H
#define POLICY_SPANS_INTERNAL_H

#include "policy/spans.h"

/** struct paint - pieces of the ports: piece i is cuts[i] to cuts[i + 1] - 1 */
struct paint {
	uint32_t *cuts;
	uint32_t count;
	uint32_t *next; /* the first unpainted piece from here on */
	const struct span **by;
};

/** struct say - what entries of @proto say of a piece: by @span (NULL: nothing), with a set */
struct say {
	const struct span *span;
	uint32_t set;
	uint8_t proto;
	uint8_t features;
};

/** paint_init - cut at the ends of @spans, and paint the best of them on every piece */
void paint_init(struct paint *p, const struct span *spans, size_t count);
void paint_fini(struct paint *p);

/** piece_find - the piece that holds @port; p->count for 65536 */
uint32_t piece_find(const struct paint *p, uint32_t port);

/** span_order - precedence: deny, then wide, then low reference */
int span_order(const struct span *a, const struct span *b);

static inline bool span_is_full(const struct span *s)
{
	return s->first == 0 && s->last == 65535;
}

/** entry_add - one prefix; range_add: at most 30, each the largest that fits */
void entry_add(struct prefix_list *l, const struct say *s, uint8_t bits, uint16_t port);
void range_add(struct prefix_list *l, const struct say *s, uint32_t first, uint32_t last);

/**
 * spans_resolve_features - proto_resolve() where rules have features
 * @spans: of one protocol, in order of precedence
 * @any:   of all protocols, @any_count, likewise
 */
void spans_resolve_features(const struct span *spans, size_t count, const struct span *any,
			    size_t any_count, struct feature_sets *sets, struct prefix_list *out);

#endif
