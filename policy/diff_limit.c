/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Limits of allowed traffic as text; see diff_limit.h. */
#include "policy/diff_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/compiler.h"

static void header_write(const struct http_header *h, FILE *out)
{
	fprintf(out, " header %s", h->name);
	if (h->value)
		fprintf(out, ": %s", h->value);
	if (h->mismatch)
		fputs(" (only logged)", out);
}

/* "HTTP GET /public/.* host shop header X-Token: 1" */
static void http_write(const struct http_rule *r, FILE *out)
{
	fputs("HTTP", out);
	if (!r->method && !r->path && !r->host && !r->headers.count)
		fputs(" any request", out);
	if (r->method)
		fprintf(out, " %s", r->method);
	if (r->path)
		fprintf(out, "%s %s", r->method ? "" : " any method", r->path);
	if (r->host)
		fprintf(out, " host %s", r->host);
	list_each(struct http_header, h, &r->headers) {
		header_write(h, out);
	}
}

static void dns_write(const struct fqdn *name, FILE *out)
{
	if (name->match_name)
		fprintf(out, "DNS name %s", name->match_name);
	else
		fprintf(out, "DNS pattern %s", name->match_pattern);
}

/* One text for every rule of @r, with a final 0 each. */
static size_t rule_write(const struct port_rule *r, FILE *out)
{
	list_each(char *, name, &r->server_names) {
		fprintf(out, "TLS server name %s%c", *name, 0);
	}
	if (r->server_names.count)
		return r->server_names.count;
	for (uint32_t i = 0; i < r->l7_rules.count; i++) {
		if (r->l7 == L7_HTTP)
			http_write(list_at(&r->l7_rules, struct http_rule, i), out);
		else
			dns_write(list_at(&r->l7_rules, struct fqdn, i), out);
		fputc(0, out);
	}
	return r->l7_rules.count;
}

static int text_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* @bytes hold @count texts. */
static struct diff_limit limit_make(struct arena *a, const char *bytes, size_t len, size_t count)
{
	struct diff_limit limit = {arena_alloc(a, count * sizeof(char *)), 0};
	const char *at = arena_text(a, bytes, len);
	size_t kept = 0;

	for (; limit.count < count; at += strlen(at) + 1)
		limit.texts[limit.count++] = at;
	qsort(limit.texts, count, sizeof(*limit.texts), text_order);
	for (size_t i = 0; i < count; i++)
		if (!kept || strcmp(limit.texts[kept - 1], limit.texts[i]) != 0)
			limit.texts[kept++] = limit.texts[i];
	limit.count = kept;
	return limit;
}

static struct diff_limit limit_of(struct diff_limits *l, const struct feature_set *set)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len = 0, count = 0;
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		abort();
	for (uint32_t i = 0; i < set->count; i++)
		if (set->rules[i]->features & FEATURE_ENFORCES)
			count += rule_write(set->rules[i]->rule, out);
	if (fclose(out) != 0)
		abort();
	return limit_make(&l->arena, bytes, len, count);
}

/* Where a limit of these texts stands in by_text. */
static void **limit_slot(struct diff_limits *l, const struct diff_limit *limit)
{
	_cleanup_free_ char *key = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&key, &len);

	if (!out)
		abort();
	for (size_t i = 0; i < limit->count; i++)
		fprintf(out, "%s%c", limit->texts[i], 0);
	if (fclose(out) != 0)
		abort();
	return map_slot(&l->by_text, key, len);
}

uint32_t diff_limits_get(struct diff_limits *l, const struct feature_set *set)
{
	struct diff_limit limit;
	void **number, **same;

	if (!set || !(set->features & FEATURE_ENFORCES))
		return 0;
	number = map_slot(&l->by_set, &set, sizeof(set));
	if (*number)
		return (uint32_t)(uintptr_t)*number;
	limit = limit_of(l, set);
	same = limit_slot(l, &limit);
	if (!*same) {
		l->items = array_grow(l->items, l->count, &l->size, sizeof(*l->items));
		l->items[l->count++] = limit;
		*same = (void *)(uintptr_t)l->count;
	}
	*number = *same;
	return (uint32_t)(uintptr_t)*same;
}

const struct diff_limit *diff_limits_at(const struct diff_limits *l, uint32_t number)
{
	return &l->items[number - 1];
}

void diff_limits_fini(struct diff_limits *l)
{
	arena_fini(&l->arena);
	free(l->items);
	map_fini(&l->by_text, NULL);
	map_fini(&l->by_set, NULL);
	*l = (struct diff_limits){0};
}
