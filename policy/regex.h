/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Regular expressions: text to tree.
 *
 * POSIX extended syntax and the part of RE2's that is regular: . [] [^] [[:alpha:]] \d \w \s and
 * their opposites, escaped punctuation, \t \n \r \xHH, () (?:) (?i:) | * + ? {m} {m,} {m,n} with a
 * lazy '?' behind (which changes nothing here: values are matched whole), ^ at the start and $ at
 * the end (which change nothing either; elsewhere they could never match and are refused).  Back
 * references and look-around are not regular and refused by name.
 */
#ifndef POLICY_REGEX_H
#define POLICY_REGEX_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "policy/arena.h"

#define REGEX_MAX_LEN 4096
#define REGEX_MAX_DEPTH 32
#define REGEX_MAX_REPEAT 1000
#define REGEX_NO_MAX UINT16_MAX

/** struct byteset - bit b % 64 of word b / 64: byte b is in it */
struct byteset {
	uint64_t word[4];
};

static inline void byteset_add(struct byteset *s, uint8_t b)
{
	s->word[b / 64] |= 1ULL << (b % 64);
}

static inline bool byteset_has(const struct byteset *s, uint8_t b)
{
	return s->word[b / 64] >> (b % 64) & 1;
}

enum regex_type {
	REGEX_EMPTY,
	REGEX_SET,
	REGEX_CAT,
	REGEX_ALT,
	REGEX_REPEAT,
	REGEX_BOL,
	REGEX_EOL
};

/**
 * struct regex - a tree
 * @min, @max: REGEX_REPEAT of @left; @max may be REGEX_NO_MAX
 * @column:    REGEX_BOL, REGEX_EOL: where it stands, from 1
 * @set:       REGEX_SET
 */
struct regex {
	uint8_t type;
	uint16_t min, max;
	uint32_t column;
	const struct regex *left, *right;
	struct byteset set;
};

/** enum regex_flag - REGEX_ICASE: letters in either case */
enum regex_flag { REGEX_ICASE = 1 };

/**
 * regex_parse - tree of @text in the arena
 * Return: 0, or -EINVAL with what is wrong at which character (from 1).
 */
int regex_parse(struct arena *a, const char *text, unsigned int flags, const struct regex **out,
		struct error *e);

/** regex_check - can it be parsed? */
int regex_check(const char *text, struct error *e);

/** regex_literal - a tree that matches @text as it stands */
const struct regex *regex_literal(struct arena *a, const char *text, unsigned int flags);

/** regex_cat - one behind the other; NULL is empty */
const struct regex *regex_cat(struct arena *a, const struct regex *left, const struct regex *right);

/**
 * struct regex_text - what is being parsed
 * @start, @p: the text and where the parser stands
 * @icase: groups (?i:
 */
struct regex_text {
	const char *start;
	const char *p;
	struct arena *arena;
	struct error *e;
	int depth;
	bool icase;
};

/** regex_fail - -EINVAL: @what at the place of @t */
int regex_fail(const struct regex_text *t, const char *what);

/** regex_class_parse - at '[': the set; behind the ']' then */
int regex_class_parse(struct regex_text *t, struct byteset *out);

/** regex_escape_parse - at a backslash outside of brackets: the set; behind the escape then */
int regex_escape_parse(struct regex_text *t, struct byteset *out);

/** byteset_fold - add the other case of every letter */
void byteset_fold(struct byteset *s);

#endif
