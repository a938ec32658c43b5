/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos rules: a flat object of texts and numbers per fault.
 *
 * Shares become millionths, times nanoseconds (Go's notation: 1h2m3.5s, 50ms), rates bits per
 * second.  Shares of rules with the same filters may not exceed 1 together.
 */
#include "policy/read.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "policy/regex.h"

#define PPM 1000000u
#define DELAY_MAX_NS (600ull * 1000000000)

struct unit {
	const char *name;
	uint64_t factor;
};

/* "0.8" to 800000: at most six digits count, more are refused as noise. */
static int decimal_parse(const char *text, uint64_t scale, uint64_t *out, const char **end)
{
	uint64_t value = 0, digits = 0;
	const char *p = text;

	for (; isdigit((unsigned char)*p) && value < 1000000000; p++, digits++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (isdigit((unsigned char)*p))
		return -1;
	value *= scale;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++, digits++) {
			scale /= 10;
			if (!scale && *p != '0')
				return -1;
			value += scale * (uint64_t)(*p - '0');
		}
	*out = value;
	*end = p;
	return digits ? 0 : -1;
}

static int share_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL, *end = "";
	uint64_t ppm = 0;
	int err = decode_scalar(d, n, &text);

	if (err)
		return err;
	if (decimal_parse(text, PPM, &ppm, &end) || *end || ppm > PPM)
		return decode_fail(d, n->pos,
				   ": expected a share from 0 to 1 with at most 6 decimals, found "
				   "\"%.40s\"",
				   text);
	*(uint32_t *)out = (uint32_t)ppm;
	return 0;
}

static int probability_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_rule *r = (void *)((char *)out - offsetof(struct chaos_rule, probability_ppm));

	r->has_probability = true;
	return share_read(d, n, out);
}

static const struct unit *unit_find(const struct unit *units, size_t count, const char *text)
{
	const struct unit *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (!strncmp(units[i].name, text, strlen(units[i].name)) &&
		    (!found || strlen(units[i].name) > strlen(found->name)))
			found = &units[i];
	return found;
}

static int duration_parse(const char *text, uint64_t *out)
{
	static const struct unit units[] = {
		{"ns", 1},	   {"us", 1000},	  {"ms", 1000000},
		{"s", 1000000000}, {"m", 60000000000ull}, {"h", 3600000000000ull},
	};
	uint64_t total = 0;

	if (!strcmp(text, "0")) {
		*out = 0;
		return 0;
	}
	do {
		uint64_t part = 0;

		if (decimal_parse(text, PPM, &part, &text))
			return -1;
		const struct unit *u = unit_find(units, ARRAY_SIZE(units), text);
		unsigned __int128 ns = u ? (unsigned __int128)part * u->factor / PPM : 0;
		if (!u || ns > DELAY_MAX_NS)
			return -1;
		total += (uint64_t)ns;
		text += strlen(u->name);
	} while (*text);
	*out = total;
	return total > DELAY_MAX_NS ? -1 : 0;
}

static int duration_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_scalar(d, n, &text);

	if (!err && duration_parse(text, out))
		err = decode_fail(d, n->pos,
				  ": expected a time like 50ms, 1.5s or 1m30s up to 10m, found "
				  "\"%.40s\"",
				  text);
	return err;
}

static int rate_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct unit units[] = {
		{"bit", 1}, {"kbit", 1000}, {"mbit", 1000000}, {"gbit", 1000000000}};
	const char *text = NULL, *end = "";
	uint64_t part = 0;
	int err = decode_scalar(d, n, &text);

	if (err)
		return err;
	const struct unit *u = NULL;
	if (!decimal_parse(text, PPM, &part, &end))
		u = unit_find(units, ARRAY_SIZE(units), end);
	uint64_t bits = u ? (uint64_t)((unsigned __int128)part * u->factor / PPM) : 0;
	if (!u || strcmp(end, u->name) || !bits)
		return decode_fail(d, n->pos, ": expected a rate like 10mbit, found \"%.40s\"",
				   text);
	*(uint64_t *)out = bits;
	return 0;
}

static int filter_read(struct decoder *d, const struct node *n, void *out)
{
	struct error e = {0};
	int err = decode_text(d, n, out);

	if (!err && regex_check(*(const char **)out, &e))
		err = decode_fail(d, n->pos, ": \"%.60s\" is no regular expression: %s", n->text,
				  e.msg);
	return err;
}

static int status_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	uint64_t code;
	int err = decode_scalar(d, n, &text);

	if (!err && number_parse(text, 100, 599, &code))
		err = decode_fail(d, n->pos, ": expected 100 to 599, found \"%.20s\"", text);
	if (!err)
		*(uint32_t *)out = (uint32_t)code;
	return err;
}

static int word_read(struct decoder *d, const struct node *n, const char *const *words, void *out)
{
	int err = decode_scalar(d, n, out);

	for (size_t i = 0; !err && words[i]; i++)
		if (!strcmp(words[i], n->text))
			return 0;
	return err ? err
		   : decode_fail(d, n->pos, ": expected %s, %s or %s, found \"%.20s\"", words[0],
				 words[1], words[2], n->text);
}

static int abort_read(struct decoder *d, const struct node *n, void *out)
{
	return word_read(d, n, (const char *const[]){"reset", "timeout", "503", NULL}, out);
}

static int distribution_read(struct decoder *d, const struct node *n, void *out)
{
	return word_read(d, n, (const char *const[]){"uniform", "normal", "pareto", NULL}, out);
}

static int refuse_read(struct decoder *d, const struct node *n, void *out)
{
	struct node plain = *n;
	int8_t value = 0;

	plain.quoted = false; /* values may be text: "true" */
	int err = decode_bool(d, &plain, &value);
	*(bool *)out = value;
	return err;
}

static bool has_action(const struct chaos_rule *r)
{
	return r->delay_request_ns || r->delay_response_ns || r->connect_delay_ns || r->abort ||
	       r->loss_ppm || r->duplicate_ppm || r->corrupt_ppm || r->rate_bits ||
	       r->connect_refuse;
}

int read_chaos_rule(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("probability", struct chaos_rule, probability_ppm, probability_read),
		FIELD("delay-request", struct chaos_rule, delay_request_ns, duration_read),
		FIELD("delay-response", struct chaos_rule, delay_response_ns, duration_read),
		FIELD("jitter", struct chaos_rule, jitter_ns, duration_read),
		FIELD("distribution", struct chaos_rule, distribution, distribution_read),
		FIELD("abort", struct chaos_rule, abort, abort_read),
		FIELD("loss", struct chaos_rule, loss_ppm, share_read),
		FIELD("duplicate", struct chaos_rule, duplicate_ppm, share_read),
		FIELD("corrupt", struct chaos_rule, corrupt_ppm, share_read),
		FIELD("rate", struct chaos_rule, rate_bits, rate_read),
		FIELD("connect-delay", struct chaos_rule, connect_delay_ns, duration_read),
		FIELD("connect-refuse", struct chaos_rule, connect_refuse, refuse_read),
		FIELD("method", struct chaos_rule, method, filter_read),
		FIELD("path", struct chaos_rule, path, filter_read),
		FIELD("host", struct chaos_rule, host, filter_read),
		FIELD("status-code", struct chaos_rule, status_code, status_read),
		FIELD_REFUSED("rewrite-status", "needs the proxy"),
		FIELD_REFUSED("add-request-headers", "needs the proxy"),
		FIELD_REFUSED("add-response-headers", "needs the proxy"),
	};
	struct chaos_rule *r = out;

	*r = (struct chaos_rule){.pos = n->pos, .probability_ppm = PPM};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), r);
	if (err)
		return err;
	if (!has_action(r))
		decode_warn(d, n->pos, ": names no fault: the draw does nothing");
	bool delays = r->delay_request_ns || r->delay_response_ns || r->connect_delay_ns;
	if ((r->jitter_ns || r->distribution) && !delays)
		err = decode_fail(d, n->pos, ": jitter and distribution need a delay");
	else if (r->distribution && !r->jitter_ns)
		err = decode_fail(d, n->pos, ".distribution needs jitter");
	return err;
}

static bool text_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool filters_same(const struct chaos_rule *a, const struct chaos_rule *b)
{
	return text_same(a->method, b->method) && text_same(a->path, b->path) &&
	       text_same(a->host, b->host) && a->status_code == b->status_code;
}

/* Reports at the rule that makes the sum of its filters exceed 1; quadratic, but bounded. */
int chaos_rules_check(struct decoder *d, const struct list *rules)
{
	if (rules->count > 256)
		return decode_fail(d, rules->pos, ".rules.l7: at most 256 rules, found %u",
				   rules->count);
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct chaos_rule *r = list_at(rules, struct chaos_rule, i);
		uint64_t sum = r->probability_ppm;

		for (uint32_t j = 0; j < i; j++)
			if (filters_same(r, list_at(rules, struct chaos_rule, j)))
				sum += list_at(rules, struct chaos_rule, j)->probability_ppm;
		if (sum > PPM)
			return decode_fail(d, r->pos,
					   ".rules.l7[%u]: the shares of rules with these filters "
					   "add up to %" PRIu64 ".%06" PRIu64 ", more than 1",
					   i, sum / PPM, sum % PPM);
	}
	return 0;
}
