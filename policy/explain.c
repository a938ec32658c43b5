/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which rules speak of a packet: for people who ask why. */
#include "policy/compiler.h"

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
