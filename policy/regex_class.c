/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Regular expressions: sets of bytes, in brackets or by escape. */
#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/regex.h"

void byteset_fold(struct byteset *s)
{
	for (int b = 'a'; b <= 'z'; b++) {
		if (byteset_has(s, b))
			byteset_add(s, toupper(b));
		else if (byteset_has(s, toupper(b)))
			byteset_add(s, b);
	}
}

static void set_invert(struct byteset *s)
{
	for (int i = 0; i < 4; i++)
		s->word[i] = ~s->word[i];
}

static void set_union(struct byteset *s, const struct byteset *other)
{
	for (int i = 0; i < 4; i++)
		s->word[i] |= other->word[i];
}

/* The C library's classes depend on the locale; these do not. */
static const struct class_name {
	const char *name;
	const char *ranges; /* pairs: first, last */
} class_names[] = {
	{"alpha", "azAZ"},
	{"digit", "09"},
	{"alnum", "azAZ09"},
	{"upper", "AZ"},
	{"lower", "az"},
	{"space", "\t\r  "},
	{"blank", "\t\t  "},
	{"punct", "!/:@[`{~"},
	{"print", " ~"},
	{"graph", "!~"},
	{"cntrl", "\1\x1f\x7f\x7f"},
	{"xdigit", "09afAF"},
	{"word", "azAZ09__"},
};

static void class_add(struct byteset *s, const struct class_name *c)
{
	for (const char *r = c->ranges; *r; r += 2)
		for (int b = (uint8_t)r[0]; b <= (uint8_t)r[1]; b++)
			byteset_add(s, b);
	if (!strcmp(c->name, "cntrl"))
		byteset_add(s, 0);
}

static const struct class_name *class_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(class_names); i++)
		if (strlen(class_names[i].name) == len && !memcmp(class_names[i].name, name, len))
			return &class_names[i];
	return NULL;
}

/* \d \w \s and their opposites; \s has no vertical tab, as in RE2. */
static bool class_escape(char c, struct byteset *out)
{
	switch (tolower(c)) {
	case 'd':
		class_add(out, class_find("digit", 5));
		break;
	case 'w':
		class_add(out, class_find("word", 4));
		break;
	case 's':
		for (const char *s = " \t\n\f\r"; *s; s++)
			byteset_add(out, *s);
		break;
	default:
		return false;
	}
	if (isupper((unsigned char)c))
		set_invert(out);
	return true;
}

static int hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static int escape_hex(struct regex_text *t, struct byteset *out)
{
	const char *p = t->p + 2;

	if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
		return regex_fail(t, "\\x needs two hex digits");
	byteset_add(out, hex_value(p[0]) << 4 | hex_value(p[1]));
	t->p += 4;
	return 0;
}

/* At the backslash; behind the escape then. */
static int escape_parse(struct regex_text *t, bool in_class, struct byteset *out)
{
	static const char control[] = "tnrfv", value[] = "\t\n\r\f\v";
	char c = t->p[1];

	if (!c)
		return regex_fail(t, "a backslash with nothing behind it");
	if (!in_class && isdigit((unsigned char)c))
		return regex_fail(t, "back references are not supported");
	if (!in_class && strchr("bBAzZG", c))
		return regex_fail(t, "word boundaries and anchors by escape are not supported");
	if (c == 'p' || c == 'P')
		return regex_fail(t, "Unicode classes are not supported");
	if (c == 'x')
		return escape_hex(t, out);
	if (!class_escape(c, out)) {
		const char *known = strchr(control, c);

		if (!known && isalpha((unsigned char)c))
			return regex_fail(t, "unknown escape");
		byteset_add(out, known ? value[known - control] : c);
	}
	t->p += 2;
	return 0;
}

int regex_escape_parse(struct regex_text *t, struct byteset *out)
{
	*out = (struct byteset){{0}};
	return escape_parse(t, false, out);
}

/* At "[:"; behind the ":]" then. */
static int named_class_parse(struct regex_text *t, struct byteset *out)
{
	const char *name = t->p + 2, *end = strstr(name, ":]");
	const struct class_name *c = end ? class_find(name, end - name) : NULL;

	if (!c)
		return regex_fail(t, "unknown class of characters");
	class_add(out, c);
	t->p = end + 2;
	return 0;
}

static int set_size(const struct byteset *s)
{
	int n = 0;

	for (int i = 0; i < 4; i++)
		n += __builtin_popcountll(s->word[i]);
	return n;
}

static int set_first(const struct byteset *s)
{
	int b = 0;

	while (!byteset_has(s, b))
		b++;
	return b;
}

/* One member of a bracket: a character, an escape, a named class. */
static int member_parse(struct regex_text *t, struct byteset *out)
{
	*out = (struct byteset){{0}};
	if (*t->p == '\\')
		return escape_parse(t, true, out);
	if (t->p[0] == '[' && t->p[1] == ':')
		return named_class_parse(t, out);
	if (t->p[0] == '[' && (t->p[1] == '.' || t->p[1] == '='))
		return regex_fail(t, "collating symbols are not supported");
	byteset_add(out, *t->p++);
	return 0;
}

/* A member, or a range of two that are one character each. */
static int range_parse(struct regex_text *t, struct byteset *all)
{
	const char *at = t->p;
	struct byteset low, high;
	int err = member_parse(t, &low);

	if (err)
		return err;
	set_union(all, &low);
	if (t->p[0] != '-' || !t->p[1] || t->p[1] == ']')
		return 0;
	t->p++;
	err = member_parse(t, &high);
	if (err)
		return err;
	bool single = set_size(&low) == 1 && set_size(&high) == 1;
	if (single && set_first(&low) <= set_first(&high)) {
		for (int b = set_first(&low); b <= set_first(&high); b++)
			byteset_add(all, b);
		return 0;
	}
	t->p = at;
	return regex_fail(t, single ? "a range that goes down" : "a range of classes");
}

int regex_class_parse(struct regex_text *t, struct byteset *out)
{
	const char *open = t->p++;
	bool invert = *t->p == '^';
	struct byteset all = {{0}};

	t->p += invert;
	for (bool first = true; *t->p && (*t->p != ']' || first); first = false) {
		int err = range_parse(t, &all);

		if (err)
			return err;
	}
	if (*t->p != ']') {
		t->p = open;
		return regex_fail(t, "'[' without ']'");
	}
	t->p++;
	if (t->icase)
		byteset_fold(&all);
	if (invert)
		set_invert(&all);
	*out = all;
	return 0;
}
