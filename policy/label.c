/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels and sets of them; see label.h. */
#include "policy/label.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const source_names[] = {
#define X(symbol, name) [LABEL_##symbol] = name,
	LABEL_SOURCES(X)
#undef X
};

const char *label_source_to_str(enum label_source s)
{
	return s < LABEL_SOURCE_COUNT ? source_names[s] : "?";
}

/* @name has @len bytes; LABEL_SOURCE_COUNT = unknown. */
static enum label_source source_from_str(const char *name, size_t len)
{
	for (int i = 0; i < LABEL_SOURCE_COUNT; i++)
		if (strlen(source_names[i]) == len && !memcmp(source_names[i], name, len))
			return (enum label_source)i;
	return LABEL_SOURCE_COUNT;
}

int label_key_split(const char *text, enum label_source none, enum label_source *source,
		    const char **key)
{
	const char *colon = strchr(text, ':');

	if (!colon) {
		*source = none;
		*key = text;
		return 0;
	}
	enum label_source s = source_from_str(text, (size_t)(colon - text));
	if (s == LABEL_SOURCE_COUNT)
		return -EINVAL;
	*source = s;
	*key = colon + 1;
	return 0;
}

static int label_cmp(const void *a, const void *b)
{
	const struct label *x = a;
	const struct label *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (int)x->source - (int)y->source;
}

void label_set_sort(struct label_set *set)
{
	if (set->count)
		qsort(set->items, set->count, sizeof(*set->items), label_cmp);
}

static int label_parse(struct arena *a, const char *text, struct label *out, struct error *e)
{
	const char *equals = strchr(text, '=');
	size_t len = equals ? (size_t)(equals - text) : strlen(text);
	char *key = arena_text(a, text, len);
	enum label_source source = LABEL_ANY;
	const char *rest = NULL;

	if (label_key_split(key, LABEL_K8S, &source, &rest) || source == LABEL_ANY)
		return error_set(e, EINVAL, "label %s: unknown source", text);
	if (!*rest)
		return error_set(e, EINVAL, "label \"%s\" has no key", text);
	out->source = (uint8_t)source;
	out->key = rest;
	out->value = equals ? arena_text(a, equals + 1, strlen(equals + 1)) : "";
	return 0;
}

static int prefix_parse(struct label_set *set, const struct label *l, struct error *e)
{
	if (set->has_prefix)
		return error_set(e, EINVAL, "two cidr labels: the second is %s", l->key);
	set->has_prefix = true;
	return cidr_parse(l->key, &set->prefix, e);
}

int label_set_parse(struct arena *a, const char *const *texts, size_t count, struct label_set *set,
		    struct error *e)
{
	struct label_set s = {.items = arena_alloc(a, count * sizeof(struct label))};

	for (size_t i = 0; i < count; i++) {
		struct label *l = &s.items[s.count++];
		int err = label_parse(a, texts[i], l, e);

		if (!err && l->source == LABEL_CIDR)
			err = prefix_parse(&s, l, e);
		if (err)
			return err;
	}
	label_set_sort(&s);
	for (uint32_t i = 1; i < s.count; i++)
		if (!label_cmp(&s.items[i - 1], &s.items[i]))
			return error_set(e, EINVAL, "label %s:%s is there twice",
					 label_source_to_str(s.items[i].source), s.items[i].key);
	*set = s;
	return 0;
}

int label_set_first(const struct label_set *set, const char *key)
{
	uint32_t low = 0, high = set->count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (strcmp(set->items[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < set->count && !strcmp(set->items[low].key, key) ? (int)low : -1;
}

const struct label *label_set_find(const struct label_set *set, enum label_source source,
				   const char *key)
{
	int i = label_set_first(set, key);

	if (i < 0)
		return NULL;
	for (; (uint32_t)i < set->count && !strcmp(set->items[i].key, key); i++)
		if (source == LABEL_ANY || set->items[i].source == source)
			return &set->items[i];
	return NULL;
}

bool label_set_reserved(const struct label_set *set, const char *name)
{
	return label_set_find(set, LABEL_RESERVED, name) != NULL;
}

const char *label_set_namespace(const struct label_set *set)
{
	const struct label *l = label_set_find(set, LABEL_K8S, LABEL_NAMESPACE);

	return l ? l->value : NULL;
}
