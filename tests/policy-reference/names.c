/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names, spelled out: patterns one character after the other, no automaton; see reference.h. */
#include <ctype.h>
#include <string.h>

#include "tests/policy-reference/reference.h"

static bool star_takes(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Behind a leading "**.": any number of characters that a `*` takes is any number of labels. */
static bool glob(const char *pattern, const char *name)
{
	if (!*pattern)
		return !*name;
	if (*pattern != '*')
		return *pattern == *name && glob(pattern + 1, name + 1);
	if (glob(pattern + 1, name))
		return true;
	return star_takes(*name) && glob(pattern, name + 1);
}

bool reference_name_matches(const char *pattern, const char *name)
{
	if (!strcmp(pattern, "*"))
		return true;
	if (strncmp(pattern, "**.", 3))
		return glob(pattern, name);
	for (const char *rest = name; (rest = strchr(rest, '.')); rest++) {
		bool labels = true;

		for (const char *c = name; c < rest; c++)
			labels &= star_takes(*c) || (*c == '.' && c > name && c[-1] != '.');
		if (labels && rest > name && rest[-1] != '.' && glob(pattern + 3, rest + 1))
			return true;
	}
	return false;
}

static bool part_allows(const struct port_rule *r, const char *name)
{
	const char *const *servers = r->server_names.items;
	const struct fqdn *f = r->l7_rules.items;

	for (uint32_t i = 0; i < r->server_names.count; i++)
		if (reference_name_matches(servers[i], name))
			return true;
	for (uint32_t i = 0; r->l7 == L7_DNS && i < r->l7_rules.count; i++)
		if (reference_name_matches(fqdn_text(&f[i]), name))
			return true;
	return false;
}

bool reference_names_allow(const struct reference_verdict *v, const char *name)
{
	for (size_t i = 0; i < v->count && i < REFERENCE_MAX_RULES; i++)
		if (v->rules[i].holds && v->rules[i].kind == REFERENCE_ENFORCES &&
		    part_allows(v->rules[i].ports, name))
			return true;
	return false;
}
