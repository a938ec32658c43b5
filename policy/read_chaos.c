/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Chaos rules: a flat object of texts and numbers per fault.
 *
 * Shares become millionths, times nanoseconds (Go's notation: 1h2m3.5s, 50ms), rates bits per
 * second.  Shares of rules with the same filters may not exceed 1 together.
 */
#include "policy/read.h"

#include <inttypes.h>
#include <string.h>

#include "axoneme/chaos.h"
#include "lib/cleanup.h"
#include "lib/number.h"
#include "policy/chaos_compile.h"
#include "policy/read_scale.h"

static int share_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_scalar(d, n, &text);

	if (!err && scale_share(text, out))
		err = decode_fail(d, n->pos,
				  ": expected a share from 0 to 1 with at most 6 decimals, found "
				  "\"%.40s\"",
				  text);
	return err;
}

static int probability_read(struct decoder *d, const struct node *n, void *out)
{
	struct chaos_rule *r = (void *)((char *)out - offsetof(struct chaos_rule, probability_ppm));

	int err = share_read(d, n, out);

	if (!err && !r->probability_ppm)
		err = decode_fail(d, n->pos, ": expected more than 0: such a rule is never drawn");
	r->has_probability = true;
	return err;
}

static int duration_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_scalar(d, n, &text);

	if (!err && scale_duration(text, AXO_CHAOS_DELAY_MAX_NS, out))
		err = decode_fail(d, n->pos,
				  ": expected a time like 50ms, 1.5s or 30s, up to 60s, found "
				  "\"%.40s\"",
				  text);
	return err;
}

static int rate_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_scalar(d, n, &text);

	if (!err && scale_rate(text, out))
		err = decode_fail(d, n->pos, ": expected a rate like 10mbit, found \"%.40s\"",
				  text);
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

/* What a rule does must be still to come when it is known that the rule is for the request. */
static int timing_check(struct decoder *d, const struct node *n, const struct chaos_rule *r)
{
	bool connects = r->connect_delay_ns || r->connect_refuse;

	if (connects && (chaos_has_filter(r) || r->status_code))
		return decode_fail(d, n->pos,
				   ": connect-delay and connect-refuse come before any request: "
				   "method, path, host and status-code say nothing of it");
	if (r->status_code && (r->abort || r->delay_request_ns))
		return decode_fail(
			d, n->pos,
			": status-code is known when the response begins: %s is too late "
			"then",
			r->abort ? "abort" : "delay-request");
	return 0;
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
		FIELD("method", struct chaos_rule, method, read_regex),
		FIELD("path", struct chaos_rule, path, read_regex),
		FIELD("host", struct chaos_rule, host, read_regex),
		FIELD("status-code", struct chaos_rule, status_code, status_read),
		FIELD_REFUSED("rewrite-status", "needs the proxy"),
		FIELD_REFUSED("add-request-headers", "needs the proxy"),
		FIELD_REFUSED("add-response-headers", "needs the proxy"),
	};
	struct chaos_rule *r = out;

	*r = (struct chaos_rule){.pos = n->pos, .probability_ppm = AXO_CHAOS_ONE};
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
	else if (r->abort && r->delay_response_ns)
		err = decode_fail(d, n->pos,
				  ": abort and delay-response: an aborted request has no response");
	else if (r->connect_refuse && r->connect_delay_ns)
		err = decode_fail(d, n->pos,
				  ": connect-refuse and connect-delay exclude each other");
	return err ? err : timing_check(d, n, r);
}

/* Reports at the rule that makes the sum of its filters exceed 1; quadratic, but bounded. */
int chaos_rules_check(struct decoder *d, const struct list *rules)
{
	if (rules->count > AXO_CHAOS_RULES)
		return decode_fail(d, rules->pos, ".rules.l7: at most %d rules, found %u",
				   AXO_CHAOS_RULES, rules->count);
	for (uint32_t i = 0; i < rules->count; i++) {
		const struct chaos_rule *r = list_at(rules, struct chaos_rule, i);
		uint64_t sum = r->probability_ppm;

		for (uint32_t j = 0; j < i; j++)
			if (chaos_filters_same(r, list_at(rules, struct chaos_rule, j)))
				sum += list_at(rules, struct chaos_rule, j)->probability_ppm;
		if (sum > AXO_CHAOS_ONE)
			return decode_fail(d, r->pos,
					   ".rules.l7[%u]: the shares of rules with these filters "
					   "add up to %" PRIu64 ".%06" PRIu64 ", more than 1",
					   i, sum / AXO_CHAOS_ONE, sum % AXO_CHAOS_ONE);
	}
	return 0;
}
