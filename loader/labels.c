/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels; see labels.h. */
#include "loader/labels.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define SOURCE "k8s:"

uint64_t labels_hash(char *const *labels, size_t count)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < count; i++) {
		const char *p = labels[i];

		do {
			h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
		} while (*p++);
	}
	return h;
}

bool labels_equal(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (strcmp(a[i], b[i]) != 0)
			return false;
	}
	return true;
}

int labels_copy(char *const *labels, size_t count, char ***copy)
{
	char **items = calloc(count + 1, sizeof(char *));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		items[i] = strdup(labels[i]);
		if (!items[i]) {
			labels_free(items, i);
			return -ENOMEM;
		}
	}
	*copy = items;
	return 0;
}

void labels_free(char **labels, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(labels[i]);
	free(labels);
}

void label_set_fini(struct label_set *set)
{
	labels_free(set->items, set->count);
	*set = (struct label_set){0};
}

static int key_check(const char *key, struct error *e)
{
	size_t len = strlen(key);

	if (len == 0 || len > LABELS_KEY_MAX)
		return error_set(e, EINVAL,
				 "label key \"%.80s\" has %zu characters: expected 1 to %d", key,
				 len, LABELS_KEY_MAX);
	for (const char *p = key; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("._-/", *p))
			return error_set(
				e, EINVAL,
				"label key \"%.80s\": expected letters, digits, '.', '_', '-' and '/'",
				key);
	}
	return 0;
}

static int value_check(const char *key, const char *value, struct error *e)
{
	if (strlen(value) > LABELS_VALUE_MAX)
		return error_set(e, EINVAL, "label %.80s: value has %zu bytes: expected at most %d",
				 key, strlen(value), LABELS_VALUE_MAX);
	for (const char *p = value; *p; p++) {
		if (iscntrl((unsigned char)*p))
			return error_set(e, EINVAL, "label %.80s: control character in the value",
					 key);
	}
	return 0;
}

/* "k8s:app" and "app" are the same key; other sources are not the runtime's to give. */
static int key_strip(const char **key, struct error *e)
{
	if (!strncmp(*key, SOURCE, strlen(SOURCE)))
		*key += strlen(SOURCE);
	else if (strchr(*key, ':'))
		return error_set(e, EINVAL, "label key \"%.80s\": expected the source k8s or none",
				 *key);
	return key_check(*key, e);
}

/* Index of "k8s:@key=..."; or where it would stand, with *found false. */
static size_t set_find(const struct label_set *set, const char *prefix, bool *found)
{
	size_t at = 0, len = strlen(prefix);

	*found = false;
	for (; at < set->count; at++) {
		int order = strncmp(set->items[at], prefix, len);

		if (order == 0)
			*found = true;
		if (order >= 0)
			break;
	}
	return at;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int set_put(struct label_set *set, const char *key, const char *value, struct error *e)
{
	_cleanup_free_ char *prefix = NULL;
	char *text = NULL, **bigger;
	bool found;
	size_t at;

	if (asprintf(&prefix, SOURCE "%s=", key) < 0 || asprintf(&text, "%s%s", prefix, value) < 0)
		return error_set(e, ENOMEM, "no memory");
	at = set_find(set, prefix, &found);
	if (found) {
		free(set->items[at]);
		set->items[at] = text;
		return 0;
	}
	bigger = set->count < LABELS_MAX ? realloc(set->items, (set->count + 1) * sizeof(char *))
					 : NULL;
	if (!bigger) {
		free(text);
		return set->count < LABELS_MAX
			       ? error_set(e, ENOMEM, "no memory")
			       : error_set(e, E2BIG, "more than %d labels", LABELS_MAX);
	}
	set->items = bigger;
	set->items[set->count++] = text;
	/* Keys that are prefixes of each other sort by what follows ('=' or more): sort for good. */
	qsort(set->items, set->count, sizeof(char *), compare);
	return 0;
}

int label_set_put(struct label_set *set, const char *key, const char *value, struct error *e)
{
	int r = key_strip(&key, e);

	if (r == 0)
		r = value_check(key, value, e);
	if (r < 0)
		return r;
	if (!strcmp(key, LABELS_NAMESPACE_KEY))
		return error_set(e, EINVAL, "label %s is the agent's: expected others", key);
	return set_put(set, key, value, e);
}

int label_set_put_namespace(struct label_set *set, const char *ns, struct error *e)
{
	return set_put(set, LABELS_NAMESPACE_KEY, ns, e);
}

int label_set_drop(struct label_set *set, const char *key, struct error *e)
{
	_cleanup_free_ char *prefix = NULL;
	int r = key_strip(&key, e);
	bool found;
	size_t at;

	if (r < 0)
		return r;
	if (!strcmp(key, LABELS_NAMESPACE_KEY))
		return error_set(e, EINVAL, "label %s is the agent's: expected others", key);
	if (asprintf(&prefix, SOURCE "%s=", key) < 0)
		return error_set(e, ENOMEM, "no memory");
	at = set_find(set, prefix, &found);
	if (!found)
		return error_set(e, ENOENT, "there is no label %.80s", key);
	free(set->items[at]);
	set->count--;
	memmove(&set->items[at], &set->items[at + 1], (set->count - at) * sizeof(char *));
	return 0;
}
