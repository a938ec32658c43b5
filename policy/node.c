/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * YAML events to a tree of nodes.
 *
 * A stack of open lists and maps takes the place of recursion.  Finished nodes collect on one
 * growing array of pending children; when a list or map ends, its children are copied into the
 * arena.  libyaml fetches tokens only as they are asked for, so a refusal stops it at once.
 */
#include "policy/node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct frame {
	struct node *node;
	size_t first; /* of its children in pending */
	char *anchor;
};

struct anchor {
	char *name;
	const struct node *node;
};

struct node_reader {
	yaml_parser_t parser;
	const char *text;
	size_t bytes;
	uint32_t documents;
	uint32_t nodes; /* of this document, aliases expanded */
	struct frame stack[NODE_MAX_DEPTH];
	uint32_t depth;
	const struct node **pending;
	size_t pending_count, pending_size;
	struct anchor *anchors;
	size_t anchor_count;
	struct arena *arena;
	struct report *report;
};

struct node_reader *node_reader_new(const char *text, size_t len)
{
	struct node_reader *r = calloc(1, sizeof(*r));

	if (!r || !yaml_parser_initialize(&r->parser))
		abort();
	r->text = text;
	r->bytes = len;
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
	return r;
}

static void document_reset(struct node_reader *r)
{
	for (size_t i = 0; i < r->anchor_count; i++)
		free(r->anchors[i].name);
	for (uint32_t i = 0; i < r->depth; i++)
		free(r->stack[i].anchor);
	r->anchor_count = r->pending_count = 0;
	r->depth = r->nodes = 0;
}

void node_reader_free(struct node_reader *r)
{
	if (!r)
		return;
	document_reset(r);
	free(r->anchors);
	free(r->pending);
	yaml_parser_delete(&r->parser);
	free(r);
}

static struct pos mark_pos(const yaml_mark_t *m)
{
	return (struct pos){.line = (uint32_t)m->line + 1, .column = (uint32_t)m->column + 1};
}

static int nodes_count(struct node_reader *r, struct pos pos, uint32_t n)
{
	if (n > NODE_MAX_NODES - r->nodes)
		return report_add(r->report, SEVERITY_ERROR, pos,
				  "document has more than %u nodes (aliases expanded)",
				  NODE_MAX_NODES);
	r->nodes += n;
	return 0;
}

static void pending_push(struct node_reader *r, const struct node *n)
{
	if (r->pending_count == r->pending_size) {
		r->pending_size = r->pending_size ? r->pending_size * 2 : 64;
		r->pending = reallocarray(r->pending, r->pending_size, sizeof(*r->pending));
		if (!r->pending)
			abort();
	}
	r->pending[r->pending_count++] = n;
}

/* Takes @name. */
static int anchor_add(struct node_reader *r, char *name, const struct node *node)
{
	if (!name)
		return 0;
	if (r->anchor_count == NODE_MAX_ANCHORS) {
		free(name);
		return report_add(r->report, SEVERITY_ERROR, node->pos,
				  "document has more than %d anchors", NODE_MAX_ANCHORS);
	}
	if ((r->anchor_count & (r->anchor_count - 1)) == 0) {
		size_t size = r->anchor_count ? r->anchor_count * 2 : 1;

		r->anchors = reallocarray(r->anchors, size, sizeof(*r->anchors));
		if (!r->anchors)
			abort();
	}
	r->anchors[r->anchor_count++] = (struct anchor){.name = name, .node = node};
	return 0;
}

static const struct node *anchor_find(const struct node_reader *r, const char *name)
{
	for (size_t i = r->anchor_count; i-- > 0;)
		if (!strcmp(r->anchors[i].name, name))
			return r->anchors[i].node;
	return NULL;
}

static char *anchor_copy(const yaml_char_t *name)
{
	char *copy = name ? strdup((const char *)name) : NULL;

	if (name && !copy)
		abort();
	return copy;
}

static bool tag_is_plain(const yaml_char_t *tag)
{
	return !tag || !strcmp((const char *)tag, "!") ||
	       !strcmp((const char *)tag, YAML_STR_TAG) ||
	       !strcmp((const char *)tag, YAML_MAP_TAG) || !strcmp((const char *)tag, YAML_SEQ_TAG);
}

static struct node *node_new(struct node_reader *r, const yaml_event_t *ev, enum node_kind kind)
{
	struct node *n = arena_alloc(r->arena, sizeof(*n));

	n->kind = (uint8_t)kind;
	n->pos = mark_pos(&ev->start_mark);
	n->size = 1;
	return n;
}

static int scalar_add(struct node_reader *r, const yaml_event_t *ev)
{
	struct pos pos = mark_pos(&ev->start_mark);
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;

	if (!tag_is_plain(ev->data.scalar.tag))
		return report_add(r->report, SEVERITY_ERROR, pos, "tag %s is not supported",
				  (const char *)ev->data.scalar.tag);
	if (memchr(text, 0, len))
		return report_add(r->report, SEVERITY_ERROR, pos, "text holds a 0 byte");
	int err = nodes_count(r, pos, 1);
	if (err)
		return err;
	struct node *n = node_new(r, ev, NODE_SCALAR);
	n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || ev->data.scalar.tag;
	n->text = arena_text(r->arena, text, len);
	pending_push(r, n);
	return anchor_add(r, anchor_copy(ev->data.scalar.anchor), n);
}

static int alias_add(struct node_reader *r, const yaml_event_t *ev)
{
	struct pos pos = mark_pos(&ev->start_mark);
	const char *name = (const char *)ev->data.alias.anchor;
	const struct node *n = anchor_find(r, name);

	if (!n)
		return report_add(r->report, SEVERITY_ERROR, pos, "alias *%s names no anchor",
				  name);
	int err = nodes_count(r, pos, n->size);
	if (err)
		return err;
	pending_push(r, n);
	return 0;
}

static int frame_open(struct node_reader *r, const yaml_event_t *ev)
{
	bool map = ev->type == YAML_MAPPING_START_EVENT;
	struct pos pos = mark_pos(&ev->start_mark);
	const yaml_char_t *tag = map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag;

	if (!tag_is_plain(tag))
		return report_add(r->report, SEVERITY_ERROR, pos, "tag %s is not supported",
				  (const char *)tag);
	if (r->depth == NODE_MAX_DEPTH)
		return report_add(r->report, SEVERITY_ERROR, pos, "nested deeper than %d levels",
				  NODE_MAX_DEPTH);
	int err = nodes_count(r, pos, 1);
	if (err)
		return err;
	struct frame *f = &r->stack[r->depth++];
	f->node = node_new(r, ev, map ? NODE_MAP : NODE_LIST);
	f->first = r->pending_count;
	f->anchor =
		anchor_copy(map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor);
	return 0;
}

static int pair_cmp(const void *a, const void *b)
{
	const struct node *const *x = a;
	const struct node *const *y = b;
	int order = strcmp((*x)->text, (*y)->text);

	if (order)
		return order;
	return (*x)->pos.line != (*y)->pos.line ? ((*x)->pos.line < (*y)->pos.line ? -1 : 1)
						: (int)(*x)->pos.column - (int)(*y)->pos.column;
}

/* Sorting finds a repeated key without comparing all with all. */
static int keys_check(struct node_reader *r, const struct node *map)
{
	const struct node **keys = reallocarray(NULL, map->count + 1, sizeof(*keys));
	int err = 0;

	if (!keys)
		abort();
	for (uint32_t i = 0; i < map->count; i++)
		keys[i] = map->pairs[i].key;
	qsort(keys, map->count, sizeof(*keys), pair_cmp);
	for (uint32_t i = 1; i < map->count && !err; i++)
		if (!strcmp(keys[i - 1]->text, keys[i]->text))
			err = report_add(r->report, SEVERITY_ERROR, keys[i]->pos,
					 "key \"%s\" is there twice (first in line %u)",
					 keys[i]->text, keys[i - 1]->pos.line);
	free(keys);
	return err;
}

static int map_fill(struct node_reader *r, struct node *map, const struct node **children)
{
	map->pairs = arena_alloc(r->arena, map->count * sizeof(*map->pairs));
	for (uint32_t i = 0; i < map->count; i++) {
		const struct node *key = children[2 * i];

		if (key->kind != NODE_SCALAR)
			return report_add(r->report, SEVERITY_ERROR, key->pos,
					  "a key must be text");
		if (!key->quoted && !strcmp(key->text, "<<"))
			return report_add(r->report, SEVERITY_ERROR, key->pos,
					  "merge keys (<<) are not supported");
		map->pairs[i] = (struct node_pair){.key = key, .value = children[2 * i + 1]};
	}
	return keys_check(r, map);
}

static int frame_close(struct node_reader *r)
{
	struct frame *f = &r->stack[--r->depth];
	struct node *n = f->node;
	size_t count = r->pending_count - f->first;
	const struct node **children = count ? r->pending + f->first : NULL;
	int err = 0;

	for (size_t i = 0; i < count; i++)
		n->size += children[i]->size;
	if (n->kind == NODE_MAP) {
		n->count = (uint32_t)(count / 2);
		err = map_fill(r, n, children);
	} else {
		n->count = (uint32_t)count;
		n->items = arena_alloc(r->arena, count * sizeof(*n->items));
		if (count)
			memcpy(n->items, children, count * sizeof(*n->items));
	}
	r->pending_count = f->first;
	int anchor_err = anchor_add(r, f->anchor, n);
	f->anchor = NULL;
	pending_push(r, n);
	return err ? err : anchor_err;
}

/* libyaml gives no mark for bytes that are no text, only their offset. */
static struct pos offset_pos(const struct node_reader *r, size_t offset)
{
	struct pos pos = {.line = 1, .column = 1};

	for (size_t i = 0; i < offset && i < r->bytes; i++) {
		pos.column = r->text[i] == '\n' ? 1 : pos.column + 1;
		pos.line += r->text[i] == '\n';
	}
	return pos;
}

static int parser_fail(struct node_reader *r)
{
	const yaml_parser_t *p = &r->parser;
	struct pos pos = mark_pos(&p->problem_mark);

	if (p->error == YAML_READER_ERROR)
		return report_add(r->report, SEVERITY_ERROR, offset_pos(r, p->problem_offset),
				  "no readable text: %s", p->problem);
	return report_add(r->report, SEVERITY_ERROR, pos, "not valid YAML: %s%s%s",
			  p->problem ? p->problem : "out of memory", p->context ? " " : "",
			  p->context ? p->context : "");
}

/* Returns 1 when the document (*done = true) or the stream ended. */
static int event_apply(struct node_reader *r, const yaml_event_t *ev, bool *done)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return scalar_add(r, ev);
	case YAML_ALIAS_EVENT:
		return alias_add(r, ev);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return frame_open(r, ev);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return frame_close(r);
	case YAML_DOCUMENT_START_EVENT:
		if (r->documents++ == NODE_MAX_DOCUMENTS)
			return report_add(r->report, SEVERITY_ERROR, mark_pos(&ev->start_mark),
					  "more than %d documents", NODE_MAX_DOCUMENTS);
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		*done = true;
		return 1;
	case YAML_STREAM_END_EVENT:
		return 1;
	default:
		return 0;
	}
}

int node_next(struct node_reader *r, struct arena *a, struct report *report,
	      const struct node **out)
{
	bool done = false;
	int err = 0;

	r->arena = a;
	r->report = report;
	document_reset(r);
	if (r->bytes > NODE_MAX_BYTES)
		return report_add(report, SEVERITY_ERROR, (struct pos){0},
				  "%zu bytes: more than %u", r->bytes, NODE_MAX_BYTES);
	while (!err) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&r->parser, &ev))
			return parser_fail(r);
		err = event_apply(r, &ev, &done);
		yaml_event_delete(&ev);
	}
	if (err < 0)
		return err;
	*out = r->pending_count && !node_is_null(r->pending[0]) ? r->pending[0] : NULL;
	return done;
}
