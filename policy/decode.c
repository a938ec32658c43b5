/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables to structs; see decode.h. */
#include "policy/decode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FIELDS 40

void decode_push(struct decoder *d, const char *name, uint32_t index)
{
	if (d->depth < DECODE_MAX_PATH)
		d->path[d->depth] = (struct path_step){.name = name, .index = index};
	d->depth++;
}

void decode_pop(struct decoder *d)
{
	d->depth--;
}

static void path_write(const struct decoder *d, FILE *out)
{
	for (uint32_t i = 0; i < d->depth && i < DECODE_MAX_PATH; i++) {
		const struct path_step *s = &d->path[i];

		if (s->name)
			fprintf(out, "%s%s", i ? "." : "", s->name);
		else
			fprintf(out, "[%u]", s->index);
	}
}

static void decode_report(struct decoder *d, enum severity severity, struct pos pos,
			  const char *fmt, va_list ap)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	path_write(d, out);
	vfprintf(out, fmt, ap);
	fclose(out);
	/* At the root of a document there is no path: drop the separator. */
	const char *shown = !strncmp(text, ": ", 2) ? text + 2 : text;
	report_add(d->report, severity, pos, "%s", shown);
	free(text);
}

int decode_fail(struct decoder *d, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	decode_report(d, SEVERITY_ERROR, pos, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

void decode_warn(struct decoder *d, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	decode_report(d, SEVERITY_WARNING, pos, fmt, ap);
	va_end(ap);
}

static int expect(struct decoder *d, const struct node *n, enum node_kind kind, const char *what)
{
	char buf[64];

	if (n->kind == kind)
		return 0;
	return decode_fail(d, n->pos, ": expected %s, found %s", what, node_type(n, buf));
}

int decode_expect_map(struct decoder *d, const struct node *n)
{
	return expect(d, n, NODE_MAP, "an object");
}

/* @n must be a list of items of @size. */
static int list_decode(struct decoder *d, const struct node *n, decode_fn fn, size_t size,
		       struct list *out)
{
	int err = expect(d, n, NODE_LIST, "a list");

	if (err)
		return err;
	unsigned char *items = arena_alloc(d->arena, n->count * size);
	for (uint32_t i = 0; i < n->count; i++) {
		decode_push(d, NULL, i);
		err |= fn(d, n->items[i], items + i * size);
		decode_pop(d);
	}
	*out = (struct list){.items = items, .count = n->count, .present = true, .pos = n->pos};
	return err ? -EINVAL : 0;
}

static int unknown_key(struct decoder *d, const struct node *key, const struct field *fields,
		       size_t count)
{
	const char *names[MAX_FIELDS];
	size_t known = 0;

	for (size_t i = 0; i < count && known < MAX_FIELDS; i++)
		if (!fields[i].ignored)
			names[known++] = fields[i].name;
	const char *near = nearest_word(key->text, names, known);
	const char *dot = d->depth ? "." : "";
	if (near)
		return decode_fail(d, key->pos, "%s%s is no known field; did you mean \"%s\"?", dot,
				   key->text, near);
	return decode_fail(d, key->pos, "%s%s is no known field", dot, key->text);
}

static int value_decode(struct decoder *d, const struct field *f, const struct node_pair *p,
			void *out)
{
	unsigned char *member = (unsigned char *)out + f->offset;
	int err;

	decode_push(d, f->name, 0);
	if (f->refused)
		err = decode_fail(d, p->key->pos, " is not supported (%s)", f->refused);
	else if (f->item)
		err = list_decode(d, p->value, f->fn, f->item, (struct list *)(void *)member);
	else
		err = f->fn(d, p->value, member);
	decode_pop(d);
	return err;
}

static const struct field *field_find(const struct field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(fields[i].name, name))
			return &fields[i];
	return NULL;
}

int decode_object(struct decoder *d, const struct node *n, const struct field *fields, size_t count,
		  void *out)
{
	bool seen[MAX_FIELDS] = {false};
	int err = decode_expect_map(d, n);

	if (err)
		return err;
	for (uint32_t i = 0; i < n->count; i++) {
		const struct node_pair *p = &n->pairs[i];
		const struct field *f = field_find(fields, count, p->key->text);

		if (!f) {
			err |= unknown_key(d, p->key, fields, count);
			continue;
		}
		if (f->ignored || node_is_null(p->value))
			continue;
		seen[f - fields] = true;
		err |= value_decode(d, f, p, out);
	}
	for (size_t i = 0; i < count; i++)
		if (fields[i].required && !seen[i])
			err |= decode_fail(d, n->pos, "%s%s is required", d->depth ? "." : "",
					   fields[i].name);
	return err ? -EINVAL : 0;
}
