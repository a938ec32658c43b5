/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prometheus text format (version 0.0.4) of the agent's metrics; see metrics.h.
 *
 * Whatever is not there yet (the agent is starting) is left out rather than shown as 0.
 */
#include <stddef.h>
#include <sys/types.h>

#include <event2/buffer.h>

#include "ipam/ipam.h"
#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/api_prefilter.h"
#include "loader/boottime.h"
#include "loader/clock.h"
#include "loader/count.h"
#include "loader/datapath.h"
#include "loader/drop_count.h"
#include "loader/endpoint.h"
#include "loader/event_json.h"
#include "loader/flow_gc.h"
#include "loader/http_metrics.h"
#include "loader/identity.h"
#include "loader/metrics_state.h"
#include "loader/policy_engine.h"
#include "loader/queue.h"
#include "loader/reaper.h"

void metrics_head(struct evbuffer *out, const char *name, const char *type, const char *help)
{
	evbuffer_add_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct evbuffer *out, const char *name, const char *type, const char *help,
		   uint64_t value)
{
	metrics_head(out, name, type, help);
	evbuffer_add_printf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void drop_packets(const struct axo_drop_key *key, const struct axo_drop_count *sum,
			 void *out)
{
	char reason[16];

	evbuffer_add_printf(out,
			    "axoneme_drop_packets_total{reason=\"%s\",direction=\"%s\"} %llu\n",
			    drop_reason_name(key->reason, reason), drop_dir_name(key->dir),
			    sum->packets);
}

static void drop_bytes(const struct axo_drop_key *key, const struct axo_drop_count *sum, void *out)
{
	char reason[16];

	evbuffer_add_printf(out, "axoneme_drop_bytes_total{reason=\"%s\",direction=\"%s\"} %llu\n",
			    drop_reason_name(key->reason, reason), drop_dir_name(key->dir),
			    sum->bytes);
}

/* What the prefilter drops is counted by group only. */
static void write_drops(const struct agent *agent, struct evbuffer *out)
{
	static const struct axo_drop_key prefilter = {AXO_DROP_PREFILTER, AXO_DIR_INGRESS};
	struct axo_drop_count sum = {0};
	int fd;

	if (!agent->datapath)
		return;
	fd = datapath_map_fd(agent->datapath, MAP_DROPS);
	metrics_head(out, "axoneme_drop_packets_total", "counter", "Packets dropped.");
	drop_count_each(fd, drop_packets, out);
	if (prefilter_drops(agent, &sum) == 0 && sum.packets)
		drop_packets(&prefilter, &sum, out);
	metrics_head(out, "axoneme_drop_bytes_total", "counter",
		     "Bytes dropped, from the Ethernet header on.");
	drop_count_each(fd, drop_bytes, out);
	if (sum.packets)
		drop_bytes(&prefilter, &sum, out);
	prefilter_metrics(agent, out);
}

static void write_counts(const struct agent *agent, struct evbuffer *out)
{
	static const char *const names[AXO_COUNT_MAX] = {
#define X(symbol, number, json, text) [AXO_COUNT_##symbol] = json,
		AXO_COUNTS(X)
#undef X
	};
	int fd;

	if (!agent->datapath)
		return;
	fd = datapath_map_fd(agent->datapath, MAP_COUNTS);
	metrics_head(out, "axoneme_datapath_total", "counter", "What programs count beside drops.");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] && i != AXO_COUNT_EVENT_LOST)
			evbuffer_add_printf(out, "axoneme_datapath_total{what=\"%s\"} %llu\n",
					    names[i], (unsigned long long)count_sum(fd, i));
	metrics_head(out, "axoneme_events_lost_total", "counter",
		     "Events lost: the ring was full, or a listener did not read in time.");
	evbuffer_add_printf(out,
			    "axoneme_events_lost_total{where=\"ring\"} %llu\n"
			    "axoneme_events_lost_total{where=\"listener\"} %llu\n",
			    (unsigned long long)count_sum(fd, AXO_COUNT_EVENT_LOST),
			    (unsigned long long)metrics_get(agent->metrics, METRIC_EVENTS_LOST));
}

static void write_flow_counts(const struct agent *agent, struct evbuffer *out)
{
	if (!agent->flow_gc)
		return;
	metrics_head(out, "axoneme_map_entries", "gauge",
		     "Flows in a flow table, as of the last sweep (every 10 seconds).");
	evbuffer_add_printf(out,
			    "axoneme_map_entries{map=\"" AXO_MAP_FLOW "\"} %llu\n"
			    "axoneme_map_entries{map=\"" AXO_MAP_FLOW_LRU "\"} %llu\n",
			    (unsigned long long)flow_gc_count(agent->flow_gc, 0),
			    (unsigned long long)flow_gc_count(agent->flow_gc, 1));
}

static void write_maps(const struct agent *agent, struct evbuffer *out)
{
	struct datapath_map_info info[MAP_COUNT];
	bool known[MAP_COUNT];

	if (!agent->datapath)
		return;
	for (int i = 0; i < MAP_COUNT; i++)
		known[i] = !datapath_map_info(agent->datapath, i, &info[i]);
	metrics_head(out, "axoneme_map_bytes", "gauge", "Kernel memory of a map.");
	for (int i = 0; i < MAP_COUNT; i++)
		if (known[i])
			evbuffer_add_printf(out, "axoneme_map_bytes{map=\"%s\"} %llu\n",
					    info[i].name, (unsigned long long)info[i].bytes);
	metrics_head(out, "axoneme_map_max_entries", "gauge", "Entries that a map can hold.");
	for (int i = 0; i < MAP_COUNT; i++)
		if (known[i])
			evbuffer_add_printf(out, "axoneme_map_max_entries{map=\"%s\"} %u\n",
					    info[i].name, info[i].max_entries);
}

static size_t identity_count(const struct identity_table *t)
{
	const struct identity *id = NULL;
	size_t n = 0;

	while ((id = identity_next(t, id)))
		n++;
	return n;
}

static void write_tables(const struct agent *agent, struct evbuffer *out)
{
	if (agent->endpoints)
		single(out, "axoneme_endpoints", "gauge", "Endpoints of this host.",
		       endpoint_count(agent->endpoints));
	if (agent->identities)
		single(out, "axoneme_identities", "gauge",
		       "Security identities known, reserved ones included.",
		       identity_count(agent->identities));
	if (agent->reaper)
		single(out, "axoneme_removals_pending", "gauge",
		       "Devices that are still to be removed.", reaper_pending(agent->reaper));
	if (agent->queue)
		single(out, "axoneme_queue_drained_total", "counter",
		       "DELs taken from the plugin's queue.", queue_drained(agent->queue));
}

static void write_policies(const struct agent *agent, struct evbuffer *out)
{
	struct policy_numbers n;

	if (!agent->policy)
		return;
	policy_numbers(agent->policy, &n);
	single(out, "axoneme_policies", "gauge", "Policies and other objects in force.",
	       n.policies);
	single(out, "axoneme_policy_files_broken", "gauge",
	       "Files of the policy directory that are not in force as they are.", n.broken_files);
	single(out, "axoneme_policy_entries", "gauge", "Entries of policies in the maps.",
	       n.entries);
	single(out, "axoneme_policy_entries_limit", "gauge", "How many the map can hold.",
	       n.entries_limit);
	single(out, "axoneme_policy_peers", "gauge", "Peers of policies in the maps.", n.peers);
	single(out, "axoneme_policy_peers_denied", "gauge",
	       "Peers that a policy has no room for: all is denied to them there.", n.peers_denied);
	single(out, "axoneme_policy_subjects_denied", "gauge",
	       "Sets of labels whose policy does not fit: all is denied to them.",
	       n.subjects_denied);
	single(out, "axoneme_policy_prefix_identities", "gauge",
	       "Identities of prefixes that policies name.", n.prefixes);
	single(out, "axoneme_policy_compiled_total", "counter",
	       "Compilations of a policy for a set of labels.", n.compiled_total);
}

static void pool_line(struct evbuffer *out, int family, const char *state, uint64_t value)
{
	evbuffer_add_printf(out, "axoneme_ipam_addresses{family=\"ipv%d\",state=\"%s\"} %llu\n",
			    family, state, (unsigned long long)value);
}

static void write_pool_states(struct evbuffer *out, int family, const struct pool_stats *s)
{
	uint64_t taken = s->used + s->releasing + s->cooling;

	pool_line(out, family, "used", s->used);
	pool_line(out, family, "releasing", s->releasing);
	pool_line(out, family, "cooling", s->cooling);
	pool_line(out, family, "free", s->size > taken ? s->size - taken : 0);
}

static void pool_counter(struct evbuffer *out, const char *name, int family, uint64_t value)
{
	evbuffer_add_printf(out, "%s{family=\"ipv%d\"} %llu\n", name, family,
			    (unsigned long long)value);
}

static void write_pools(const struct agent *agent, struct evbuffer *out)
{
	static const int families[] = {4, 6};
	struct pool_stats stats[ARRAY_SIZE(families)];
	bool have[ARRAY_SIZE(families)];

	if (!agent->ipam)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		have[i] = ipam_stats(agent->ipam, families[i], boottime_ms(), &stats[i]);
	metrics_head(out, "axoneme_ipam_addresses", "gauge", "Addresses of the pod CIDR by state.");
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (have[i])
			write_pool_states(out, families[i], &stats[i]);
	metrics_head(out, "axoneme_ipam_reused_early_total", "counter",
		     "Addresses handed out before their cool-down was over.");
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (have[i])
			pool_counter(out, "axoneme_ipam_reused_early_total", families[i],
				     stats[i].reused_early);
	metrics_head(out, "axoneme_ipam_exhausted_total", "counter",
		     "Requests that found no free address.");
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (have[i])
			pool_counter(out, "axoneme_ipam_exhausted_total", families[i],
				     stats[i].exhausted);
}

static const char *command_name(enum metric_command command)
{
	static const char *const names[METRIC_COMMANDS] = {
		[METRIC_NONE] = "",
		[METRIC_ADD_RESERVE] = "add_reserve",
		[METRIC_ADD_ATTACH] = "add_attach",
		[METRIC_DEL] = "del",
		[METRIC_FLUSH] = "flush",
		[METRIC_CHECK] = "check",
		[METRIC_GC] = "gc",
		[METRIC_STATUS] = "status",
	};

	return names[command];
}

static void write_codes(const struct metrics *m, struct evbuffer *out)
{
	metrics_head(out, "axoneme_cni_requests_total", "counter",
		     "Answers to the CNI plugin; code 0 is success.");
	for (enum metric_command c = METRIC_NONE + 1; c < METRIC_COMMANDS; c++) {
		const struct metric_requests *r = &m->requests[c];

		for (size_t i = 0; i < METRIC_CODES && r->codes[i].count; i++)
			evbuffer_add_printf(
				out,
				"axoneme_cni_requests_total{command=\"%s\",code=\"%u\"} %llu\n",
				command_name(c), r->codes[i].code,
				(unsigned long long)r->codes[i].count);
	}
}

static void write_histogram(const struct metric_requests *r, const char *command,
			    struct evbuffer *out)
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < METRIC_BOUNDS; i++) {
		sum += r->buckets[i];
		evbuffer_add_printf(
			out, "axoneme_cni_request_seconds_bucket{command=\"%s\",le=\"%g\"} %llu\n",
			command, metric_bounds_us[i] / 1e6, sum);
	}
	sum += r->buckets[METRIC_BOUNDS];
	evbuffer_add_printf(out,
			    "axoneme_cni_request_seconds_bucket{command=\"%s\",le=\"+Inf\"} %llu\n"
			    "axoneme_cni_request_seconds_sum{command=\"%s\"} %.6f\n"
			    "axoneme_cni_request_seconds_count{command=\"%s\"} %llu\n",
			    command, sum, command, r->sum_us / 1e6, command, sum);
}

static void write_requests(const struct metrics *m, struct evbuffer *out)
{
	if (!m)
		return;
	write_codes(m, out);
	metrics_head(out, "axoneme_cni_request_seconds", "histogram",
		     "Time to answer the CNI plugin, commit included.");
	for (enum metric_command c = METRIC_NONE + 1; c < METRIC_COMMANDS; c++)
		if (m->requests[c].codes[0].count)
			write_histogram(&m->requests[c], command_name(c), out);
}

static void write_process(const struct agent *agent, struct evbuffer *out)
{
	double age_s = (clock_us() - agent->started_ms * 1000) / 1e6;

	metrics_head(out, "axoneme_build_info", "gauge", "Always 1; the version is in the label.");
	evbuffer_add_printf(out, "axoneme_build_info{version=\"%s\"} 1\n", AXO_VERSION);
	single(out, "process_resident_memory_bytes", "gauge", "Resident memory of the agent.",
	       metrics_rss_bytes());
	metrics_head(out, "process_start_time_seconds", "gauge",
		     "When the agent was started, in seconds since the epoch.");
	evbuffer_add_printf(out, "process_start_time_seconds %.3f\n",
			    clock_wall_us() / 1e6 - age_s);
}

void metrics_write(struct agent *agent, struct evbuffer *out)
{
	write_drops(agent, out);
	write_counts(agent, out);
	http_metrics_write(agent, out);
	write_tables(agent, out);
	write_policies(agent, out);
	chaos_metrics_write(agent, out);
	write_pools(agent, out);
	write_requests(agent->metrics, out);
	write_flow_counts(agent, out);
	write_maps(agent, out);
	write_process(agent, out);
}
