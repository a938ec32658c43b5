/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Syntax of regular expressions: one pass, no tree; see regex.h. */
#include "policy/regex.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

/**
 * struct scan - where the check stands
 * @atom: something that can be repeated stands before @p
 */
struct scan {
	const char *start;
	const char *p;
	int depth;
	bool atom;
	struct error *e;
};

static int fail(struct scan *s, const char *what)
{
	return error_set(s->e, EINVAL, "%s at character %zu", what, (size_t)(s->p - s->start) + 1);
}

static bool hex2(const char *p)
{
	return isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]);
}

/* At the backslash; leaves @p on the last character of the escape. */
static int escape_check(struct scan *s, bool in_class)
{
	char c = s->p[1];

	if (!c)
		return fail(s, "a backslash with nothing behind it");
	if (!in_class && isdigit((unsigned char)c))
		return fail(s, "back references are not supported");
	if (!in_class && strchr("bBAzZG", c))
		return fail(s, "word boundaries and anchors by escape are not supported");
	if (c == 'p' || c == 'P')
		return fail(s, "Unicode classes are not supported");
	if (c == 'x') {
		if (!hex2(s->p + 2))
			return fail(s, "\\x needs two hex digits");
		s->p += 3;
		return 0;
	}
	if (isalpha((unsigned char)c) && !strchr("dDwWsStnrfv", c))
		return fail(s, "unknown escape");
	s->p++;
	return 0;
}

/* At "[:"; leaves @p on the ']' that ends it. */
static int named_class_check(struct scan *s)
{
	static const char *const names[] = {"alpha", "digit",  "alnum", "upper", "lower",
					    "space", "blank",  "punct", "print", "graph",
					    "cntrl", "xdigit", "word"};
	const char *end = strstr(s->p, ":]");

	for (size_t i = 0; end && i < ARRAY_SIZE(names); i++) {
		size_t len = strlen(names[i]);

		if ((size_t)(end - s->p - 2) != len || memcmp(s->p + 2, names[i], len))
			continue;
		s->p = end + 1;
		return 0;
	}
	return fail(s, "unknown class of characters");
}

static int class_char_check(struct scan *s)
{
	if (*s->p == '\\')
		return escape_check(s, true);
	if (s->p[0] == '[' && s->p[1] == ':')
		return named_class_check(s);
	if (s->p[0] == '[' && (s->p[1] == '.' || s->p[1] == '='))
		return fail(s, "collating symbols are not supported");
	return 0;
}

/* A range of two plain characters must go up. */
static int range_check(struct scan *s)
{
	bool plain = s->p[0] != '\\' && s->p[0] != '[' && s->p[1] == '-' && s->p[2] &&
		     !strchr("]\\[", s->p[2]);

	if (plain && (unsigned char)s->p[0] > (unsigned char)s->p[2])
		return fail(s, "a range that goes down");
	return 0;
}

/* At '['; leaves @p on the ']'. */
static int class_check(struct scan *s)
{
	const char *open = s->p++;

	if (*s->p == '^')
		s->p++;
	for (bool first = true; *s->p && (*s->p != ']' || first); first = false, s->p++) {
		int err = range_check(s);

		if (!err)
			err = class_char_check(s);
		if (err)
			return err;
	}
	if (*s->p == ']')
		return 0;
	s->p = open;
	return fail(s, "'[' without ']'");
}

/* At '('; a group may start with ?: or ?i: */
static int group_open(struct scan *s)
{
	if (s->depth == REGEX_MAX_DEPTH)
		return fail(s, "groups nested too deep");
	if (s->p[1] == '?') {
		if (!strncmp(s->p, "(?i:", 4))
			s->p += 3;
		else if (!strncmp(s->p, "(?:", 3))
			s->p += 2;
		else if (strchr("=!<", s->p[2]) && s->p[2])
			return fail(s, "look-around is not supported");
		else
			return fail(s, "groups other than (, (?: and (?i: are not supported");
	}
	s->depth++;
	s->atom = false;
	return 0;
}

/* At '{'; leaves @p on the '}'. */
static int repeat_check(struct scan *s)
{
	char *end;
	const char *p = s->p + 1;

	if (!isdigit((unsigned char)*p))
		return fail(s, "'{' needs a number");
	unsigned long low = strtoul(p, &end, 10);
	unsigned long high = low;
	if (*end == ',') {
		p = end + 1;
		high = *p == '}' ? low : 0;
		end = (char *)p;
		if (isdigit((unsigned char)*p))
			high = strtoul(p, &end, 10);
	}
	if (*end != '}')
		return fail(s, "'{' without '}'");
	if (low > REGEX_MAX_REPEAT || high > REGEX_MAX_REPEAT)
		return fail(s, "more than 1000 repetitions");
	if (high < low)
		return fail(s, "repetition with maximum below minimum");
	s->p = end;
	return 0;
}

static int repeat(struct scan *s)
{
	if (!s->atom)
		return fail(s, "nothing to repeat");
	if (*s->p == '{') {
		int err = repeat_check(s);

		if (err)
			return err;
	}
	if (s->p[1] == '?') /* lazy */
		s->p++;
	s->atom = false; /* a** is refused, as RE2 does */
	return 0;
}

static int char_check(struct scan *s)
{
	switch (*s->p) {
	case '(':
		return group_open(s);
	case ')':
		if (!s->depth)
			return fail(s, "')' without '('");
		s->depth--;
		s->atom = true;
		return 0;
	case '|':
	case '^':
		s->atom = false;
		return 0;
	case '$':
		s->atom = false;
		return 0;
	case '*':
	case '+':
	case '?':
	case '{':
		return repeat(s);
	case '[':
		s->atom = true;
		return class_check(s);
	case '\\':
		s->atom = true;
		return escape_check(s, false);
	default:
		s->atom = true;
		return 0;
	}
}

int regex_check(const char *text, struct error *e)
{
	struct scan s = {.start = text, .p = text, .e = e};

	if (strlen(text) > REGEX_MAX_LEN)
		return error_set(e, EINVAL, "longer than %d characters", REGEX_MAX_LEN);
	for (; *s.p; s.p++) {
		int err = char_check(&s);

		if (err)
			return err;
	}
	return s.depth ? fail(&s, "'(' without ')'") : 0;
}
