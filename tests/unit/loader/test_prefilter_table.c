/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The prefilter's table against what it must mean: the longest prefix that an address lies in.
 * The table is read here as axoneme/prefilter.h describes it, word by word, and by nobody's code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/prefilter_table.h"

static uint64_t half(const struct axo_addr *a, int i)
{
	uint64_t h = 0;

	for (int k = 0; k < 8; k++)
		h = h << 8 | a->b[8 * i + k];
	return h;
}

static uint64_t read4(const struct pf_table *t, uint32_t addr)
{
	const uint32_t *h = (const uint32_t *)t->words;
	uint32_t pos, count, last;

	if (!t->header.index4)
		return 0;
	pos = h[t->header.index4 + (addr >> AXO_PF_SHIFT4)];
	if (pos & AXO_PF_LEAF)
		return pos & 0xffff;
	count = h[pos] >> 16;
	assert_in_range(count, 1, 1 << AXO_PF_SHIFT4);
	assert_int_equal(pos / 2 / AXO_PF_CHUNK_WORDS, (pos + count - 1) / 2 / AXO_PF_CHUNK_WORDS);
	assert_in_range((pos + count + 1) / 2, 1, t->count);
	last = h[pos] & 0xffff;
	for (uint32_t i = 1; i < count; i++)
		if (h[pos + i] >> 16 <= (addr & ((1U << AXO_PF_SHIFT4) - 1)))
			last = h[pos + i] & 0xffff;
	return last;
}

static uint64_t read6(const struct pf_table *t, const struct axo_addr *a)
{
	const struct axo_pf_header *h = &t->header;
	uint64_t upper = half(a, 0), lower = half(a, 1), verdict = 0, span, last = 0;
	uint32_t found = 0, bucket;

	if (!h->index6)
		return 0;
	for (uint32_t i = 0; i <= h->last6; i++)
		if (t->words[h->keys6 + i] <= upper)
			found = i;
	if (upper >= h->base6) {
		bucket = (uint32_t)((upper - h->base6) >> h->shift6);
		span = bucket < h->buckets6 ? t->words[h->index6 + bucket]
					    : axo_pf_span(h->last6, h->last6);
		assert_in_range(found, axo_pf_span_pos(span), axo_pf_span_len(span));
	} else {
		assert_int_equal(found, 0);
	}
	verdict = t->words[h->verdicts6 + found];
	if (!(verdict & AXO_PF_DEEPER))
		return verdict;
	for (uint32_t i = 0; i < axo_pf_span_len(verdict); i++)
		if (t->words[axo_pf_span_pos(verdict) + i] <= lower)
			last = t->words[axo_pf_span_pos(verdict) + axo_pf_span_len(verdict) + i];
	return last;
}

static uint64_t verdict_at(const struct pf_table *t, const struct axo_addr *a)
{
	return addr_family(a) == 4 ? read4(t, (uint32_t)half(a, 1)) : read6(t, a);
}

/* What must come out: group + 1, or 0. */
static uint64_t expected(const struct pf_rules *r, const struct axo_addr *a)
{
	const struct pf_rule *best = NULL;

	for (size_t i = 0; i < r->count; i++) {
		struct cidr c = pf_rule_cidr(&r->items[i]);

		if (cidr_contains(&c, a) && (!best || r->items[i].bits > best->bits))
			best = &r->items[i];
	}
	assert_ptr_equal(best, pf_rules_find(r, a));
	return best && !(best->flags & PF_EXCEPT) ? best->group + 1U : 0;
}

static struct pf_rule rule(const char *text, uint16_t group, uint32_t line)
{
	struct pf_rule r = {.group = group, .line = line};
	struct cidr c;

	if (*text == '!') {
		r.flags |= PF_EXCEPT;
		text++;
	}
	assert_int_equal(cidr_parse(text, &c, NULL), 0);
	if (c.family == 4)
		r.flags |= PF_IPV4;
	r.addr = c.addr;
	r.bits = (uint8_t)cidr_mapped_bits(&c);
	return r;
}

static void add(struct pf_rules *r, const char *text, uint16_t group, uint32_t line)
{
	struct pf_rule x = rule(text, group, line);

	assert_int_equal(pf_rules_add(r, &x), 0);
}

/* Sort, make, and compare at every end of every prefix, and one before and behind. */
static void check(struct pf_rules *r)
{
	struct pf_table t = {0};

	assert_int_equal(pf_rules_sort(r, NULL), 0);
	assert_int_equal(pf_table_make(r, &t), 0);
	for (size_t i = 0; i < r->count; i++) {
		struct cidr c = pf_rule_cidr(&r->items[i]);
		struct axo_addr first = cidr_first(&c), last = cidr_last(&c);
		struct axo_addr at[] = {first, last, addr_add(&first, UINT64_MAX),
					addr_add(&last, 1)};

		for (size_t k = 0; k < ARRAY_SIZE(at); k++)
			if (addr_family(&at[k]) == c.family)
				assert_int_equal(verdict_at(&t, &at[k]), expected(r, &at[k]));
	}
	pf_table_fini(&t);
	free(r->items);
	*r = (struct pf_rules){0};
}

static void nothing_denies_nothing(void **state)
{
	struct pf_rules r = {0};
	struct pf_table t = {0};
	struct axo_addr a;

	(void)state;
	assert_int_equal(pf_table_make(&r, &t), 0);
	addr_parse("10.0.0.1", &a, NULL);
	assert_int_equal(verdict_at(&t, &a), 0);
	addr_parse("2001:db8::1", &a, NULL);
	assert_int_equal(verdict_at(&t, &a), 0);
	pf_table_fini(&t);
}

static void longest_prefix_wins_and_exceptions_pass(void **state)
{
	static const char *const texts[] = {
		"10.0.0.0/8",
		"!10.1.0.0/16",
		"10.1.2.0/24",
		"!10.1.2.3/32",
		"0.0.0.0/0",
		"!0.0.0.0/1",
		"255.255.255.255/32",
		"128.0.0.0/1",
		"2001:db8::/32",
		"!2001:db8:1::/48",
		"2001:db8:1:2::/64",
		"!2001:db8:1:2::1/128",
		"2001:db8:1:2:8000::/65",
		"::/0",
		"ffff::/16",
		"!ffff:ffff:ffff:ffff::/64",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
	};

	(void)state;
	/* Every subset of neighbours in the list. */
	for (size_t from = 0; from < ARRAY_SIZE(texts); from++) {
		for (size_t to = from + 1; to <= ARRAY_SIZE(texts); to++) {
			struct pf_rules r = {0};

			for (size_t i = from; i < to; i++)
				add(&r, texts[i], (uint16_t)i, 0);
			check(&r);
		}
	}
}

static struct pf_rule random_rule(bool v4, unsigned int spread)
{
	struct pf_rule r = {.group = (uint16_t)(rand() % 5)};
	struct cidr c = {.family = 6};

	for (int i = 0; i < 16; i++)
		c.addr.b[i] = (uint8_t)(rand() % (int)spread);
	c.bits = (uint8_t)(v4 ? 96 + rand() % 33 : rand() % 129);
	if (v4) {
		memset(c.addr.b, 0, 10);
		c.addr.b[10] = c.addr.b[11] = 0xff;
	} else {
		c.addr.b[0] |= 0x20;
	}
	r.addr = cidr_first(&c);
	r.bits = c.bits;
	r.flags = (uint8_t)((v4 ? PF_IPV4 : 0) | (rand() % 3 ? 0 : PF_EXCEPT));
	return r;
}

static void random_sets_mean_what_they_say(void **state)
{
	(void)state;
	srand(4711);
	for (int n = 0; n < 300; n++) {
		struct pf_rules r = {0};
		unsigned int spread = n % 2 ? 256 : 3;

		for (int i = rand() % (n % 10 ? 60 : 600); i > 0; i--) {
			struct pf_rule x = random_rule(rand() % 2, spread);

			assert_int_equal(pf_rules_add(&r, &x), 0);
		}
		check(&r);
	}
}

static void a_full_bucket_fits_a_chunk(void **state)
{
	struct pf_rules r = {0};
	struct pf_table t = {0};
	char text[32];

	(void)state;
	for (int i = 0; i < 70000; i++) {
		snprintf(text, sizeof(text), "10.%d.%d.%d/32", i / 65536, i / 256 % 256, i % 256);
		add(&r, text, (uint16_t)(i % 2), 0);
	}
	assert_int_equal(pf_rules_sort(&r, NULL), 0);
	assert_int_equal(pf_table_make(&r, &t), 0);
	for (uint32_t i = 0; i < 70000; i += 331)
		assert_int_equal(read4(&t, (10u << 24) + i), i % 2 + 1);
	assert_int_equal(read4(&t, (10u << 24) + 70000), 0);
	assert_int_equal(read4(&t, (10u << 24) - 1), 0);
	pf_table_fini(&t);
	free(r.items);
}

static void the_same_prefix_twice_is_one_or_an_error(void **state)
{
	struct pf_rules r = {0};
	struct error e = {0};

	(void)state;
	add(&r, "10.0.0.0/8", 3, 7);
	add(&r, "10.0.0.0/8", 2, 5);
	add(&r, "!10.0.0.0/8", 1, 0);
	assert_int_equal(pf_rules_sort(&r, &e), 0);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.items[0].group, 1);
	r.count = 0;
	add(&r, "10.0.0.0/8", 3, 7);
	add(&r, "!10.0.0.0/8", 3, 9);
	assert_true(pf_rules_sort(&r, &e) < 0);
	assert_string_equal(e.msg, "9: 10.0.0.0/8 is denied and excepted, see line 7");
	free(r.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_denies_nothing),
		cmocka_unit_test(longest_prefix_wins_and_exceptions_pass),
		cmocka_unit_test(random_sets_mean_what_they_say),
		cmocka_unit_test(a_full_bucket_fits_a_chunk),
		cmocka_unit_test(the_same_prefix_twice_is_one_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
