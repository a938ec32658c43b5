/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP rules: the four automata of a lane. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/http_lane.h"

static void alphabet_add(struct byteset *s, int first, int last)
{
	for (int b = first; b <= last; b++)
		byteset_add(s, b);
}

static void alphabet_add_text(struct byteset *s, const char *text)
{
	for (; *text; text++)
		byteset_add(s, *text);
}

static void alphabet_remove(struct byteset *s, uint8_t b)
{
	s->word[b / 64] &= ~(1ULL << (b % 64));
}

/* An expression of a policy, which was checked when it was read; NULL or "" = any. */
static const struct regex *expression(struct arena *a, const char *text, unsigned int flags)
{
	const struct regex *r = NULL;
	struct error e = {0};

	if (regex_parse(a, text && *text ? text : "[^ ]*", flags, &r, &e))
		abort();
	return r;
}

static int target_add(struct http_lane *l, struct nfa *n, const char *method, const char *path,
		      uint32_t number)
{
	struct arena *a = &l->arena;
	const struct regex *r = regex_cat(a, expression(a, method, 0), regex_literal(a, " ", 0));

	return nfa_add(n, 0, regex_cat(a, r, expression(a, path, 0)), number);
}

static bool asks_more(const struct axo_l7_candidate *c)
{
	return c->host || c->need[0] || c->need[1];
}

/* The record of a target: rules and filters by their places in the lane. */
static uint32_t target_accept(void *context, const uint32_t *numbers, uint32_t count)
{
	struct http_lane *l = context;
	uint32_t size = 2 + count * sizeof(struct axo_l7_candidate) / 4, record;
	uint32_t *words = calloc(size, sizeof(*words)), *p = words + 2;
	bool settled = false;

	if (!words)
		abort();
	for (uint32_t i = 0; i < count; i++) {
		const struct axo_l7_candidate *c = &l->asked[numbers[i]];

		if (numbers[i] >= l->rule_count) {
			uint32_t f = numbers[i] - l->rule_count;

			*p++ = l->src->filters[l->filters[f]].bit;
			*p++ = l->filter_hosts[f];
			words[1]++;
			continue;
		}
		/* Behind a rule that asks for nothing, only those that allow more matter. */
		if (settled && !c->flags)
			continue;
		settled |= !asks_more(c);
		memcpy(p, c, sizeof(*c));
		p += sizeof(*c) / 4;
		words[0]++;
	}
	l->overflow |= words[0] > AXO_HTTP_CANDIDATES;
	record = http_records_get(&l->target.records, words, p - words);
	free(words);
	return record;
}

int http_targets_make(struct http_lane *l)
{
	struct dfa_request q = {
		.max_states = HTTP_MAX_STATES, .accept = target_accept, .context = l};
	struct nfa n = {0};
	int err = 0;

	nfa_start(&n);
	for (uint32_t i = 0; !err && i < l->rule_count; i++) {
		const struct http_rule *r = l->src->rules[l->rules[i]];

		err = target_add(l, &n, r->method, r->path, i);
	}
	for (uint32_t i = 0; !err && i < l->filter_count; i++) {
		const struct http_filter *f = &l->src->filters[l->filters[i]];

		err = target_add(l, &n, f->method, f->path, l->rule_count + i);
	}
	q.nfa = &n;
	alphabet_add(&q.alphabet, ' ', '~');
	alphabet_remove(&q.alphabet, '\\');
	alphabet_remove(&q.alphabet, '#');
	alphabet_add_text(&q.single, " /%?");
	if (!err)
		err = dfa_build(&l->target.dfa, &q);
	nfa_fini(&n);
	return err || !l->overflow ? err : -E2BIG;
}

static uint32_t host_accept(void *context, const uint32_t *numbers, uint32_t count)
{
	struct http_lane *l = context;
	uint32_t size = l->host_count / 32 + 1;
	uint32_t *words = arena_alloc(&l->arena, size * sizeof(*words));

	for (uint32_t i = 0; i < count; i++)
		words[numbers[i] / 32] |= 1U << (numbers[i] % 32);
	return http_records_get(&l->host.records, words, size);
}

int http_hosts_make(struct http_lane *l)
{
	struct dfa_request q = {.max_states = HTTP_MAX_STATES, .accept = host_accept, .context = l};
	struct nfa n = {0};
	int err = 0;

	nfa_start(&n);
	for (uint32_t i = 0; !err && i < l->host_count; i++)
		err = nfa_add(&n, 0, expression(&l->arena, l->hosts[i], REGEX_ICASE), i);
	q.nfa = &n;
	alphabet_add(&q.alphabet, 'a', 'z');
	alphabet_add(&q.alphabet, 'A', 'Z');
	alphabet_add(&q.alphabet, '0', '9');
	alphabet_add_text(&q.alphabet, "-._:[]");
	if (!err)
		err = dfa_build(&l->host.dfa, &q);
	nfa_fini(&n);
	return err;
}

/* @value is the number of a start here; the place of its row is known when the table is written. */
static uint32_t name_accept(void *context, const uint32_t *numbers, uint32_t count)
{
	struct http_lane *l = context;
	const struct http_name *n = &l->names[numbers[0]];
	const struct axo_l7_name record = {
		.id = n->id,
		.value = n->start,
		.presence = {(uint32_t)n->presence, n->presence >> 32},
		.all = {(uint32_t)n->all, n->all >> 32},
	};

	(void)count;
	return http_records_get(&l->name.records, (const uint32_t *)&record, sizeof(record) / 4);
}

static int names_make(struct http_lane *l)
{
	struct dfa_request q = {.max_states = HTTP_MAX_STATES, .accept = name_accept, .context = l};
	struct nfa n = {0};
	int err = 0;

	nfa_start(&n);
	for (uint32_t i = 0; !err && i < l->name_count; i++)
		err = nfa_add(&n, 0, regex_literal(&l->arena, l->names[i].name, REGEX_ICASE), i);
	q.nfa = &n;
	alphabet_add(&q.alphabet, 'a', 'z');
	alphabet_add(&q.alphabet, 'A', 'Z');
	alphabet_add(&q.alphabet, '0', '9');
	alphabet_add_text(&q.alphabet, "!#$%&'*+-.^_`|~");
	if (!err)
		err = dfa_build(&l->name.dfa, &q);
	nfa_fini(&n);
	return err;
}

static uint32_t value_accept(void *context, const uint32_t *numbers, uint32_t count)
{
	struct http_lane *l = context;
	uint64_t mask = 0;

	for (uint32_t i = 0; i < count; i++)
		mask |= 1ULL << numbers[i];
	const uint32_t words[2] = {(uint32_t)mask, mask >> 32};
	return http_records_get(&l->value.records, words, 2);
}

/* Blanks behind a value are not part of it. */
static int values_add(struct http_lane *l, struct nfa *n, const struct http_name *name)
{
	const struct regex *blanks = expression(&l->arena, "[ \t]*", 0);
	uint32_t start = nfa_start(n);
	int err = 0;

	for (uint32_t i = 0; !err && i < l->condition_count; i++) {
		const struct http_condition *c = &l->conditions[i];

		if (!c->value || strcmp(c->name, name->name))
			continue;
		err = nfa_add(n, start,
			      regex_cat(&l->arena, regex_literal(&l->arena, c->value, 0), blanks),
			      i);
	}
	return err;
}

static int values_make(struct http_lane *l)
{
	struct dfa_request q = {
		.max_states = HTTP_MAX_STATES, .accept = value_accept, .context = l};
	struct nfa n = {0};
	int err = 0;

	for (uint32_t i = 0; !err && i < l->name_count; i++)
		if (l->names[i].start)
			err = values_add(l, &n, &l->names[i]);
	q.nfa = &n;
	alphabet_add(&q.alphabet, ' ', 255);
	alphabet_remove(&q.alphabet, 127);
	byteset_add(&q.alphabet, '\t');
	if (!err)
		err = dfa_build(&l->value.dfa, &q);
	nfa_fini(&n);
	return err;
}

int http_headers_make(struct http_lane *l)
{
	int err = names_make(l);

	return err ? err : values_make(l);
}
