/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Metrics of experiments; see metrics.h. */
#include <event2/buffer.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/chaos.h"
#include "loader/chaos_json.h"
#include "loader/chaos_map.h"
#include "loader/metrics_state.h"

static const char *const count_names[AXO_CHAOS_COUNT_MAX] = {
#define X(symbol, number, json, text) [number] = json,
	AXO_CHAOS_COUNTS(X)
#undef X
};

static void write_rule(const struct agent *agent, const struct experiment *x, uint32_t rule,
		       struct evbuffer *out)
{
	struct axo_chaos_stat s = chaos_map_stat(agent->datapath, x->row.number, rule);

	for (size_t i = 0; i < ARRAY_SIZE(count_names); i++)
		if (count_names[i] && i != AXO_CHAOS_COUNT_LATE_NS)
			evbuffer_add_printf(
				out,
				"axoneme_chaos_rule_total{experiment=\"%s\",rule=\"%u\","
				"what=\"%s\"} %llu\n",
				x->name, rule, count_names[i], (unsigned long long)s.count[i]);
}

static void write_late(const struct agent *agent, const struct experiment *x, uint32_t rule,
		       struct evbuffer *out)
{
	static const double shares[] = {0.5, 0.99};
	struct axo_chaos_stat s = chaos_map_stat(agent->datapath, x->row.number, rule);

	for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
		evbuffer_add_printf(out,
				    "axoneme_chaos_late_seconds{experiment=\"%s\",rule=\"%u\","
				    "quantile=\"%g\"} %.6f\n",
				    x->name, rule, shares[i],
				    (double)chaos_late_us(&s, shares[i]) / 1e6);
	evbuffer_add_printf(
		out,
		"axoneme_chaos_late_seconds_sum{experiment=\"%s\",rule=\"%u\"} %.6f\n"
		"axoneme_chaos_late_seconds_count{experiment=\"%s\",rule=\"%u\"} %llu\n",
		x->name, rule, (double)s.count[AXO_CHAOS_COUNT_LATE_NS] / 1e9, x->name, rule,
		(unsigned long long)s.count[AXO_CHAOS_COUNT_DELIVERED]);
}

#define experiments_each(agent, x)                                         \
	for (struct experiment *x = chaos_next((agent)->chaos, NULL); (x); \
	     (x) = chaos_next((agent)->chaos, (x)))

static void write_states(const struct agent *agent, struct evbuffer *out)
{
	metrics_head(out, "axoneme_chaos_running", "gauge", "1 while the experiment makes faults.");
	experiments_each(agent, x)
		evbuffer_add_printf(out, "axoneme_chaos_running{experiment=\"%s\"} %d\n", x->name,
				    chaos_state(x) == CHAOS_STATE_RUNNING);
	metrics_head(out, "axoneme_chaos_end_time_seconds", "gauge",
		     "When the experiment is over, in seconds since the epoch.");
	experiments_each(agent, x)
		evbuffer_add_printf(out, "axoneme_chaos_end_time_seconds{experiment=\"%s\"} %.3f\n",
				    x->name, (double)x->row.end_wall_us / 1e6);
	metrics_head(out, "axoneme_chaos_in_flight", "gauge", "Packets that are held.");
	experiments_each(agent, x)
		evbuffer_add_printf(out, "axoneme_chaos_in_flight{experiment=\"%s\"} %llu\n",
				    x->name, (unsigned long long)chaos_in_flight(agent->chaos, x));
	metrics_head(out, "axoneme_chaos_requests_total", "counter",
		     "Requests that drew; connections draw apart from them.");
	experiments_each(agent, x)
	{
		struct axo_chaos_run run = chaos_map_run(agent->datapath, x->row.number);

		evbuffer_add_printf(out, "axoneme_chaos_requests_total{experiment=\"%s\"} %llu\n",
				    x->name, (unsigned long long)run.ordinal);
	}
}

void chaos_metrics_write(const struct agent *agent, struct evbuffer *out)
{
	if (!agent->chaos || !chaos_next(agent->chaos, NULL))
		return;
	write_states(agent, out);
	metrics_head(out, "axoneme_chaos_rule_total", "counter", "What a rule did.");
	experiments_each(agent, x) for (uint32_t i = 0; i < x->value.rule_count; i++)
		write_rule(agent, x, i, out);
	metrics_head(out, "axoneme_chaos_late_seconds", "summary",
		     "Actual minus asked delay of what was held.");
	experiments_each(agent, x) for (uint32_t i = 0; i < x->value.rule_count; i++)
		write_late(agent, x, i, out);
}
