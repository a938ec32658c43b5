/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP rules: what they ask for besides method and path, numbered for a lane. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "policy/http_lane.h"

static const struct http_name known_names[] = {
	{.name = "host", .id = AXO_L7_NAME_HOST},
	{.name = "content-length", .id = AXO_L7_NAME_LENGTH},
	{.name = "transfer-encoding", .id = AXO_L7_NAME_CODING},
	{.name = "upgrade", .id = AXO_L7_NAME_UPGRADE},
	{.name = "content_length", .id = AXO_L7_NAME_REFUSED},
	{.name = "transfer_encoding", .id = AXO_L7_NAME_REFUSED},
};

int http_rule_check(const struct http_rule *r, struct error *e)
{
	list_each(struct http_header, h, &r->headers) {
		if (!strcasecmp(h->name, "content-length") ||
		    !strcasecmp(h->name, "transfer-encoding"))
			return error_set(e, EINVAL,
					 "the header %s says where a request ends, no rule can ask "
					 "for it",
					 h->name);
		if (!strcasecmp(h->name, "host") && (r->host || h->mismatch))
			return error_set(e, EINVAL,
					 "the header Host is asked for beside host or with "
					 "mismatch: use host alone");
	}
	return 0;
}

static const char *lower(struct arena *a, const char *text)
{
	char *copy = arena_text(a, text, strlen(text));

	for (char *p = copy; *p; p++)
		*p = tolower((unsigned char)*p);
	return copy;
}

/* An expression that matches @text as it stands. */
static const char *quoted(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, 2 * strlen(text) + 1), *p = out;

	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && *text > ' ')
			*p++ = '\\';
		*p++ = *text;
	}
	return out;
}

/* 1 + number of the host expression; 0 = any. */
static uint32_t host_number(struct http_lane *l, const char *host)
{
	if (!host || !*host)
		return 0;
	for (uint32_t i = 0; i < l->host_count; i++)
		if (!strcmp(l->hosts[i], host))
			return i + 1;
	l->hosts[l->host_count] = host;
	return ++l->host_count;
}

static struct http_name *name_get(struct http_lane *l, const char *name)
{
	for (uint32_t i = 0; i < l->name_count; i++)
		if (!strcmp(l->names[i].name, name))
			return &l->names[i];
	l->names[l->name_count] = (struct http_name){.name = name};
	return &l->names[l->name_count++];
}

/* Bit of the condition; -E2BIG: there are too many. */
static int condition_bit(struct http_lane *l, const struct http_header *h, uint64_t *bit)
{
	const char *name = lower(&l->arena, h->name);
	struct http_name *n;
	uint32_t i;

	for (i = 0; i < l->condition_count; i++) {
		const struct http_condition *c = &l->conditions[i];

		if (strcmp(c->name, name) || !c->value != !h->value)
			continue;
		if (!h->value || !strcmp(c->value, h->value))
			break;
	}
	if (i == HTTP_MAX_CONDITIONS)
		return -E2BIG;
	*bit = 1ULL << i;
	if (i < l->condition_count)
		return 0;
	l->conditions[l->condition_count++] = (struct http_condition){name, h->value};
	n = name_get(l, name);
	*(h->value ? &n->all : &n->presence) |= *bit;
	return 0;
}

static int header_ask(struct http_lane *l, const struct http_header *h,
		      struct axo_l7_candidate *asked)
{
	uint32_t *mask = h->mismatch ? asked->log : asked->need;
	uint64_t bit = 0;
	int err;

	if (!strcasecmp(h->name, "host")) {
		asked->host = host_number(l, h->value ? quoted(&l->arena, h->value) : ".+");
		return 0;
	}
	err = condition_bit(l, h, &bit);
	if (err)
		return err;
	mask[0] |= (uint32_t)bit;
	mask[1] |= bit >> 32;
	if (!strcasecmp(h->name, "upgrade") && !h->mismatch)
		asked->flags |= AXO_L7_UPGRADE;
	return 0;
}

static int rule_ask(struct http_lane *l, uint32_t number, struct axo_l7_candidate *asked)
{
	const struct http_rule *r = l->src->rules[number];

	asked->rule = number;
	asked->host = host_number(l, r->host);
	if (r->method && strstr(r->method, "CONNECT"))
		asked->flags |= AXO_L7_CONNECT;
	list_each(struct http_header, h, &r->headers) {
		int err = header_ask(l, h, asked);

		if (err)
			return err;
	}
	return 0;
}

int http_conditions_make(struct http_lane *l, struct error *e)
{
	uint32_t starts = 0;

	l->asked = arena_alloc(&l->arena, l->rule_count * sizeof(*l->asked));
	l->filter_hosts = arena_alloc(&l->arena, l->filter_count * sizeof(*l->filter_hosts));
	l->hosts = arena_alloc(&l->arena, (l->rule_count + l->filter_count) * sizeof(*l->hosts));
	memcpy(l->names, known_names, sizeof(known_names));
	l->name_count = ARRAY_SIZE(known_names);
	for (uint32_t i = 0; i < l->rule_count; i++) {
		int err = http_rule_check(l->src->rules[l->rules[i]], e);

		if (err)
			return err;
		err = rule_ask(l, l->rules[i], &l->asked[i]);
		if (err)
			return error_set(e, E2BIG, "more than %d different headers",
					 HTTP_MAX_CONDITIONS);
	}
	for (uint32_t i = 0; i < l->filter_count; i++)
		l->filter_hosts[i] = host_number(l, l->src->filters[l->filters[i]].host);
	for (uint32_t i = 0; i < l->name_count; i++)
		l->names[i].start = l->names[i].all ? ++starts : 0;
	return 0;
}
