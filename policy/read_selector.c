/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* matchLabels and matchExpressions to requirements. */
#include "policy/read.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"

#define KEY_MAX 317  /* 253 of the prefix, '/', 63 of the name */
#define VALUE_MAX 63 /* Kubernetes: labels */

/** struct keys - how keys without source are meant */
struct keys {
	enum label_source source;
	const char *prefix; /* put in front */
};

static const struct keys keys_cilium = {.source = LABEL_ANY};
static const struct keys keys_k8s = {.source = LABEL_K8S};
static const struct keys keys_namespace = {.source = LABEL_K8S, .prefix = LABEL_NAMESPACE_LABELS};

static bool text_is_label(const char *text, size_t max, const char *also)
{
	size_t len = strlen(text);

	if (len > max)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool edge = i == 0 || i == len - 1;
		unsigned char c = (unsigned char)text[i];

		if (!isalnum(c) && (edge || !strchr(also, c)))
			return false;
	}
	return true;
}

static int source_unknown(struct decoder *d, struct pos pos, const char *text)
{
	const char *names[] = {
#define X(symbol, name) name,
		LABEL_SOURCES(X)
#undef X
	};
	char *source = arena_text(d->arena, text, strcspn(text, ":"));
	const char *near = nearest_word(source, names, ARRAY_SIZE(names));

	if (near)
		return decode_fail(d, pos,
				   ": label %s: unknown source \"%s\"; did you mean \"%s\"?", text,
				   source, near);
	return decode_fail(d, pos, ": label %s: unknown source \"%s\"", text, source);
}

static int key_read(struct decoder *d, const struct node *n, const struct keys *keys,
		    struct requirement *out)
{
	enum label_source source = keys->source;
	const char *key = n->text;

	if (keys->source == LABEL_ANY && label_key_split(n->text, LABEL_ANY, &source, &key))
		return source_unknown(d, n->pos, n->text);
	out->pos = n->pos;
	out->source = (uint8_t)source;
	if (source == LABEL_CIDR) {
		struct error e = {0};

		if (cidr_parse(key, &out->prefix, &e))
			return decode_fail(d, n->pos, ": label %s: %s", n->text, e.msg);
	} else if (!*key || !text_is_label(key, KEY_MAX, "-_./")) {
		return decode_fail(d, n->pos, ": \"%.80s\" is no valid label key", n->text);
	}
	out->key = keys->prefix ? arena_printf(d->arena, "%s%s", keys->prefix, key)
				: arena_text(d->arena, key, strlen(key));
	return 0;
}

static int value_read(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && !text_is_label(n->text, VALUE_MAX, "-_."))
		err = decode_fail(d, n->pos, ": \"%.80s\" is no valid label value", n->text);
	return err;
}

static int match_label_read(struct decoder *d, const struct node_pair *p, const struct keys *keys,
			    struct requirement *out)
{
	int err = key_read(d, p->key, keys, out);

	if (err)
		return err;
	const char **value = arena_alloc(d->arena, sizeof(*value));
	decode_push(d, p->key->text, 0);
	err = value_read(d, p->value, value);
	decode_pop(d);
	out->op = out->source == LABEL_CIDR ? OP_EXISTS : OP_IN;
	out->values = (struct list){.items = value, .count = 1, .present = true};
	return err;
}

struct expression {
	const char *key;
	const char *op;
	struct list values;
};

static int operator_read(struct decoder *d, const struct node *n, const struct expression *x,
			 struct requirement *out)
{
	static const char *const names[] = {
		[OP_IN] = "In",
		[OP_NOT_IN] = "NotIn",
		[OP_EXISTS] = "Exists",
		[OP_DOES_NOT_EXIST] = "DoesNotExist",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names) && strcmp(names[i], x->op); i++)
		;
	if (i == ARRAY_SIZE(names))
		return decode_fail(d, n->pos,
				   ".operator: expected In, NotIn, Exists or DoesNotExist, "
				   "found \"%s\"",
				   x->op);
	bool wants = i == OP_IN || i == OP_NOT_IN;
	if (wants && !x->values.count)
		return decode_fail(d, n->pos, ".values: %s needs at least one value", x->op);
	if (!wants && x->values.count)
		return decode_fail(d, x->values.pos, ".values: %s takes no values", x->op);
	out->op = (uint8_t)i;
	out->values = x->values;
	return 0;
}

static int expression_read(struct decoder *d, const struct node *n, const struct keys *keys,
			   struct requirement *out)
{
	static const struct field fields[] = {
		FIELD_REQUIRED("key", struct expression, key, decode_text),
		FIELD_REQUIRED("operator", struct expression, op, decode_text),
		FIELD_LIST("values", struct expression, values, char *, value_read),
	};
	struct expression x = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &x);

	if (err)
		return err;
	struct node key = {.kind = NODE_SCALAR, .quoted = true, .pos = n->pos, .text = x.key};
	err = key_read(d, &key, keys, out);
	return err ? err : operator_read(d, n, &x, out);
}

static const struct node *value_of(const struct node *map, const char *key)
{
	for (uint32_t i = 0; i < map->count; i++)
		if (!strcmp(map->pairs[i].key->text, key) && !node_is_null(map->pairs[i].value))
			return map->pairs[i].value;
	return NULL;
}

static int match_labels_read(struct decoder *d, const struct node *n, const struct keys *keys,
			     struct requirement *out)
{
	int err = 0;

	decode_push(d, "matchLabels", 0);
	for (uint32_t i = 0; i < n->count; i++)
		err |= match_label_read(d, &n->pairs[i], keys, &out[i]);
	decode_pop(d);
	return err;
}

static int expressions_read(struct decoder *d, const struct node *n, const struct keys *keys,
			    struct requirement *out)
{
	int err = 0;

	decode_push(d, "matchExpressions", 0);
	for (uint32_t i = 0; i < n->count; i++) {
		decode_push(d, NULL, i);
		err |= expression_read(d, n->items[i], keys, &out[i]);
		decode_pop(d);
	}
	decode_pop(d);
	return err;
}

static int nothing_read(struct decoder *d, const struct node *n, void *out)
{
	(void)d;
	*(const struct node **)out = n;
	return 0;
}

/* Both keys are first only checked for their type, so that the requirements get one array. */
static int selector_read(struct decoder *d, const struct node *n, const struct keys *keys,
			 struct selector *out)
{
	static const struct field fields[] = {
		{.name = "matchLabels", .fn = nothing_read},
		{.name = "matchExpressions", .fn = nothing_read},
	};
	const struct node *unused = NULL;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &unused);

	if (err)
		return err;
	const struct node *labels = value_of(n, "matchLabels");
	const struct node *expressions = value_of(n, "matchExpressions");
	if (labels && labels->kind != NODE_MAP)
		return decode_fail(d, labels->pos, ".matchLabels: expected an object");
	if (expressions && expressions->kind != NODE_LIST)
		return decode_fail(d, expressions->pos, ".matchExpressions: expected a list");
	uint32_t count = (labels ? labels->count : 0) + (expressions ? expressions->count : 0);
	struct requirement *r = arena_alloc(d->arena, count * sizeof(*r));
	if (labels)
		err |= match_labels_read(d, labels, keys, r);
	if (expressions)
		err |= expressions_read(d, expressions, keys, r + (labels ? labels->count : 0));
	*out = (struct selector){.present = true,
				 .pos = n->pos,
				 .requirements = {.items = r, .count = count, .present = true}};
	return err ? -1 : 0;
}

int read_selector(struct decoder *d, const struct node *n, void *out)
{
	return selector_read(d, n, &keys_cilium, out);
}

int read_selector_k8s(struct decoder *d, const struct node *n, void *out)
{
	return selector_read(d, n, &keys_k8s, out);
}

int read_namespaces(struct decoder *d, const struct node *n, void *out)
{
	return selector_read(d, n, &keys_namespace, out);
}

int read_label_set(struct decoder *d, const struct node *n, void *out)
{
	struct label_set *set = out;
	int err = decode_expect_map(d, n);

	if (err)
		return err;
	set->items = arena_alloc(d->arena, n->count * sizeof(*set->items));
	for (uint32_t i = 0; i < n->count; i++) {
		struct requirement r = {0};

		err |= match_label_read(d, &n->pairs[i], &keys_k8s, &r);
		if (!err)
			set->items[set->count++] = (struct label){
				.source = LABEL_K8S,
				.key = r.key,
				.value = *list_at(&r.values, char *, 0),
			};
	}
	label_set_sort(set);
	return err ? -1 : 0;
}
