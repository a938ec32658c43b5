/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Annotations: those of axoneme.io/chaos-* are options of a chaos policy (chaos.h); what others
 * write on an object is theirs.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "axoneme/chaos.h"
#include "lib/cleanup.h"
#include "lib/number.h"
#include "policy/read.h"
#include "policy/read_scale.h"

static int value_fail(struct decoder *d, const struct node *n, const char *expected)
{
	return decode_fail(d, n->pos, ": expected %s, found \"%.40s\"", expected, n->text);
}

static int duration_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_options *o = out;

	if (scale_duration(n->text, CHAOS_DURATION_MAX_NS, &o->duration_ns) || !o->duration_ns)
		return value_fail(d, n, "a time like 90s, 30m or 1h30m, up to 720h");
	return 0;
}

/* RFC 3339, in UTC: other zones have names that change. */
static int calendar_parse(const char *text, int64_t *out)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end)
		return -1;
	*out = timegm(&tm);
	return *out > 0 ? 0 : -1;
}

static int start_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_options *o = out;

	if (calendar_parse(n->text, &o->start_wall_s) &&
	    scale_duration(n->text, CHAOS_DURATION_MAX_NS, &o->start_after_ns))
		return value_fail(
			d, n, "a moment like 2030-01-31T12:00:00Z, or a time from now like 10m");
	return 0;
}

static int in_flight_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_options *o = out;
	uint64_t value;

	if (number_parse(n->text, 1, 1000000, &value))
		return value_fail(d, n, "a number from 1 to 1000000");
	o->max_in_flight = (uint32_t)value;
	return 0;
}

static int seed_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_options *o = out;

	if (number_parse(n->text, 0, UINT64_MAX, &o->seed))
		return value_fail(d, n, "a number from 0 to 18446744073709551615");
	o->has_seed = true;
	return 0;
}

static int sampling_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_options *o = out;

	if (strcmp(n->text, "random") != 0 && strcmp(n->text, "exact") != 0)
		return value_fail(d, n, "random or exact");
	o->sampling = n->text[0] == 'e' ? AXO_CHAOS_EXACT : AXO_CHAOS_RANDOM;
	return 0;
}

static int switch_read(struct decoder *d, const struct node *n, bool *out)
{
	if (strcmp(n->text, "true") != 0 && strcmp(n->text, "false") != 0)
		return value_fail(d, n, "\"true\" or \"false\"");
	*out = n->text[0] == 't';
	return 0;
}

static int dry_run_read(struct decoder *d, const struct node *n, void *out)
{
	return switch_read(d, n, &((struct chaos_options *)out)->dry_run);
}

static int allow_wide_read(struct decoder *d, const struct node *n, void *out)
{
	return switch_read(d, n, &((struct chaos_options *)out)->allow_wide);
}

static int percent_parse(const char *text, uint64_t *ppm)
{
	const char *end = "";

	if (scale_decimal(text, SCALE_PPM / 100, ppm, &end) || strcmp(end, "%") != 0)
		return -1;
	return *ppm && *ppm < SCALE_PPM ? 0 : -1;
}

static int abort_on_read(struct decoder *d, const struct node *n, void *out)
{
	static const char drops[] = "drops>", faults[] = "faults>";
	struct chaos_options *o = out;

	if (!strncmp(n->text, drops, strlen(drops)) &&
	    !percent_parse(n->text + strlen(drops), &o->guard_limit)) {
		o->guard = CHAOS_GUARD_DROPS;
		return 0;
	}
	if (!strncmp(n->text, faults, strlen(faults)) &&
	    !number_parse(n->text + strlen(faults), 1, UINT64_MAX, &o->guard_limit)) {
		o->guard = CHAOS_GUARD_FAULTS;
		return 0;
	}
	return value_fail(d, n, "drops>5% (any share) or faults>1000 (any number)");
}

static const struct field fields[] = {
	{.name = CHAOS_ANNOTATION "duration", .fn = duration_read},
	{.name = CHAOS_ANNOTATION "start", .fn = start_read},
	{.name = CHAOS_ANNOTATION "max-in-flight", .fn = in_flight_read},
	{.name = CHAOS_ANNOTATION "seed", .fn = seed_read},
	{.name = CHAOS_ANNOTATION "sampling", .fn = sampling_read},
	{.name = CHAOS_ANNOTATION "dry-run", .fn = dry_run_read},
	{.name = CHAOS_ANNOTATION "abort-on", .fn = abort_on_read},
	{.name = CHAOS_ANNOTATION "allow-wide", .fn = allow_wide_read},
};

static int unknown_fail(struct decoder *d, const struct node *key)
{
	const char *names[ARRAY_SIZE(fields)];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		names[i] = fields[i].name + strlen(CHAOS_ANNOTATION);
	const char *near =
		nearest_word(key->text + strlen(CHAOS_ANNOTATION), names, ARRAY_SIZE(names));
	if (near)
		return decode_fail(d, key->pos,
				   ": %.80s is not known; did you mean " CHAOS_ANNOTATION "%s?",
				   key->text, near);
	return decode_fail(d, key->pos,
			   ": %.80s is not known; " CHAOS_ANNOTATION
			   "* are duration, start, max-in-flight, seed, sampling, dry-run, "
			   "abort-on and allow-wide",
			   key->text);
}

static int annotation_read(struct decoder *d, const struct node_pair *pair, struct chaos_options *o)
{
	const char *ignored;

	if (strncmp(pair->key->text, CHAOS_ANNOTATION, strlen(CHAOS_ANNOTATION)) != 0)
		return 0;
	if (!o->pos.line)
		o->pos = pair->key->pos;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, pair->key->text) != 0)
			continue;
		decode_push(d, fields[i].name, 0);
		int err = decode_scalar(d, pair->value, &ignored);
		if (!err)
			err = fields[i].fn(d, pair->value, o);
		decode_pop(d);
		return err;
	}
	return unknown_fail(d, pair->key);
}

int read_annotations(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_options *o = out;
	int err = node_is_null(n) ? 0 : decode_expect_map(d, n);

	for (uint32_t i = 0; !err && n->kind == NODE_MAP && i < n->count; i++)
		err = annotation_read(d, &n->pairs[i], o);
	return err;
}
