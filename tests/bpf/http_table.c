// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* HTTP rules in the fixture's pool; see http_table.h. */
#include "tests/bpf/http_table.h"

#include <ctype.h>
#include <string.h>
#include <sys/mman.h>

#include "axoneme/l7.h"

#define B_POLICY 7
#define COLUMNS (AXO_L7_PLAIN + 128) /* a class of its own for every byte that is data */
#define ROW (COLUMNS + 1)
#define TABLE_WORDS 200000

/** struct writer - @word: the pool; @at: the next free word */
struct writer {
	uint32_t *word;
	uint32_t at;
	uint32_t generation;
};

/** struct matcher - an automaton that is being made */
struct matcher {
	struct writer *w;
	uint32_t classes;
	uint32_t dead;
	uint32_t start;
};

static uint32_t take(struct writer *w, uint32_t words)
{
	uint32_t at = w->at;

	w->at += words;
	memset(w->word + at, 0, words * sizeof(*w->word));
	return at;
}

static uint8_t *classes_of(struct matcher *m)
{
	return (uint8_t *)(m->w->word + m->classes);
}

/** row - every column leads to @to, or to itself if that is 0 */
static uint32_t row(struct matcher *m, uint32_t to)
{
	uint32_t at = take(m->w, ROW);

	for (int i = 0; i < COLUMNS; i++)
		m->w->word[at + i] = to ? to : at;
	return at;
}

static void matcher_init(struct matcher *m, struct writer *w)
{
	m->w = w;
	m->classes = take(w, 64);
	m->dead = row(m, 0);
	m->start = row(m, m->dead);
	for (int b = 0x21; b < 0x7f; b++)
		classes_of(m)[b] = AXO_L7_PLAIN + b;
}

static uint32_t column(struct matcher *m, char c)
{
	return classes_of(m)[(uint8_t)c];
}

/** accept - @text is accepted with @record; a '*' at its end stands for anything */
static void accept(struct matcher *m, const char *text, uint32_t record)
{
	uint32_t at = m->start;

	for (; *text && *text != '*'; text++) {
		uint32_t *to = &m->w->word[at + column(m, *text)];

		if (*to == m->dead)
			*to = row(m, m->dead);
		at = *to;
	}
	m->w->word[at + COLUMNS] = record;
	for (int i = 0; *text && i < COLUMNS; i++)
		m->w->word[at + i] = at;
}

static void publish(const struct matcher *m, struct axo_l7_automaton *a)
{
	*a = (struct axo_l7_automaton){.classes = m->classes, .start = m->start, .width = COLUMNS};
}

static void targets_write(struct writer *w, struct axo_l7_lane *lane, const char *const *targets)
{
	struct axo_l7_match one = {.rules = 1};
	struct matcher m;

	matcher_init(&m, w);
	classes_of(&m)[' '] = AXO_L7_END;
	classes_of(&m)['/'] = AXO_L7_SLASH;
	classes_of(&m)['%'] = AXO_L7_PCT;
	classes_of(&m)['?'] = AXO_L7_QUERY;
	for (uint32_t i = 0; targets[i]; i++) {
		uint32_t record = take(w, (sizeof(one) + sizeof(struct axo_l7_candidate)) / 4);

		memcpy(w->word + record, &one, sizeof(one));
		w->word[record + sizeof(one) / 4] = i;
		accept(&m, targets[i], record);
	}
	publish(&m, &lane->target);
}

static void names_write(struct writer *w, struct axo_l7_lane *lane)
{
	static const struct {
		const char *name;
		enum axo_l7_header id;
	} names[] = {
		{"host", AXO_L7_NAME_HOST},
		{"content-length", AXO_L7_NAME_LENGTH},
		{"transfer-encoding", AXO_L7_NAME_CODING},
		{"upgrade", AXO_L7_NAME_UPGRADE},
	};
	struct matcher m;

	matcher_init(&m, w);
	classes_of(&m)[':'] = AXO_L7_END;
	for (int b = 'A'; b <= 'Z'; b++)
		classes_of(&m)[b] = AXO_L7_PLAIN + tolower(b);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t record = take(w, sizeof(struct axo_l7_name) / 4);

		w->word[record] = names[i].id;
		accept(&m, names[i].name, record);
	}
	publish(&m, &lane->name);
}

static void hosts_write(struct writer *w, struct axo_l7_lane *lane)
{
	struct matcher m;

	matcher_init(&m, w);
	classes_of(&m)['\r'] = AXO_L7_END;
	classes_of(&m)[' '] = AXO_L7_SPACE;
	classes_of(&m)['\t'] = AXO_L7_SPACE;
	classes_of(&m)['/'] = AXO_L7_SLASH;
	classes_of(&m)['?'] = AXO_L7_SLASH;
	accept(&m, "*", take(w, 2));
	publish(&m, &lane->host);
	publish(&m, &lane->value);
}

static uint32_t table_write(struct writer *w, const char *const *targets)
{
	uint32_t at = take(w, sizeof(struct axo_l7_table) / 4);
	uint32_t lane_at = take(w, sizeof(struct axo_l7_lane) / 4);
	struct axo_l7_table t = {
		.generation = w->generation,
		.flags = AXO_L7_ENFORCE,
		.lanes = 1,
		.lane = {lane_at},
	};
	struct axo_l7_lane lane;

	targets_write(w, &lane, targets);
	names_write(w, &lane);
	hosts_write(w, &lane);
	t.words = w->at - at;
	memcpy(w->word + at, &t, sizeof(t));
	memcpy(w->word + lane_at, &lane, sizeof(lane));
	return at;
}

void http_rules(struct fixture *x, uint32_t set, const char *const *targets)
{
	static uint32_t generation;
	struct axo_feature_set features = {};
	struct writer w = {.at = AXO_L7_BASE + 64 + set * TABLE_WORDS, .generation = ++generation};
	size_t size = AXO_L7_POOL_WORDS * sizeof(uint32_t);

	w.word = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(x->skel->maps.axo_l7_pool), 0);
	assert_ptr_not_equal(w.word, MAP_FAILED);
	features.http = table_write(&w, targets);
	assert_true(w.at < AXO_L7_BASE + 64 + (set + 1) * TABLE_WORDS);
	munmap(w.word, size);
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_feature), &set, &features, 0), 0);
}

void http_policy(struct fixture *x, uint32_t set)
{
	struct axo_policy_ref b = policy_enforced(B_POLICY, AXO_DIR_INGRESS);
	struct entry e = {0, AXO_POL_BITS_ALL, 0, 0, AXO_POL_ALLOW, 16};

	policy_set(x, POD_B, &b);
	entry_set_features(x, B_POLICY, AXO_DIR_INGRESS, &e,
			   FEATURES(set ? AXO_FEATURE_HTTP : 0, set));
	bump(x);
}
