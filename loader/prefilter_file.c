/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prefixes of the prefilter as text; see prefilter_file.h. */
#include "loader/prefilter_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define SPACE " \t\r"

void pf_groups_init(struct pf_groups *g)
{
	memset(g, 0, sizeof(*g));
	pthread_mutex_init(&g->mutex, NULL);
}

void pf_groups_fini(struct pf_groups *g)
{
	for (size_t i = 0; i < g->count; i++)
		free(g->names[i]);
	g->count = 0;
	pthread_mutex_destroy(&g->mutex);
}

static bool is_group_name(const char *name)
{
	size_t len = strlen(name);

	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			return false;
	return len > 0 && len <= PF_GROUP_NAME_MAX;
}

static int number_locked(struct pf_groups *g, const char *name, struct error *e)
{
	for (size_t i = 0; i < g->count; i++)
		if (!strcmp(g->names[i], name))
			return (int)i;
	if (g->count == AXO_PF_GROUPS_MAX)
		return error_set(e, ENOSPC, "more than %d groups", AXO_PF_GROUPS_MAX);
	g->names[g->count] = strdup(name);
	if (!g->names[g->count])
		return error_set(e, ENOMEM, "no memory");
	return (int)g->count++;
}

int pf_groups_number(struct pf_groups *g, const char *name, struct error *e)
{
	int number;

	if (!is_group_name(name))
		return error_set(e, EINVAL,
				 "group \"%.64s\": expected 1 to %d letters, digits, '.', '_', '-'",
				 name, PF_GROUP_NAME_MAX);
	pthread_mutex_lock(&g->mutex);
	number = number_locked(g, name, e);
	pthread_mutex_unlock(&g->mutex);
	return number;
}

size_t pf_groups_count(struct pf_groups *g)
{
	size_t count;

	pthread_mutex_lock(&g->mutex);
	count = g->count;
	pthread_mutex_unlock(&g->mutex);
	return count;
}

int pf_rule_parse(const char *text, struct pf_rule *out, struct error *e)
{
	struct pf_rule rule = {0};
	struct cidr c;
	int r;

	if (*text == '!') {
		rule.flags = PF_EXCEPT;
		text++;
	}
	r = strchr(text, '/') ? cidr_parse(text, &c, e) : cidr_parse_host(text, &c, e);
	if (r < 0)
		return r;
	if (c.family == 4)
		rule.flags |= PF_IPV4;
	rule.addr = c.addr;
	rule.bits = (uint8_t)cidr_mapped_bits(&c);
	*out = rule;
	return 0;
}

/** struct reader - of a file */
struct reader {
	struct pf_groups *groups;
	struct pf_rules *out;
	uint32_t line;
	int group;
};

/* "[NAME]" */
static int group_line(struct reader *rd, char *text, struct error *e)
{
	size_t len = strlen(text);

	if (text[len - 1] != ']')
		return error_set(e, EINVAL, "\"%.64s\": expected [NAME]", text);
	text[len - 1] = '\0';
	rd->group = pf_groups_number(rd->groups, text + 1, e);
	return rd->group < 0 ? rd->group : 0;
}

static int rule_line(struct reader *rd, const char *text, struct error *e)
{
	struct pf_rule rule;
	int r = pf_rule_parse(text, &rule, e);

	if (r < 0)
		return r;
	if (rd->group < 0) {
		rd->group = pf_groups_number(rd->groups, PF_GROUP_DEFAULT, e);
		if (rd->group < 0)
			return rd->group;
	}
	if (rd->out->count == AXO_PF_PREFIXES_MAX)
		return error_set(e, ENOSPC, "more than %d prefixes", AXO_PF_PREFIXES_MAX);
	rule.group = (uint16_t)rd->group;
	rule.line = rd->line;
	r = pf_rules_add(rd->out, &rule);
	return r < 0 ? error_set(e, r, "no memory") : 0;
}

static int line_parse(struct reader *rd, char *line, struct error *e)
{
	size_t len;

	line[strcspn(line, "#;")] = '\0';
	line += strspn(line, SPACE);
	for (len = strlen(line); len && strchr(SPACE, line[len - 1]); len--)
		line[len - 1] = '\0';
	if (!len)
		return 0;
	return *line == '[' ? group_line(rd, line, e) : rule_line(rd, line, e);
}

int pf_file_parse(const char *file, char *text, size_t len, struct pf_groups *g,
		  struct pf_rules *out, struct error *e)
{
	struct reader rd = {.groups = g, .out = out, .group = -1};
	struct error why = {0};
	char *line, *rest = text;
	int r = 0;

	if (strlen(text) != len)
		return error_set(e, EINVAL, "%.128s: is no text: it has a byte 0", file);
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		rd.line++;
		r = line_parse(&rd, line, &why);
	}
	if (r < 0)
		return error_set(e, r, "%.96s:%u: %.140s", file, rd.line, why.msg);
	r = pf_rules_sort(out, &why);
	return r < 0 ? error_set(e, r, "%.96s:%.150s", file, why.msg) : 0;
}
