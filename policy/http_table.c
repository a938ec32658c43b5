/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP tables as words of the pool; include/axoneme/l7.h says what they mean.
 *
 * Layout: struct axo_l7_table, then for each lane struct axo_l7_lane and for each of its automata
 * classes, rows, records.
 */
#include <string.h>

#include "lib/cleanup.h"
#include "policy/http_lane.h"

#define CLASS_WORDS 64
#define LANE_WORDS (sizeof(struct axo_l7_lane) / 4)
#define TABLE_WORDS (sizeof(struct axo_l7_table) / 4)

/** struct special - a byte that means something to the syntax, and its column */
struct special {
	uint8_t byte;
	uint8_t column;
};

static const struct special target_specials[] = {
	{' ', AXO_L7_END}, {'/', AXO_L7_SLASH}, {'%', AXO_L7_PCT}, {'?', AXO_L7_QUERY}, {0, 0}};
static const struct special name_specials[] = {{':', AXO_L7_END}, {0, 0}};
static const struct special host_specials[] = {{'\r', AXO_L7_END},   {'/', AXO_L7_SLASH},
					       {'?', AXO_L7_SLASH},  {' ', AXO_L7_SPACE},
					       {'\t', AXO_L7_SPACE}, {0, 0}};
static const struct special value_specials[] = {{'\r', AXO_L7_END}, {0, 0}};

static uint32_t part_width(const struct http_part *p)
{
	return AXO_L7_PLAIN + p->dfa.classes;
}

static uint32_t part_words(const struct http_part *p)
{
	uint32_t records = p->records.count ? p->records.ends[p->records.count] : 0;

	return CLASS_WORDS + p->dfa.states * (part_width(p) + 1) + records;
}

uint32_t http_lane_words(const struct http_lane *l)
{
	return LANE_WORDS + part_words(&l->target) + part_words(&l->name) + part_words(&l->host) +
	       part_words(&l->value);
}

/**
 * struct writer - one automaton on its way into the pool
 * @base, @to: of its classes: word number in the pool, and where to write
 */
struct writer {
	const struct http_part *part;
	const struct special *specials;
	uint32_t base;
	uint32_t *to;
};

static uint32_t row_at(const struct writer *w, uint32_t state)
{
	return w->base + CLASS_WORDS + state * (part_width(w->part) + 1);
}

static uint32_t record_at(const struct writer *w, uint32_t number)
{
	if (!number)
		return 0;
	return row_at(w, w->part->dfa.states) + w->part->records.ends[number - 1];
}

static void classes_write(const struct writer *w)
{
	uint8_t classes[CLASS_WORDS * 4];

	for (int b = 0; b < 256; b++) {
		uint8_t c = w->part->dfa.class_of[b];

		classes[b] = c == DFA_NO_CLASS ? AXO_L7_BAD : AXO_L7_PLAIN + c;
	}
	for (const struct special *s = w->specials; s->column; s++)
		classes[s->byte] = s->column;
	memcpy(w->to, classes, sizeof(classes));
}

static void row_write(const struct writer *w, uint32_t state)
{
	const struct dfa *d = &w->part->dfa;
	uint32_t *row = w->to + row_at(w, state) - w->base;
	const uint32_t *next = d->next + (size_t)state * d->classes;

	for (uint32_t c = 0; c < AXO_L7_PLAIN; c++)
		row[c] = row_at(w, 0);
	for (const struct special *s = w->specials; s->column; s++)
		if (d->class_of[s->byte] != DFA_NO_CLASS)
			row[s->column] = row_at(w, next[d->class_of[s->byte]]);
	for (uint32_t c = 0; c < d->classes; c++)
		row[AXO_L7_PLAIN + c] = row_at(w, next[c]);
	row[AXO_L7_PLAIN + d->classes] = record_at(w, d->accept[state]);
}

/* Returns how the reader finds it. */
static struct axo_l7_automaton part_write(const struct writer *w)
{
	const struct http_part *p = w->part;

	classes_write(w);
	for (uint32_t s = 0; s < p->dfa.states; s++)
		row_write(w, s);
	if (p->records.count)
		memcpy(w->to + row_at(w, p->dfa.states) - w->base, p->records.words,
		       p->records.ends[p->records.count] * sizeof(uint32_t));
	return (struct axo_l7_automaton){
		.classes = w->base,
		.start = row_at(w, p->dfa.start_count ? p->dfa.starts[0] : 0),
		.width = part_width(p),
	};
}

/* Records of names hold the number of a start of values: make it a row. */
static void names_relocate(const struct writer *name, const struct writer *value)
{
	for (uint32_t i = 1; i <= name->part->records.count; i++) {
		struct axo_l7_name *n = (void *)(name->to + record_at(name, i) - name->base);

		if (n->value)
			n->value = row_at(value, value->part->dfa.starts[n->value - 1]);
	}
}

void http_lane_write(const struct http_lane *l, uint32_t base, uint32_t *to)
{
	struct writer w[] = {{&l->target, target_specials, 0, NULL},
			     {&l->name, name_specials, 0, NULL},
			     {&l->host, host_specials, 0, NULL},
			     {&l->value, value_specials, 0, NULL}};
	struct axo_l7_automaton found[ARRAY_SIZE(w)];
	uint32_t at = LANE_WORDS;

	for (size_t i = 0; i < ARRAY_SIZE(w); i++) {
		w[i].base = base + at;
		w[i].to = to + at;
		found[i] = part_write(&w[i]);
		at += part_words(w[i].part);
	}
	names_relocate(&w[1], &w[3]);
	_Static_assert(sizeof(found) == sizeof(struct axo_l7_lane), "a lane is its automata");
	memcpy(to, found, sizeof(found));
}

void http_tables_write(const struct http_tables *t, uint32_t base, uint32_t generation,
		       uint32_t *to)
{
	struct axo_l7_table head = {
		.generation = generation,
		.words = t->words,
		.flags = t->flags,
		.lanes = t->lane_count,
	};
	uint32_t at = TABLE_WORDS;

	for (uint32_t i = 0; i < t->lane_count; i++) {
		head.lane[i] = base + at;
		http_lane_write(t->lanes[i], base + at, to + at);
		at += http_lane_words(t->lanes[i]);
	}
	memcpy(to, &head, sizeof(head));
}
