/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Objects: which kind a document is, its metadata, and what is inside.  Lists of objects (kind
 * List, as `kubectl get -o yaml` prints them) are taken apart.
 */
#include "policy/read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define NAME_MAX_LEN 253
#define LABEL_MAX_LEN 63
#define LOCKDOWN "axoneme.io/host-policy-lockdown"
#define ARENA_PER_NODE 32 /* bytes that a node of usual policies becomes, measured */

struct metadata {
	const char *name;
	const char *namespace_;
	struct label_set labels;
	struct pos pos;
	struct chaos_options chaos;
};

typedef int (*body_fn)(struct decoder *d, const struct node *n, struct policy *p);

/** struct kind - an (apiVersion, kind) that is known */
struct kind {
	const char *api;
	const char *name;
	enum policy_kind kind;
	bool namespaced;
	body_fn read;
};

static int dns_label(const char *text, size_t max, bool dots)
{
	size_t len = strlen(text);

	if (!len || len > max)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i == len - 1;
		bool ok = islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]) ||
			  (!edge && (text[i] == '-' || (dots && text[i] == '.')));

		if (!ok)
			return -EINVAL;
	}
	return 0;
}

static int name_read(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && dns_label(n->text, NAME_MAX_LEN, true))
		err = decode_fail(
			d, n->pos,
			": expected lower case letters, digits, '-' and '.', found \"%.60s\"",
			n->text);
	return err;
}

static int namespace_read(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && dns_label(n->text, LABEL_MAX_LEN, false))
		err = decode_fail(d, n->pos,
				  ": expected lower case letters, digits and '-', found \"%.60s\"",
				  n->text);
	return err;
}

static int metadata_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_REQUIRED("name", struct metadata, name, name_read),
		FIELD("namespace", struct metadata, namespace_, namespace_read),
		FIELD("labels", struct metadata, labels, read_label_set),
		FIELD("annotations", struct metadata, chaos, read_annotations),
		FIELD_IGNORED("creationTimestamp"),
		FIELD_IGNORED("deletionGracePeriodSeconds"),
		FIELD_IGNORED("deletionTimestamp"),
		FIELD_IGNORED("finalizers"),
		FIELD_IGNORED("generation"),
		FIELD_IGNORED("managedFields"),
		FIELD_IGNORED("ownerReferences"),
		FIELD_IGNORED("resourceVersion"),
		FIELD_IGNORED("selfLink"),
		FIELD_IGNORED("uid"),
	};
	struct metadata *m = out;

	m->pos = n->pos;
	return decode_object(d, n, fields, ARRAY_SIZE(fields), m);
}

static const struct node *member(const struct node *n, const char *key)
{
	for (uint32_t i = 0; n->kind == NODE_MAP && i < n->count; i++)
		if (!strcmp(n->pairs[i].key->text, key))
			return node_is_null(n->pairs[i].value) ? NULL : n->pairs[i].value;
	return NULL;
}

/* A value that is none is an error, as it is about access. */
static int lockdown_read(struct decoder *d, const struct node *meta, bool *out)
{
	const struct node *annotations = member(meta, "annotations");
	const struct node *value = annotations ? member(annotations, LOCKDOWN) : NULL;

	if (!value)
		return 0;
	*out = value->kind == NODE_SCALAR && !strcmp(value->text, "true");
	if (*out || (value->kind == NODE_SCALAR && !strcmp(value->text, "false")))
		return 0;
	return decode_fail(d, value->pos,
			   ": metadata.annotations." LOCKDOWN ": expected \"true\" or \"false\"");
}

/* The namespace is needed before selectors are read, wherever it stands in the document. */
struct object {
	struct metadata meta;
	const char *ignored;
	struct rule spec;
	struct list specs;
	struct list cidrs;
	struct pos has_spec;
};

static int spec_read(struct decoder *d, const struct node *n, void *out)
{
	struct object *o = (void *)((char *)out - offsetof(struct object, spec));

	o->has_spec = n->pos;
	return d->kind == POLICY_KNP ? read_knp(d, n, out) : read_rule(d, n, out);
}

static int skip(struct decoder *d, const struct node *n, void *out)
{
	(void)d;
	(void)n;
	(void)out;
	return 0;
}

static void rules_fill(struct decoder *d, const struct object *o, struct policy *p)
{
	uint32_t first = o->has_spec.line ? 1 : 0;
	struct rule *rules = arena_alloc(d->arena, (first + o->specs.count) * sizeof(*rules));

	if (first)
		rules[0] = o->spec;
	for (uint32_t i = 0; i < o->specs.count; i++) {
		rules[first + i] = *list_at(&o->specs, struct rule, i);
		rules[first + i].index = (int)i;
	}
	p->rules = (struct list){.items = rules, .count = first + o->specs.count, .present = true};
}

static int cnp_read(struct decoder *d, const struct node *n, struct policy *p)
{
	static const struct field fields[] = {
		FIELD("apiVersion", struct object, ignored, skip),
		FIELD("kind", struct object, ignored, skip),
		FIELD("metadata", struct object, ignored, skip),
		FIELD("spec", struct object, spec, spec_read),
		FIELD_LIST("specs", struct object, specs, struct rule, read_rule),
		FIELD_IGNORED("status"),
	};
	struct object o = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &o);

	if (!err && !o.has_spec.line && !o.specs.count)
		err = decode_fail(d, n->pos, ": expected spec or specs");
	if (!err)
		rules_fill(d, &o, p);
	return err;
}

static int knp_object_read(struct decoder *d, const struct node *n, struct policy *p)
{
	static const struct field fields[] = {
		FIELD("apiVersion", struct object, ignored, skip),
		FIELD("kind", struct object, ignored, skip),
		FIELD("metadata", struct object, ignored, skip),
		FIELD_REQUIRED("spec", struct object, spec, spec_read),
		FIELD_IGNORED("status"),
	};
	struct object o = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &o);

	if (!err)
		rules_fill(d, &o, p);
	return err;
}

static int namespace_object_read(struct decoder *d, const struct node *n, struct policy *p)
{
	static const struct field fields[] = {
		FIELD("apiVersion", struct object, ignored, skip),
		FIELD("kind", struct object, ignored, skip),
		FIELD("metadata", struct object, ignored, skip),
		FIELD_IGNORED("spec"),
		FIELD_IGNORED("status"),
	};
	struct object o = {0};

	(void)p;
	return decode_object(d, n, fields, ARRAY_SIZE(fields), &o);
}

struct group_spec {
	struct list cidrs;
};

static int group_spec_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("externalCIDRs", struct group_spec, cidrs, struct cidr, read_cidr),
	};
	struct group_spec s = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	*(struct list *)out = s.cidrs;
	return err;
}

static int group_object_read(struct decoder *d, const struct node *n, struct policy *p)
{
	static const struct field fields[] = {
		FIELD("apiVersion", struct object, ignored, skip),
		FIELD("kind", struct object, ignored, skip),
		FIELD("metadata", struct object, ignored, skip),
		FIELD_REQUIRED("spec", struct object, cidrs, group_spec_read),
		FIELD_IGNORED("status"),
	};
	struct object o = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &o);

	p->cidrs = o.cidrs;
	return err;
}

static const struct kind kinds[] = {
	{"cilium.io/v2", "CiliumNetworkPolicy", POLICY_CNP, true, cnp_read},
	{"cilium.io/v2", "CiliumClusterwideNetworkPolicy", POLICY_CCNP, false, cnp_read},
	{"networking.k8s.io/v1", "NetworkPolicy", POLICY_KNP, true, knp_object_read},
	{"v1", "Namespace", POLICY_NAMESPACE, false, namespace_object_read},
	{"cilium.io/v2", "CiliumCIDRGroup", POLICY_CIDR_GROUP, false, group_object_read},
	{"cilium.io/v2alpha1", "CiliumCIDRGroup", POLICY_CIDR_GROUP, false, group_object_read},
};

const char *policy_kind_to_str(enum policy_kind k)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].kind == k)
			return kinds[i].name;
	return "?";
}

static int kind_unknown(struct decoder *d, const struct node *api, const struct node *name)
{
	const char *names[ARRAY_SIZE(kinds)];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		names[i] = kinds[i].name;
		if (!strcmp(kinds[i].name, name->text))
			return decode_fail(d, api->pos, ": apiVersion %.60s of %s: expected %s",
					   api->text, name->text, kinds[i].api);
	}
	const char *near = nearest_word(name->text, names, ARRAY_SIZE(names));
	if (near)
		return decode_fail(d, name->pos, ": kind %.60s is not supported; did you mean %s?",
				   name->text, near);
	return decode_fail(d, name->pos,
			   ": kind %.60s is not supported; known are %s, %s, %s, %s "
			   "and %s",
			   name->text, names[0], names[1], names[2], names[3], names[4]);
}

static int meta_fill(struct decoder *d, const struct node *n, const struct kind *k,
		     struct policy *p)
{
	static const struct field fields[] = {
		FIELD("metadata", struct object, meta, metadata_read),
	};
	const struct node *meta = member(n, "metadata");
	struct object o = {.meta.chaos = CHAOS_OPTIONS_DEFAULT};

	if (!meta)
		return decode_fail(d, n->pos, ": metadata is required");
	decode_push(d, fields[0].name, 0);
	int err = metadata_read(d, meta, &o.meta);
	decode_pop(d);
	if (err)
		return err;
	if (!k->namespaced && o.meta.namespace_)
		return decode_fail(d, meta->pos, ": metadata.namespace: a %s has none", k->name);
	p->pos = n->pos;
	p->name = o.meta.name;
	p->labels = o.meta.labels;
	p->chaos = o.meta.chaos;
	p->hash = node_hash(n);
	p->namespace_ = k->namespaced ? (o.meta.namespace_ ? o.meta.namespace_ : "default") : NULL;
	return lockdown_read(d, meta, &p->lockdown);
}

static int object_read(struct decoder *d, const struct node *n, const struct kind *k,
		       struct policy *p)
{
	struct arena *outer = d->arena;
	int err;

	d->arena = &p->arena;
	p->kind = (uint8_t)k->kind;
	d->kind = p->kind;
	err = meta_fill(d, n, k, p);
	d->namespace_ = p->namespace_;
	if (!err)
		err = k->read(d, n, p);
	if (!err)
		err = chaos_policy_check(d, p);
	d->arena = outer;
	return err;
}

static int items_read(struct decoder *d, const struct node *n, const char *file,
		      struct policy **head)
{
	const struct node *items = member(n, "items");
	int err = 0;

	if (!items || items->kind != NODE_LIST)
		return decode_fail(d, n->pos, ": expected items, a list of objects");
	decode_push(d, "items", 0);
	for (uint32_t i = 0; i < items->count; i++) {
		decode_push(d, NULL, i);
		err |= read_document(d, items->items[i], file, head);
		decode_pop(d);
	}
	decode_pop(d);
	return err;
}

/* Puts what it reads in front of @head; the caller reverses the list. */
int read_document(struct decoder *d, const struct node *n, const char *file, struct policy **head)
{
	int err = decode_expect_map(d, n);
	const struct node *api = member(n, "apiVersion");
	const struct node *name = member(n, "kind");

	if (err)
		return err;
	if (!api || api->kind != NODE_SCALAR || !name || name->kind != NODE_SCALAR)
		return decode_fail(d, n->pos, ": expected apiVersion and kind");
	if (!d->depth &&
	    (!strcmp(name->text, "List") || !strcmp(name->text, "CiliumNetworkPolicyList")))
		return items_read(d, n, file, head);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name->text) || strcmp(kinds[i].api, api->text))
			continue;
		struct policy *p = calloc(1, sizeof(*p));

		if (!p)
			abort();
		p->arena.first = (size_t)n->size * ARENA_PER_NODE;
		p->next = *head;
		*head = p;
		p->file = arena_text(&p->arena, file, strlen(file));
		return object_read(d, n, &kinds[i], p);
	}
	return kind_unknown(d, api, name);
}
