/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments as the API shows them; see chaos_json.h. */
#include "loader/chaos_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/chaos_filter.h"
#include "loader/chaos_internal.h"
#include "loader/chaos_map.h"
#include "loader/chaos_radius.h"
#include "loader/clock.h"
#include "loader/policy_internal.h"
#include "loader/policy_rule_json.h"

/* A class ends where the next one begins, and the last that is in use with the latest. */
static uint64_t end_of(const struct axo_chaos_stat *s, uint32_t class_)
{
	uint64_t end = axo_chaos_late_us(class_ + 1), latest = s->late_max_ns / 1000;

	return end < latest ? end : latest;
}

uint64_t chaos_late_us(const struct axo_chaos_stat *s, double share)
{
	uint64_t total = 0, sum = 0;

	for (uint32_t i = 0; i < AXO_CHAOS_LATE_CLASSES; i++)
		total += s->late[i];
	for (uint32_t i = 0; total && i < AXO_CHAOS_LATE_CLASSES; i++) {
		sum += s->late[i];
		if ((double)sum >= share * (double)total && s->late[i])
			return end_of(s, i);
	}
	return 0;
}

static json_t *late_json(const struct axo_chaos_stat *s)
{
	json_t *classes = json_array();

	for (uint32_t i = 0; i < AXO_CHAOS_LATE_CLASSES; i++)
		if (s->late[i])
			json_array_append_new(classes,
					      json_pack("{s:I, s:I, s:I}", "fromUs",
							(json_int_t)axo_chaos_late_us(i), "toUs",
							(json_int_t)axo_chaos_late_us(i + 1),
							"count", (json_int_t)s->late[i]));
	return json_pack("{s:I, s:I, s:I, s:o}", "p50Us", (json_int_t)chaos_late_us(s, 0.5),
			 "p99Us", (json_int_t)chaos_late_us(s, 0.99), "maxUs",
			 (json_int_t)(s->late_max_ns / 1000), "classes", classes);
}

static void ns_add(json_t *faults, const char *what, uint64_t ns)
{
	if (ns % 1000000)
		json_array_append_new(faults, json_sprintf("%s %.3fms", what, (double)ns / 1e6));
	else if (ns)
		json_array_append_new(faults, json_sprintf("%s %" PRIu64 "ms", what, ns / 1000000));
}

static void share_add(json_t *faults, const char *what, uint32_t ppm)
{
	if (ppm)
		json_array_append_new(faults,
				      json_sprintf("%s %g", what, (double)ppm / AXO_CHAOS_ONE));
}

static json_t *faults_json(const struct axo_chaos_rule *r)
{
	static const struct {
		uint32_t bit;
		const char *text;
	} plain[] = {
		{AXO_CHAOS_ABORT_RESET, "abort reset"},
		{AXO_CHAOS_ABORT_TIMEOUT, "abort timeout"},
		{AXO_CHAOS_ABORT_503, "abort 503"},
		{AXO_CHAOS_CONNECT_REFUSE, "connect-refuse"},
	};
	json_t *faults = json_array();

	ns_add(faults, "delay-request", r->delay_request_ns);
	ns_add(faults, "delay-response", r->delay_response_ns);
	ns_add(faults, "connect-delay", r->connect_delay_ns);
	ns_add(faults, "jitter", r->jitter_ns);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (r->actions & plain[i].bit)
			json_array_append_new(faults, json_string(plain[i].text));
	share_add(faults, "loss", r->loss);
	share_add(faults, "duplicate", r->duplicate);
	share_add(faults, "corrupt", r->corrupt);
	if (r->rate_bytes_s)
		json_array_append_new(faults,
				      json_sprintf("rate %llubit",
						   (unsigned long long)r->rate_bytes_s * 8));
	return faults;
}

static json_t *filter_json(const struct agent *agent, const struct axo_chaos_rule *r)
{
	static const char *const names[] = {"method", "path", "host"};
	const struct chaos_filter *f = chaos_filter_get(agent->chaos, r->filter);
	json_t *filter = json_object();

	for (size_t i = 0; f && i < ARRAY_SIZE(names); i++)
		if (f->text[i])
			json_object_set_new(filter, names[i], json_string(f->text[i]));
	if (r->status)
		json_object_set_new(filter, "status-code", json_integer(r->status));
	return filter;
}

static json_t *rule_json(const struct agent *agent, const struct experiment *x, uint32_t i)
{
	const struct axo_chaos_rule *r = &x->value.rules[i];
	struct axo_chaos_stat s = chaos_map_stat(agent->datapath, x->row.number, i);
	json_t *rule = json_pack("{s:f, s:o, s:o, s:o}", "probability",
				 (double)r->share / AXO_CHAOS_ONE, "faults", faults_json(r),
				 "filter", filter_json(agent, r), "late", late_json(&s));

#define X(symbol, number, json, text) \
	json_object_set_new(rule, json, json_integer((json_int_t)s.count[number]));
	AXO_CHAOS_COUNTS(X)
#undef X
	return rule;
}

static json_t *time_json(int64_t wall_us)
{
	time_t s = (time_t)(wall_us / 1000000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&s, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_int_t remaining_s(const struct experiment *x)
{
	int64_t left_us = x->row.end_wall_us - (int64_t)clock_wall_us();
	enum chaos_state s = chaos_state(x);

	if ((s != CHAOS_STATE_RUNNING && s != CHAOS_STATE_SCHEDULED) || left_us < 0)
		return 0;
	return (json_int_t)(left_us / 1000000);
}

static json_t *guard_json(const struct chaos_options *o)
{
	if (o->guard == CHAOS_GUARD_DROPS)
		return json_sprintf("drops>%g%%", (double)o->guard_limit * 100 / AXO_CHAOS_ONE);
	if (o->guard == CHAOS_GUARD_FAULTS)
		return json_sprintf("faults>%" PRIu64, o->guard_limit);
	return json_string("");
}

/* Pods that it selects now. */
static struct chaos_radius radius_of(const struct agent *agent, const struct experiment *x)
{
	const char *ns = *x->row.namespace_ ? x->row.namespace_ : NULL;
	const struct policy *policy =
		policy_set_find(agent->policy->set, (enum policy_kind)x->row.kind, ns, x->row.name);
	struct chaos_radius radius = {0};

	if (policy)
		chaos_radius_of(agent->policy, policy, &radius);
	return radius;
}

static bool is_wide(const struct experiment *x, const struct chaos_radius *radius)
{
	return chaos_radius_is_wide(radius) && !x->options.allow_wide;
}

static void radius_add(const struct agent *agent, const struct experiment *x, json_t *out)
{
	struct chaos_radius radius = radius_of(agent, x);

	json_object_set_new(out, "endpoints", json_integer((json_int_t)radius.all));
	json_object_set_new(out, "wide", json_boolean(is_wide(x, &radius)));
}

json_t *chaos_status_json(const struct agent *agent)
{
	json_int_t count = 0, running = 0;
	json_t *wide = json_array();

	for (struct experiment *x = chaos_next(agent->chaos, NULL); x;
	     x = chaos_next(agent->chaos, x)) {
		struct chaos_radius radius = radius_of(agent, x);

		count++;
		if (chaos_state(x) != CHAOS_STATE_RUNNING)
			continue;
		running++;
		if (is_wide(x, &radius))
			json_array_append_new(wide,
					      json_pack("{s:s, s:s, s:I, s:I}", "name", x->name,
							"namespace", radius.namespace_, "selected",
							(json_int_t)radius.selected, "total",
							(json_int_t)radius.total));
	}
	return json_pack("{s:I, s:I, s:o}", "experiments", count, "running", running, "wide", wide);
}

json_t *chaos_json(const struct agent *agent, const struct experiment *x)
{
	struct axo_chaos_run run = chaos_map_run(agent->datapath, x->row.number);
	json_t *out = policy_rule_json(agent->policy, x->value.ref);
	json_t *rules = json_array();

	for (uint32_t i = 0; i < x->value.rule_count; i++)
		json_array_append_new(rules, rule_json(agent, x, i));
	json_object_del(out, "rule");
	json_object_set_new(out, "name", json_string(x->name));
	json_object_set_new(out, "policy", json_string(x->policy));
	json_object_set_new(out, "number", json_integer(x->row.number));
	json_object_set_new(out, "state", json_string(chaos_state_to_str(chaos_state(x))));
	json_object_set_new(out, "why", json_string(x->abort_why));
	json_object_set_new(out, "start", time_json(x->row.start_wall_us));
	json_object_set_new(out, "end", time_json(x->row.end_wall_us));
	json_object_set_new(out, "remainingSeconds", json_integer(remaining_s(x)));
	json_object_set_new(out, "dryRun", json_boolean(x->value.dry_run));
	json_object_set_new(out, "sampling",
			    json_string(x->value.sampling == AXO_CHAOS_EXACT ? "exact" : "random"));
	/* 64 bits: as text, or readers that have doubles lose some. */
	json_object_set_new(out, "seed", json_sprintf("%" PRIu64, x->row.seed));
	json_object_set_new(out, "maxInFlight", json_integer(x->value.max_in_flight));
	json_object_set_new(out, "abortOn", guard_json(&x->options));
	radius_add(agent, x, out);
	json_object_set_new(out, "requests", json_integer((json_int_t)run.ordinal));
	json_object_set_new(out, "connections", json_integer((json_int_t)run.connects));
	json_object_set_new(out, "pipelined", json_integer((json_int_t)run.pipelined));
	json_object_set_new(out, "inFlight",
			    json_integer((json_int_t)chaos_in_flight(agent->chaos, x)));
	json_object_set_new(out, "rules", rules);
	return out;
}
