/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prefilter's table; see prefilter_table.h, and axoneme/prefilter.h for its form. */
#include "loader/prefilter_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/prefilter_interval.h"

#define BUCKETS4 (1UL << (32 - AXO_PF_SHIFT4))

/* Up to so many intervals of IPv6 are one bucket; more have an index of up to 2^18. */
#define SMALL6 32
#define INDEX6_BITS 18

static int room_make(struct pf_table *t, size_t more)
{
	size_t room = t->room ? t->room : 1024;
	uint64_t *bigger;

	while (room < t->count + more)
		room *= 2;
	if (room == t->room)
		return 0;
	bigger = realloc(t->words, room * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	t->words = bigger;
	t->room = room;
	return 0;
}

/* @more words that are 0; their position is t->count before. */
static int extend(struct pf_table *t, size_t more)
{
	int r = room_make(t, more);

	if (r < 0)
		return r;
	memset(t->words + t->count, 0, more * sizeof(*t->words));
	t->count += more;
	return 0;
}

static struct axo_pf_header *header(struct pf_table *t)
{
	return &t->header;
}

static uint64_t half(const struct axo_addr *a, int i)
{
	uint64_t h = 0;

	for (int k = 0; k < 8; k++)
		h = h << 8 | a->b[8 * i + k];
	return h;
}

static uint64_t verdict_of(const struct pf_rule *rule)
{
	return rule->flags & PF_EXCEPT ? 0 : rule->group + 1U;
}

/* The last key of a prefix of @bits, of 64, that begins with @first; longer ones are one key. */
static uint64_t last_of(uint64_t first, unsigned int bits)
{
	return first | (bits < 64 ? UINT64_MAX >> bits : 0);
}

/* --- IPv4 --- */

static int intervals4(const struct pf_rules *r, struct pf_intervals *out)
{
	struct pf_sweep s;
	int rc = pf_sweep_begin(&s, out, 0);

	for (size_t i = 0; i < r->count && rc == 0; i++) {
		const struct pf_rule *rule = &r->items[i];
		struct pf_range range = {.verdict = verdict_of(rule)};

		if (!(rule->flags & PF_IPV4))
			continue;
		range.first = half(&rule->addr, 1) & UINT32_MAX;
		range.last = range.first | (uint32_t)((1ULL << (128 - rule->bits)) - 1);
		rc = pf_sweep_add(&s, &range);
	}
	return rc < 0 ? rc : pf_sweep_end(&s);
}

/* --- IPv4 in half words --- */

#define HALVES (2UL * AXO_PF_CHUNK_WORDS)

static void half_put(struct pf_table *t, size_t at, uint32_t value)
{
	((uint32_t *)t->words)[at] = value;
}

/*
 * One bucket at half word @pos: the intervals from @at on that begin before @end, and what holds at
 * its start.  Returns how many half words.
 */
static size_t bucket4(struct pf_table *t, const struct pf_intervals *l, size_t at, size_t pos,
		      uint64_t start)
{
	uint64_t end = start + (1ULL << AXO_PF_SHIFT4);
	uint64_t first = l->items[at < l->count && l->items[at].key == start ? at : at - 1].verdict;
	size_t count = 1;

	if (at < l->count && l->items[at].key == start)
		at++;
	for (; at < l->count && l->items[at].key < end; at++)
		half_put(t, pos + count++,
			 (uint32_t)((l->items[at].key - start) << 16 | l->items[at].verdict));
	half_put(t, pos, (uint32_t)(count << 16 | first));
	return count;
}

static int buckets4(struct pf_table *t, const struct pf_intervals *l)
{
	size_t at = 0, pos = 2 * t->count, index = header(t)->index4;
	int r = 0;

	for (uint64_t b = 0; b < BUCKETS4 && r == 0; b++) {
		uint64_t start = b << AXO_PF_SHIFT4, end = start + (1ULL << AXO_PF_SHIFT4);
		size_t behind = at;

		while (behind < l->count && l->items[behind].key < end)
			behind++;
		if (at == behind || (behind == at + 1 && l->items[at].key == start)) {
			half_put(t, index + b,
				 AXO_PF_LEAF | (uint32_t)l->items[behind - 1].verdict);
			at = behind;
			continue;
		}
		/* A bucket does not go on in the next chunk. */
		if (pos % HALVES + (behind - at) + 1 > HALVES)
			pos += HALVES - pos % HALVES;
		while (r == 0 && 2 * t->count < pos + (behind - at) + 1)
			r = extend(t, 65536);
		if (r < 0)
			return r;
		half_put(t, index + b, (uint32_t)pos);
		pos += bucket4(t, l, at, pos, start);
		at = behind;
	}
	t->count = (pos + 1) / 2;
	return r;
}

static int family4(struct pf_table *t, const struct pf_rules *r)
{
	struct pf_intervals l = {0};
	int rc = intervals4(r, &l);

	if (rc == 0 && l.count > 1) {
		header(t)->index4 = 2 * t->count;
		rc = extend(t, BUCKETS4 / 2);
		if (rc == 0)
			rc = buckets4(t, &l);
	}
	free(l.items);
	return rc;
}

/* --- IPv6 --- */

/* Prefixes longer than 64 bits with one upper half, r->items[from] to [to - 1]. */
static int deeper(struct pf_table *t, const struct pf_rules *r, size_t from, size_t to,
		  uint64_t *verdict)
{
	struct pf_intervals l = {0};
	struct pf_sweep s;
	size_t pos = t->count;
	int rc = pf_sweep_begin(&s, &l, *verdict);

	for (size_t i = from; i < to && rc == 0; i++) {
		const struct pf_rule *rule = &r->items[i];
		uint64_t first = half(&rule->addr, 1);

		rc = pf_sweep_add(&s, &(struct pf_range){first, last_of(first, rule->bits - 64U),
							 verdict_of(rule)});
	}
	if (rc == 0)
		rc = pf_sweep_end(&s);
	if (rc == 0)
		rc = extend(t, 2 * l.count);
	for (size_t i = 0; i < l.count && rc == 0; i++) {
		t->words[pos + i] = l.items[i].key;
		t->words[pos + l.count + i] = l.items[i].verdict;
	}
	*verdict = AXO_PF_DEEPER | axo_pf_span(pos, l.count);
	free(l.items);
	return rc;
}

/* Index behind the prefixes longer than 64 bits that share the upper half of the one at @i. */
static size_t same_upper(const struct pf_rules *r, size_t i)
{
	uint64_t upper = half(&r->items[i].addr, 0);

	while (i < r->count && !(r->items[i].flags & PF_IPV4) && r->items[i].bits > 64 &&
	       half(&r->items[i].addr, 0) == upper)
		i++;
	return i;
}

/*
 * In the order of addresses a /64 comes before what is longer and has its upper half, and
 * nothing shorter comes between these: they are neighbours.
 */
static int intervals6(struct pf_table *t, const struct pf_rules *r, struct pf_intervals *out)
{
	struct pf_sweep s;
	int rc = pf_sweep_begin(&s, out, 0);

	for (size_t i = 0; i < r->count && rc == 0;) {
		const struct pf_rule *rule = &r->items[i];
		uint64_t first = half(&rule->addr, 0);
		struct pf_range range = {first, last_of(first, rule->bits), verdict_of(rule)};
		size_t behind = i + 1;

		if (rule->flags & PF_IPV4) {
			i++;
			continue;
		}
		if (rule->bits > 64) {
			behind = same_upper(r, i);
			range.last = first;
			rc = pf_sweep_verdict(&s, first, &range.verdict);
			if (rc == 0)
				rc = deeper(t, r, i, behind, &range.verdict);
		}
		if (rc == 0)
			rc = pf_sweep_add(&s, &range);
		i = behind;
	}
	return rc < 0 ? rc : pf_sweep_end(&s);
}

/* Buckets from the first to the last key that is not 0; one is enough when they are few. */
static void scale6(struct axo_pf_header *h, const struct pf_intervals *l)
{
	uint64_t reach = l->items[l->count - 1].key - l->items[1].key;
	unsigned int bits = l->count > SMALL6 ? INDEX6_BITS : 0;

	h->base6 = l->items[1].key;
	h->shift6 = 0;
	while (h->shift6 < 63 && reach >> h->shift6 >> bits)
		h->shift6++;
	h->buckets6 = (reach >> h->shift6) + 1;
}

static void index6(struct pf_table *t, const struct pf_intervals *l)
{
	struct axo_pf_header *h = header(t);
	size_t first = 1;

	for (uint64_t b = 0; b < h->buckets6; b++) {
		uint64_t start = h->base6 + (b << h->shift6);
		uint64_t below = (1ULL << h->shift6) - 1;
		uint64_t last_key = start > UINT64_MAX - below ? UINT64_MAX : start + below;
		size_t last = first;

		while (last + 1 < l->count && l->items[last + 1].key <= last_key)
			last++;
		t->words[h->index6 + b] = axo_pf_span(first, last);
		first = last;
	}
}

static int family6(struct pf_table *t, const struct pf_rules *r)
{
	struct pf_intervals l = {0};
	int rc = intervals6(t, r, &l);

	/* One that has no end: a second key for the index to stand on (the array has room for 64). */
	if (rc == 0 && l.count == 1 && l.items[0].verdict)
		l.items[l.count++] = (struct pf_interval){UINT64_MAX, l.items[0].verdict};
	if (rc == 0 && l.count > 1) {
		scale6(header(t), &l);
		header(t)->last6 = l.count - 1;
		header(t)->index6 = t->count;
		rc = extend(t, header(t)->buckets6);
		if (rc == 0) {
			index6(t, &l);
			header(t)->keys6 = t->count;
			header(t)->verdicts6 = t->count + l.count;
			rc = extend(t, 2 * l.count);
		}
	}
	for (size_t i = 0; rc == 0 && l.count > 1 && i < l.count; i++) {
		t->words[header(t)->keys6 + i] = l.items[i].key;
		t->words[header(t)->verdicts6 + i] = l.items[i].verdict;
	}
	free(l.items);
	return rc;
}

int pf_table_make(const struct pf_rules *r, struct pf_table *out)
{
	struct pf_table t = {0};
	int rc = extend(&t, 2); /* no position is 0 */

	if (rc == 0)
		rc = family4(&t, r);
	if (rc == 0)
		rc = family6(&t, r);
	if (rc < 0) {
		pf_table_fini(&t);
		return rc;
	}
	*out = t;
	return 0;
}

void pf_table_fini(struct pf_table *t)
{
	free(t->words);
	*t = (struct pf_table){0};
}
