/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Syntax of regular expressions: recursive descent to a tree; see regex.h. */
#include "policy/regex.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

int regex_fail(const struct regex_text *t, const char *what)
{
	return error_set(t->e, EINVAL, "%s at character %zu", what, (size_t)(t->p - t->start) + 1);
}

static struct regex *regex_new(struct arena *a, enum regex_type type)
{
	struct regex *r = arena_alloc(a, sizeof(*r));

	r->type = type;
	return r;
}

static const struct regex *regex_pair(struct arena *a, enum regex_type type,
				      const struct regex *left, const struct regex *right)
{
	struct regex *r = regex_new(a, type);

	r->left = left;
	r->right = right;
	return r;
}

const struct regex *regex_cat(struct arena *a, const struct regex *left, const struct regex *right)
{
	if (!left || !right)
		return left ? left : right;
	return regex_pair(a, REGEX_CAT, left, right);
}

static const struct regex *regex_set(struct arena *a, const struct byteset *set, bool icase)
{
	struct regex *r = regex_new(a, REGEX_SET);

	r->set = *set;
	if (icase)
		byteset_fold(&r->set);
	return r;
}

const struct regex *regex_literal(struct arena *a, const char *text, unsigned int flags)
{
	const struct regex *r = NULL;

	for (; *text; text++) {
		struct byteset set = {{0}};

		byteset_add(&set, *text);
		r = regex_cat(a, r, regex_set(a, &set, flags & REGEX_ICASE));
	}
	return r ? r : regex_new(a, REGEX_EMPTY);
}

static int alt_parse(struct regex_text *t, const struct regex **out);

/* Behind "(": a group may go on with ?: or ?i: */
static int group_open(struct regex_text *t)
{
	if (t->p[1] != '?') {
		t->p++;
		return 0;
	}
	if (!strncmp(t->p, "(?:", 3)) {
		t->p += 3;
		return 0;
	}
	if (!strncmp(t->p, "(?i:", 4)) {
		t->p += 4;
		t->icase = true;
		return 0;
	}
	if (t->p[2] && strchr("=!<", t->p[2]))
		return regex_fail(t, "look-around is not supported");
	return regex_fail(t, "groups other than (, (?: and (?i: are not supported");
}

static int group_parse(struct regex_text *t, const struct regex **out)
{
	bool icase = t->icase;

	if (t->depth == REGEX_MAX_DEPTH)
		return regex_fail(t, "groups nested too deep");
	t->depth++;
	int err = group_open(t);
	if (!err)
		err = alt_parse(t, out);
	if (err)
		return err;
	if (*t->p != ')')
		return regex_fail(t, "'(' without ')'");
	t->p++;
	t->depth--;
	t->icase = icase;
	return 0;
}

static int set_parse(struct regex_text *t, const struct regex **out)
{
	struct byteset set = {{0}};
	int err = 0;

	if (*t->p == '[') {
		err = regex_class_parse(t, &set);
	} else if (*t->p == '\\') {
		err = regex_escape_parse(t, &set);
	} else if (*t->p == '.') {
		memset(&set, 0xff, sizeof(set));
		set.word[0] &= ~(1ULL << '\n');
		t->p++;
	} else {
		byteset_add(&set, *t->p++);
	}
	/* A class in brackets has folded itself, before it was inverted. */
	if (!err)
		*out = regex_set(t->arena, &set, t->icase && t->p[-1] != ']');
	return err;
}

/* At '{'; behind the '}' then. */
static int counts_parse(struct regex_text *t, struct regex *r)
{
	const char *p = t->p + 1;
	char *end;

	if (!isdigit((unsigned char)*p))
		return regex_fail(t, "'{' needs a number");
	unsigned long low = strtoul(p, &end, 10), high = low;
	bool open = end[0] == ',' && end[1] == '}';
	if (*end == ',') {
		p = end + 1;
		high = strtoul(p, &end, 10);
		if (!open && !isdigit((unsigned char)*p))
			return regex_fail(t, "'{' without '}'");
		end = open ? (char *)p : end;
	}
	if (*end != '}')
		return regex_fail(t, "'{' without '}'");
	if (low > REGEX_MAX_REPEAT || (!open && high > REGEX_MAX_REPEAT))
		return regex_fail(t, "more than 1000 repetitions");
	if (!open && high < low)
		return regex_fail(t, "repetition with maximum below minimum");
	r->min = low;
	r->max = open ? REGEX_NO_MAX : high;
	t->p = end + 1;
	return 0;
}

/* What stands behind an atom. */
static int repeat_parse(struct regex_text *t, const struct regex **atom)
{
	struct regex *r;

	if (!*t->p || !strchr("*+?{", *t->p))
		return 0;
	r = regex_new(t->arena, REGEX_REPEAT);
	r->left = *atom;
	r->min = *t->p == '+';
	r->max = *t->p == '?' ? 1 : REGEX_NO_MAX;
	int err = *t->p == '{' ? counts_parse(t, r) : (t->p++, 0);
	if (err)
		return err;
	if (*t->p == '?') /* lazy */
		t->p++;
	*atom = r;
	/* a** is refused, as RE2 does */
	return *t->p && strchr("*+?{", *t->p) ? regex_fail(t, "nothing to repeat") : 0;
}

static int atom_parse(struct regex_text *t, const struct regex **out)
{
	if (strchr("*+?{", *t->p))
		return regex_fail(t, "nothing to repeat");
	if (*t->p == '^' || *t->p == '$') {
		struct regex *r = regex_new(t->arena, *t->p == '^' ? REGEX_BOL : REGEX_EOL);

		r->column = ++t->p - t->start;
		*out = r;
		return 0;
	}
	int err = *t->p == '(' ? group_parse(t, out) : set_parse(t, out);
	return err ? err : repeat_parse(t, out);
}

static int cat_parse(struct regex_text *t, const struct regex **out)
{
	const struct regex *all = NULL, *r = NULL;

	while (*t->p && *t->p != '|' && *t->p != ')') {
		int err = atom_parse(t, &r);

		if (err)
			return err;
		all = regex_cat(t->arena, all, r);
	}
	*out = all ? all : regex_new(t->arena, REGEX_EMPTY);
	return 0;
}

static int alt_parse(struct regex_text *t, const struct regex **out)
{
	const struct regex *r = NULL;
	int err = cat_parse(t, out);

	while (!err && *t->p == '|') {
		t->p++;
		err = cat_parse(t, &r);
		if (!err)
			*out = regex_pair(t->arena, REGEX_ALT, *out, r);
	}
	return err;
}

/* Anchors stand where nothing can come before, or behind; then they say what holds anyway. */
static int anchors_check(struct regex_text *t, const struct regex *r, bool first, bool last)
{
	int err = 0;

	switch ((enum regex_type)r->type) {
	case REGEX_BOL:
	case REGEX_EOL:
		if (r->type == REGEX_BOL ? first : last)
			return 0;
		t->p = t->start + r->column - 1;
		return regex_fail(t, r->type == REGEX_BOL ? "'^' that is not at the start"
							  : "'$' that is not at the end");
	case REGEX_CAT:
		err = anchors_check(t, r->left, first, false);
		return err ? err
			   : anchors_check(t, r->right, first && r->left->type == REGEX_BOL, last);
	case REGEX_ALT:
		err = anchors_check(t, r->left, first, last);
		return err ? err : anchors_check(t, r->right, first, last);
	case REGEX_REPEAT:
		return anchors_check(t, r->left, first && r->max <= 1, last && r->max <= 1);
	case REGEX_EMPTY:
	case REGEX_SET:
		break;
	}
	return 0;
}

int regex_parse(struct arena *a, const char *text, unsigned int flags, const struct regex **out,
		struct error *e)
{
	struct regex_text t = {.start = text, .p = text, .arena = a, .e = e};
	const struct regex *r = NULL;
	int err;

	if (strlen(text) > REGEX_MAX_LEN)
		return error_set(e, EINVAL, "longer than %d characters", REGEX_MAX_LEN);
	t.icase = flags & REGEX_ICASE;
	err = alt_parse(&t, &r);
	if (!err && *t.p == ')')
		err = regex_fail(&t, "')' without '('");
	if (!err)
		err = anchors_check(&t, r, true, true);
	if (!err)
		*out = r;
	return err;
}

int regex_check(const char *text, struct error *e)
{
	const struct regex *r = NULL;
	struct arena a = {0};
	int err = regex_parse(&a, text, 0, &r, e);

	arena_fini(&a);
	return err;
}
