/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Regular expressions and automata: against the C library's, and what is refused where. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <regex.h>

#include "lib/cleanup.h"
#include "policy/dfa.h"

static uint32_t accept_first(void *context, const uint32_t *numbers, uint32_t count)
{
	(void)context;
	(void)count;
	return numbers[0] + 1;
}

/* Automaton of @count expressions, by which the first that matches is known. */
static void dfa_of(struct dfa *d, const char *const *texts, uint32_t count)
{
	struct arena a = {0};
	struct nfa n = {0};
	struct dfa_request q = {.nfa = &n, .max_states = 65536, .accept = accept_first};
	struct error e = {0};

	nfa_start(&n);
	for (uint32_t i = 0; i < count; i++) {
		const struct regex *r = NULL;

		if (regex_parse(&a, texts[i], 0, &r, &e))
			fail_msg("%s: %s", texts[i], e.msg);
		assert_int_equal(nfa_add(&n, 0, r, i), 0);
	}
	memset(&q.alphabet, 0xff, sizeof(q.alphabet));
	assert_int_equal(dfa_build(d, &q), 0);
	nfa_fini(&n);
	arena_fini(&a);
}

static bool matches(const char *expression, const char *text)
{
	struct dfa d;

	dfa_of(&d, &expression, 1);
	bool yes = dfa_match(&d, 0, text, strlen(text));
	dfa_fini(&d);
	return yes;
}

/* What users write, and what it must and must not match as a whole. */
static void expressions_match_whole_values(void **state)
{
	static const struct {
		const char *expression, *yes, *no;
	} rows[] = {
		{"/public", "/public", "/public/"},
		{"^/public$", "/public", "x/public"},
		{"(^/a|^/b)$", "/b", "/c"},
		{"/public/.*", "/public/x/y", "/publi/x"},
		{"/a(b|c)+d?", "/abcbd", "/ad"},
		{"GET|POST", "POST", "GETPOST"},
		{"/v[0-9]+/x{2,3}", "/v12/xxx", "/v1/x"},
		{"a{3}", "aaa", "aa"},
		{"a{2,}", "aaaaaa", "a"},
		{"a{0}b", "b", "ab"},
		{"a{0,2}b", "aab", "aaab"},
		{"[^/]+", "abc", "a/c"},
		{"[]a]+", "a]]", "["},
		{"[^]]", "x", "]"},
		{"[a-c-]+", "a-c", "d"},
		{"[[:alpha:]_-]+", "a_Z-", "1"},
		{"\\d+\\.\\w\\s\\D", "12._ x", "12x_ x"},
		{"[\\d.]+", "1.2", "1,2"},
		{"\\x2f\\x2F", "//", "/"},
		{"a\\/b", "a/b", "ab"},
		{"(?:x|y)*?z", "xyxz", "xy"},
		{"(?i:get) /", "GeT /", "get x"},
		{"(?i:[^a])", "b", "A"},
		{"(?i:a)b", "Ab", "AB"},
		{"a||b", "", "ab"},
		{"()", "", "x"},
		{".", "\x80", "\n"},
		{"[^x]", "\n", "x"},
		{".*foo.*", "a foo b", "fo o"},
		{"(a|b)*abb", "ababb", "abab"},
		{"((a{2}){2}){2}", "aaaaaaaa", "aaaaaaa"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!matches(rows[i].expression, rows[i].yes))
			fail_msg("%s does not match %s", rows[i].expression, rows[i].yes);
		if (matches(rows[i].expression, rows[i].no))
			fail_msg("%s matches %s", rows[i].expression, rows[i].no);
	}
}

static void what_is_no_expression_is_refused_where_it_is(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"(a)\\1", "back references are not supported at character 4"},
		{"a(?=b)", "look-around is not supported at character 2"},
		{"a(?!b)", "look-around is not supported at character 2"},
		{"a(?<=b)", "look-around is not supported at character 2"},
		{"(?P<n>a)", "groups other than (, (?: and (?i: are not supported at character 1"},
		{"\\bword",
		 "word boundaries and anchors by escape are not supported at character 1"},
		{"a\\pL", "Unicode classes are not supported at character 2"},
		{"a\\q", "unknown escape at character 2"},
		{"a\\", "a backslash with nothing behind it at character 2"},
		{"\\x1", "\\x needs two hex digits at character 1"},
		{"*a", "nothing to repeat at character 1"},
		{"a**", "nothing to repeat at character 3"},
		{"(a|*)", "nothing to repeat at character 4"},
		{"a{", "'{' needs a number at character 2"},
		{"a{1", "'{' without '}' at character 2"},
		{"a{1,x}", "'{' without '}' at character 2"},
		{"a{3,2}", "repetition with maximum below minimum at character 2"},
		{"a{1001}", "more than 1000 repetitions at character 2"},
		{"(a", "'(' without ')' at character 3"},
		{"x(y(a)", "'(' without ')' at character 7"},
		{"a)", "')' without '(' at character 2"},
		{"[a", "'[' without ']' at character 1"},
		{"x[z-a]", "a range that goes down at character 3"},
		{"[a-\\d]", "a range of classes at character 2"},
		{"[[:foo:]]", "unknown class of characters at character 2"},
		{"[[.a.]]", "collating symbols are not supported at character 2"},
		{"a^b", "'^' that is not at the start at character 2"},
		{"a$b", "'$' that is not at the end at character 2"},
		{"(^a)*", "'^' that is not at the start at character 2"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error e = {0};

		assert_int_equal(regex_check(rows[i].text, &e), -EINVAL);
		assert_string_equal(e.msg, rows[i].says);
	}
}

/* A random expression over a, b, c that both sides understand. */
static char *expression_random(char *p, unsigned int *seed, int depth)
{
	static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", "ab"};
	static const char *const repeats[] = {"*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", ""};
	int parts = 1 + rand_r(seed) % 3;

	for (int i = 0; i < parts; i++) {
		if (i && rand_r(seed) % 3 == 0)
			*p++ = '|';
		if (depth && rand_r(seed) % 3 == 0) {
			*p++ = '(';
			p = expression_random(p, seed, depth - 1);
			*p++ = ')';
		} else {
			const char *atom = atoms[rand_r(seed) % ARRAY_SIZE(atoms)];

			p = stpcpy(p, atom);
			if (!strcmp(atom, "ab"))
				continue;
		}
		if (rand_r(seed) % 2)
			p = stpcpy(p, repeats[rand_r(seed) % ARRAY_SIZE(repeats)]);
	}
	*p = 0;
	return p;
}

/* All words over a, b, c up to five letters. */
static void compare_words(const char *expression, const struct dfa *d, const regex_t *r)
{
	char word[8];

	for (int len = 0, count = 1; len <= 5; len++, count *= 3)
		for (int n = 0; n < count; n++) {
			for (int i = 0, v = n; i < len; i++, v /= 3)
				word[i] = "abc"[v % 3];
			word[len] = 0;
			bool ours = dfa_match(d, 0, word, len);
			bool theirs = !regexec(r, word, 0, NULL, 0);
			if (ours != theirs)
				fail_msg("%s on \"%s\": %d, the C library says %d", expression,
					 word, ours, theirs);
		}
}

static void random_expressions_match_what_the_c_library_says(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		char text[512], whole[600];
		const char *expression = text;
		struct dfa d;
		regex_t r;

		expression_random(text, &seed, 3);
		snprintf(whole, sizeof(whole), "^(%s)$", text);
		if (regcomp(&r, whole, REG_EXTENDED | REG_NOSUB))
			fail_msg("the C library refuses %s", whole);
		dfa_of(&d, &expression, 1);
		compare_words(text, &d, &r);
		dfa_fini(&d);
		regfree(&r);
	}
}

/* No two states of a minimal automaton are alike, and none but 0 is dead. */
static void check_minimal(const struct dfa *d)
{
	uint32_t n = d->states;
	bool *differ = calloc((size_t)n * n, 1), changed = true;

	for (uint32_t x = 0; x < n; x++)
		for (uint32_t y = 0; y < n; y++)
			differ[x * n + y] = d->accept[x] != d->accept[y];
	while (changed) {
		changed = false;
		for (uint32_t x = 0; x < n; x++)
			for (uint32_t y = 0; y < n; y++)
				for (uint32_t c = 0; c < d->classes && !differ[x * n + y]; c++)
					changed |= differ[x * n + y] =
						differ[d->next[x * d->classes + c] * n +
						       d->next[y * d->classes + c]];
	}
	for (uint32_t x = 0; x < n; x++)
		for (uint32_t y = 0; y < x; y++)
			assert_true(differ[x * n + y]);
	free(differ);
}

static void sets_of_expressions_say_which_and_are_minimal(void **state)
{
	unsigned int seed = 7;

	(void)state;
	for (int i = 0; i < 400; i++) {
		char texts[3][512];
		const char *all[] = {texts[0], texts[1], texts[2]};
		struct dfa d, alone[3];

		for (int k = 0; k < 3; k++) {
			expression_random(texts[k], &seed, 2);
			dfa_of(&alone[k], &all[k], 1);
		}
		dfa_of(&d, all, 3);
		check_minimal(&d);
		for (int n = 0; n < 364; n++) {
			char word[8];
			int len = 0;

			for (int v = n; v; v /= 4)
				word[len++] = "abcd"[v % 4];
			uint32_t want = 0;
			for (uint32_t k = 3; k-- > 0;)
				want = dfa_match(&alone[k], 0, word, len) ? k + 1 : want;
			assert_int_equal(dfa_match(&d, 0, word, len), want);
		}
		dfa_fini(&d);
		for (int k = 0; k < 3; k++)
			dfa_fini(&alone[k]);
	}
}

static void too_many_states_are_refused(void **state)
{
	struct arena a = {0};
	struct nfa n = {0};
	struct dfa_request q = {.nfa = &n, .max_states = 10000, .accept = accept_first};
	const struct regex *r = NULL;
	struct error e = {0};
	struct dfa d;

	(void)state;
	nfa_start(&n);
	assert_int_equal(regex_parse(&a, "(a|b)*a(a|b){20}", 0, &r, &e), 0);
	assert_int_equal(nfa_add(&n, 0, r, 0), 0);
	memset(&q.alphabet, 0xff, sizeof(q.alphabet));
	assert_int_equal(dfa_build(&d, &q), -E2BIG);
	assert_int_equal(regex_parse(&a, "((a{1000}){1000}){1000}", 0, &r, &e), 0);
	assert_int_equal(nfa_add(&n, 0, r, 1), -E2BIG);
	nfa_fini(&n);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_match_whole_values),
		cmocka_unit_test(what_is_no_expression_is_refused_where_it_is),
		cmocka_unit_test(random_expressions_match_what_the_c_library_says),
		cmocka_unit_test(sets_of_expressions_say_which_and_are_minimal),
		cmocka_unit_test(too_many_states_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
