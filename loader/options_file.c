/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The configuration file: one YAML mapping from option names to a value, or to a list of values
 * for repeatable options.  Errors say FILE:LINE.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <yaml.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "loader/options_table.h"

#define CONFIG_MAX_BYTES (1 << 20)

/**
 * struct reader - one file being read
 * @line: of the event at hand, from 1
 * @seen: by index in option_table: a key twice is an error
 */
struct reader {
	yaml_parser_t parser;
	yaml_event_t event;
	const char *path;
	size_t line;
	bool seen[64];
	struct options *o;
	struct error *e;
};

static int reader_fail(struct reader *r, const char *what)
{
	return error_set(r->e, EINVAL, "%.100s:%zu: %.140s", r->path, r->line, what);
}

/* Fetch the next event; the one before is freed. */
static int reader_next(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		memset(&r->event, 0, sizeof(r->event));
		r->line = r->parser.problem_mark.line + 1;
		return reader_fail(r, r->parser.problem ? r->parser.problem : "not YAML");
	}
	r->line = r->event.start_mark.line + 1;
	return 0;
}

static const char *reader_text(const struct reader *r)
{
	return (const char *)r->event.data.scalar.value;
}

static int reader_set(struct reader *r, const struct option_def *def)
{
	struct error why = {0};

	if (r->event.type != YAML_SCALAR_EVENT)
		return reader_fail(r, "expected a plain value");
	if (option_set(r->o, def, reader_text(r), &why) < 0)
		return reader_fail(r, why.msg);
	return 0;
}

static int reader_list(struct reader *r, const struct option_def *def)
{
	char what[128];
	int err;

	if (!option_is_list(def)) {
		snprintf(what, sizeof(what), "%s: expected one value, found a list", def->name);
		return reader_fail(r, what);
	}
	for (;;) {
		err = reader_next(r);
		if (err < 0 || r->event.type == YAML_SEQUENCE_END_EVENT)
			return err;
		err = reader_set(r, def);
		if (err < 0)
			return err;
	}
}

/* The event at hand is a key. */
static int reader_pair(struct reader *r)
{
	const struct option_def *def;
	struct error why = {0};
	int err;

	if (r->event.type != YAML_SCALAR_EVENT)
		return reader_fail(r, "expected a key");
	def = option_find(reader_text(r), false, &why);
	if (!def)
		return reader_fail(r, why.msg);
	if (r->seen[def - option_table])
		return reader_fail(r, "key stands here a second time");
	r->seen[def - option_table] = true;
	err = reader_next(r);
	if (err < 0)
		return err;
	return r->event.type == YAML_SEQUENCE_START_EVENT ? reader_list(r, def)
							  : reader_set(r, def);
}

static int reader_mapping(struct reader *r)
{
	for (;;) {
		int err = reader_next(r);

		if (err < 0 || r->event.type == YAML_MAPPING_END_EVENT)
			return err;
		err = reader_pair(r);
		if (err < 0)
			return err;
	}
}

static bool is_nothing(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && event->data.scalar.length == 0;
}

/* An empty file, one of comments only, and an empty document are configurations: all defaults. */
static int reader_document(struct reader *r)
{
	int err;

	do {
		err = reader_next(r);
	} while (err == 0 && (r->event.type == YAML_STREAM_START_EVENT ||
			      r->event.type == YAML_DOCUMENT_START_EVENT));
	if (err < 0 || r->event.type == YAML_STREAM_END_EVENT)
		return err;
	if (r->event.type != YAML_MAPPING_START_EVENT && !is_nothing(&r->event))
		return reader_fail(r, "expected \"key: value\" lines");
	if (r->event.type == YAML_MAPPING_START_EVENT)
		err = reader_mapping(r);
	while (err == 0 && r->event.type != YAML_STREAM_END_EVENT) {
		err = reader_next(r);
		if (err == 0 && r->event.type == YAML_DOCUMENT_START_EVENT)
			return reader_fail(r, "expected one document");
	}
	return err;
}

int options_read_file(struct options *o, const char *path, struct error *e)
{
	struct reader r = {.path = path, .o = o, .e = e};
	_cleanup_free_ char *text = NULL;
	size_t len;
	int err;

	_Static_assert(sizeof(r.seen) >= 64, "one per option");
	err = file_read(path, CONFIG_MAX_BYTES, &text, &len);
	if (err < 0)
		return error_set(e, err, "cannot read configuration %.150s: %s", path,
				 strerror(-err));
	if (!yaml_parser_initialize(&r.parser))
		return error_set(e, ENOMEM, "no memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	err = reader_document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return err;
}
