/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All policies in force.  Indexes: by name, by namespace (which policies may select a pod), by
 * source, and by reference (ordered, for binary search).
 */
#include "policy/set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/policy.h"
#include "policy/map.h"

/** struct entry - @fresh: it came since policy_set_begin() */
struct entry {
	struct policy *policy;
	char *source;
	uint32_t first_ref;
	bool fresh;
};

/** struct bucket - policies of one namespace, in the order of references; @one: room for the first */
struct bucket {
	struct entry **items;
	struct entry *one;
	uint32_t count, size;
};

struct policy_set {
	struct map by_name;	 /* struct entry, owned */
	struct map by_namespace; /* struct bucket, owned; "" holds clusterwide ones */
	struct map by_source;	 /* struct bucket, owned */
	struct bucket by_ref;
	uint32_t next_ref;
	bool open;	     /* between policy_set_begin() and its end */
	struct bucket gone;  /* struct entry, owned: replaced meanwhile */
	struct bucket fresh; /* came meanwhile */
};

#define KEY_MAX 400

static size_t name_key(char buf[static KEY_MAX], int kind, const char *ns, const char *name)
{
	return (size_t)snprintf(buf, KEY_MAX, "%d/%s/%s", kind, ns ? ns : "", name);
}

static size_t policy_key(char buf[static KEY_MAX], const struct policy *p)
{
	return name_key(buf, p->kind, p->namespace_, p->name);
}

/* Most hold one: there are as many buckets as namespaces and sources. */
static void bucket_grow(struct bucket *b)
{
	struct entry **items = b->items == &b->one ? NULL : b->items;

	if (!b->size) {
		b->items = &b->one;
		b->size = 1;
		return;
	}
	b->size *= 2;
	items = reallocarray(items, b->size, sizeof(struct entry *));
	if (!items)
		abort();
	if (b->items == &b->one)
		items[0] = b->one;
	b->items = items;
}

static void bucket_add(struct bucket *b, struct entry *e)
{
	size_t at = b->count;

	if (b->count == b->size)
		bucket_grow(b);
	/* At the end, but for what policy_set_rollback() brings back. */
	while (at && b->items[at - 1]->first_ref > e->first_ref)
		at--;
	memmove(b->items + at + 1, b->items + at, (b->count++ - at) * sizeof(struct entry *));
	b->items[at] = e;
}

static void bucket_remove(struct bucket *b, const struct entry *e)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->items[i] == e) {
			memmove(b->items + i, b->items + i + 1,
				(b->count - i - 1) * sizeof(struct entry *));
			b->count--;
			return;
		}
}

static void bucket_fini(struct bucket *b)
{
	if (b->items != &b->one)
		free(b->items);
}

static void bucket_free(void *p)
{
	bucket_fini(p);
	free(p);
}

static void entry_free(void *p)
{
	struct entry *e = p;

	policy_free(e->policy);
	free(e->source);
	free(e);
}

struct policy_set *policy_set_new(void)
{
	struct policy_set *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->next_ref = AXO_RULE_FIRST;
	return s;
}

void policy_set_free(struct policy_set *s)
{
	if (!s)
		return;
	policy_set_commit(s);
	map_fini(&s->by_namespace, bucket_free);
	map_fini(&s->by_source, bucket_free);
	map_fini(&s->by_name, entry_free);
	bucket_fini(&s->by_ref);
	bucket_fini(&s->gone);
	bucket_fini(&s->fresh);
	free(s);
}

static struct bucket *bucket_of(struct map *m, const char *key)
{
	void **slot = map_slot(m, key ? key : "", key ? strlen(key) : 0);

	if (!*slot && !(*slot = calloc(1, sizeof(struct bucket))))
		abort();
	return *slot;
}

static bool is_policy(const struct policy *p)
{
	return p->kind == POLICY_CNP || p->kind == POLICY_CCNP || p->kind == POLICY_KNP;
}

static void entry_insert(struct policy_set *s, struct entry *e)
{
	struct policy *p = e->policy;
	char key[KEY_MAX];

	*map_slot(&s->by_name, key, policy_key(key, p)) = e;
	bucket_add(bucket_of(&s->by_source, e->source), e);
	if (!is_policy(p))
		return;
	bucket_add(bucket_of(&s->by_namespace, p->namespace_), e);
	if (p->refs)
		bucket_add(&s->by_ref, e);
}

static void entry_add(struct policy_set *s, const char *source, struct policy *p)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e || !(e->source = strdup(source)))
		abort();
	e->policy = p;
	e->first_ref = s->next_ref;
	e->fresh = s->open;
	s->next_ref += p->refs;
	entry_insert(s, e);
	if (s->open)
		bucket_add(&s->fresh, e);
}

/* What was there before policy_set_begin() can come back. */
static void entry_drop(struct policy_set *s, struct entry *e)
{
	if (!s->open) {
		entry_free(e);
		return;
	}
	if (!e->fresh) {
		bucket_add(&s->gone, e);
		return;
	}
	bucket_remove(&s->fresh, e);
	entry_free(e);
}

static void entry_remove(struct policy_set *s, struct entry *e)
{
	char key[KEY_MAX];

	map_remove(&s->by_name, key, policy_key(key, e->policy));
	if (is_policy(e->policy)) {
		bucket_remove(bucket_of(&s->by_namespace, e->policy->namespace_), e);
		bucket_remove(&s->by_ref, e);
	}
	entry_drop(s, e);
}

static int conflict_check(const struct policy_set *s, const char *source, const struct policy *p,
			  struct error *err)
{
	char key[KEY_MAX];
	const struct entry *e = map_get(&s->by_name, key, policy_key(key, p));

	if (!e || !strcmp(e->source, source))
		return 0;
	return error_set(err, EEXIST, "%s %s%s%s of %s is already there from %s (line %u)",
			 policy_kind_to_str((enum policy_kind)p->kind),
			 p->namespace_ ? p->namespace_ : "", p->namespace_ ? "/" : "", p->name,
			 source, e->source, e->policy->pos.line);
}

static void source_remove(struct policy_set *s, const char *source)
{
	struct bucket *b = map_remove(&s->by_source, source, strlen(source));

	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		entry_remove(s, b->items[i]);
	bucket_free(b);
}

int policy_set_apply(struct policy_set *s, const char *source, struct policy *list, struct error *e)
{
	uint64_t refs = 0;

	for (struct policy *p = list; p; p = p->next) {
		int err = conflict_check(s, source, p, e);

		if (err)
			return err;
		refs += p->refs;
	}
	if (refs > UINT32_MAX - s->next_ref)
		return error_set(e, EOVERFLOW, "rule references have run out: restart the agent");
	source_remove(s, source);
	while (list) {
		struct policy *next = list->next;

		list->next = NULL;
		entry_add(s, source, list);
		list = next;
	}
	return 0;
}

void policy_set_begin(struct policy_set *s)
{
	s->open = true;
}

void policy_set_commit(struct policy_set *s)
{
	for (size_t i = 0; i < s->gone.count; i++)
		entry_free(s->gone.items[i]);
	for (size_t i = 0; i < s->fresh.count; i++)
		s->fresh.items[i]->fresh = false;
	s->gone.count = s->fresh.count = 0;
	s->open = false;
}

void policy_set_rollback(struct policy_set *s)
{
	while (s->fresh.count)
		source_remove(s, s->fresh.items[0]->source);
	for (size_t i = 0; i < s->gone.count; i++)
		entry_insert(s, s->gone.items[i]);
	s->gone.count = 0;
	s->open = false;
}

size_t policy_set_changed(const struct policy_set *s, const struct policy ***out, size_t *gone)
{
	size_t count = 0;

	*out = calloc(s->gone.count + s->fresh.count + 1, sizeof(**out));
	if (!*out)
		abort();
	for (size_t i = 0; i < s->gone.count; i++)
		(*out)[count++] = s->gone.items[i]->policy;
	if (gone)
		*gone = count;
	for (size_t i = 0; i < s->fresh.count; i++)
		(*out)[count++] = s->fresh.items[i]->policy;
	return count;
}

const char *policy_set_source(const struct policy_set *s, const struct policy *p)
{
	char key[KEY_MAX];
	const struct entry *e = map_get(&s->by_name, key, policy_key(key, p));

	return e ? e->source : NULL;
}

const struct policy *policy_set_find(const struct policy_set *s, enum policy_kind kind,
				     const char *namespace_, const char *name)
{
	char key[KEY_MAX];
	const struct entry *e = map_get(&s->by_name, key, name_key(key, kind, namespace_, name));

	return e ? e->policy : NULL;
}

const struct policy *policy_set_next(const struct policy_set *s, const struct policy *prev)
{
	const struct map_item *item = NULL;

	/* The item of @prev is found again by its name: no iterator outlives the call. */
	if (prev) {
		char key[KEY_MAX];
		size_t len = policy_key(key, prev);

		item = map_find(&s->by_name, key, len);
		if (!item)
			return NULL;
	}
	item = map_next(&s->by_name, item);
	return item ? ((const struct entry *)item->value)->policy : NULL;
}

size_t policy_set_all(const struct policy_set *s, const struct policy ***out)
{
	size_t count = 0;

	*out = calloc(s->by_name.count + 1, sizeof(**out));
	if (!*out)
		abort();
	for (struct map_item *i = map_next(&s->by_name, NULL); i; i = map_next(&s->by_name, i))
		(*out)[count++] = ((const struct entry *)i->value)->policy;
	return count;
}

size_t policy_set_count(const struct policy_set *s)
{
	return s->by_name.count;
}

uint32_t policy_set_first_ref(const struct policy_set *s, const struct policy *p)
{
	char key[KEY_MAX];
	const struct entry *e = map_get(&s->by_name, key, policy_key(key, p));

	return e ? e->first_ref : 0;
}

int policy_set_ref(const struct policy_set *s, uint32_t number, struct ref *out)
{
	size_t low = 0, high = s->by_ref.count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct entry *e = s->by_ref.items[mid];

		if (number < e->first_ref)
			high = mid;
		else if (number - e->first_ref >= e->policy->refs)
			low = mid + 1;
		else
			return ref_find(e->policy, number - e->first_ref, out);
	}
	return -ENOENT;
}

size_t policy_set_relevant(const struct policy_set *s, const char *namespace_,
			   const struct policy ***out)
{
	static const struct bucket none;
	const struct bucket *wide = map_get(&s->by_namespace, "", 0);
	const struct bucket *own = namespace_ && *namespace_ ? map_get(&s->by_namespace, namespace_,
								       strlen(namespace_))
							     : NULL;
	size_t i = 0, j = 0, count = 0;

	wide = wide ? wide : &none;
	own = own ? own : &none;
	*out = calloc(wide->count + own->count + 1, sizeof(**out));
	if (!*out)
		abort();
	while (i < wide->count || j < own->count) {
		bool first =
			j == own->count ||
			(i < wide->count && wide->items[i]->first_ref <= own->items[j]->first_ref);

		(*out)[count++] = first ? wide->items[i++]->policy : own->items[j++]->policy;
	}
	return count;
}

struct label_set policy_set_derive(const struct policy_set *s, struct arena *a,
				   const struct label_set *labels)
{
	const char *ns = label_set_namespace(labels);
	const struct policy *object = ns ? policy_set_find(s, POLICY_NAMESPACE, NULL, ns) : NULL;
	uint32_t more = object ? object->labels.count : 0;
	struct label_set out = *labels;

	out.items = arena_alloc(a, (labels->count + more + 1) * sizeof(struct label));
	if (labels->count)
		memcpy(out.items, labels->items, labels->count * sizeof(struct label));
	for (uint32_t i = 0; i < more; i++) {
		const struct label *l = &object->labels.items[i];

		if (!strcmp(l->key, LABEL_NAMESPACE_NAME))
			continue; /* always its name */
		out.items[out.count++] = (struct label){
			.source = LABEL_K8S,
			.key = arena_printf(a, "%s%s", LABEL_NAMESPACE_LABELS, l->key),
			.value = arena_text(a, l->value, strlen(l->value)),
		};
	}
	if (ns)
		out.items[out.count++] = (struct label){
			.source = LABEL_K8S,
			.key = LABEL_NAMESPACE_LABELS LABEL_NAMESPACE_NAME,
			.value = ns,
		};
	label_set_sort(&out);
	return out;
}
