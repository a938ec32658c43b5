/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Overlapping ranges resolved; see prefilter_interval.h. */
#include "loader/prefilter_interval.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static int append(struct pf_intervals *l, uint64_t key, uint64_t verdict)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		struct pf_interval *bigger = realloc(l->items, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		l->items = bigger;
		l->room = room;
	}
	l->items[l->count++] = (struct pf_interval){key, verdict};
	return 0;
}

/* From @key on @verdict holds.  Of several that begin at one key the last one counts. */
static int emit(struct pf_intervals *l, uint64_t key, uint64_t verdict)
{
	if (l->count && l->items[l->count - 1].key == key)
		l->count--;
	if (l->count && l->items[l->count - 1].verdict == verdict)
		return 0;
	return append(l, key, verdict);
}

int pf_sweep_begin(struct pf_sweep *s, struct pf_intervals *out, uint64_t verdict)
{
	s->out = out;
	s->open[0] = (struct pf_range){0, UINT64_MAX, verdict};
	s->depth = 1;
	return emit(out, 0, verdict);
}

/* Leave the ranges that end before @key. */
static int leave(struct pf_sweep *s, uint64_t key)
{
	int r = 0;

	while (r == 0 && s->open[s->depth - 1].last < key) {
		uint64_t next = s->open[--s->depth].last + 1;

		r = emit(s->out, next, s->open[s->depth - 1].verdict);
	}
	return r;
}

int pf_sweep_verdict(struct pf_sweep *s, uint64_t key, uint64_t *verdict)
{
	int r = leave(s, key);

	if (r == 0)
		*verdict = s->open[s->depth - 1].verdict;
	return r;
}

int pf_sweep_add(struct pf_sweep *s, const struct pf_range *range)
{
	int r = leave(s, range->first);

	if (r < 0)
		return r;
	assert(s->depth < PF_NESTED_MAX && range->last <= s->open[s->depth - 1].last);
	s->open[s->depth++] = *range;
	return emit(s->out, range->first, range->verdict);
}

int pf_sweep_end(struct pf_sweep *s)
{
	int r = 0;

	while (r == 0 && s->depth > 1) {
		struct pf_range done = s->open[--s->depth];

		/* What reaches the end of all addresses has no end. */
		if (done.last != UINT64_MAX)
			r = emit(s->out, done.last + 1, s->open[s->depth - 1].verdict);
	}
	return r;
}
