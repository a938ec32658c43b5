/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sums of HTTP requests as metrics; see http_metrics.h. */
#include "loader/http_metrics.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include <event2/buffer.h>

#include "lib/cleanup.h"
#include "loader/agent.h"
#include "loader/datapath.h"

static void requests_write(const struct axo_http_sums *sums, struct evbuffer *out)
{
	static const char *const results[AXO_HTTP_SUMS] = {
		[AXO_HTTP_SUM_DENIED] = "denied",
		[1] = "1xx",
		[2] = "2xx",
		[3] = "3xx",
		[4] = "4xx",
		[5] = "5xx",
		[AXO_HTTP_SUM_OTHER] = "other",
	};

	evbuffer_add_printf(out, "# HELP axoneme_http_requests_total HTTP requests seen where HTTP "
				 "rules hold, by verdict and class of the response.\n"
				 "# TYPE axoneme_http_requests_total counter\n");
	for (size_t i = 0; i < AXO_HTTP_SUMS; i++)
		if (results[i])
			evbuffer_add_printf(out,
					    "axoneme_http_requests_total{result=\"%s\"} %llu\n",
					    results[i], (unsigned long long)sums->n[i]);
	evbuffer_add_printf(out,
			    "# HELP axoneme_http_resets_total Denied HTTP requests whose "
			    "connection was reset instead of answered.\n"
			    "# TYPE axoneme_http_resets_total counter\n"
			    "axoneme_http_resets_total %llu\n",
			    (unsigned long long)sums->n[AXO_HTTP_SUM_RESET]);
}

void http_sums_write(const struct axo_http_sums *sums, struct evbuffer *out)
{
	unsigned long long below = 0;

	requests_write(sums, out);
	evbuffer_add_printf(out, "# HELP axoneme_http_latency_seconds From the end of a request's "
				 "head to the first byte of its response.\n"
				 "# TYPE axoneme_http_latency_seconds histogram\n");
	for (int i = 0; i < AXO_HTTP_LATENCIES - 1; i++) {
		below += sums->latency[i];
		evbuffer_add_printf(out, "axoneme_http_latency_seconds_bucket{le=\"%.9g\"} %llu\n",
				    (double)(1ull << (AXO_HTTP_LATENCY_SHIFT + i)) / 1e9, below);
	}
	below += sums->latency[AXO_HTTP_LATENCIES - 1];
	evbuffer_add_printf(out,
			    "axoneme_http_latency_seconds_bucket{le=\"+Inf\"} %llu\n"
			    "axoneme_http_latency_seconds_sum %.9f\n"
			    "axoneme_http_latency_seconds_count %llu\n",
			    below, (double)sums->latency_ns / 1e9, below);
}

void http_metrics_write(const struct agent *agent, struct evbuffer *out)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct axo_http_sums *each = NULL;
	struct axo_http_sums sums = {0};
	uint32_t zero = 0;

	if (!agent->datapath || cpus <= 0)
		return;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each ||
	    bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_HTTP_SUMS), &zero, each) < 0)
		return;
	for (int cpu = 0; cpu < cpus; cpu++) {
		for (int i = 0; i < AXO_HTTP_SUMS; i++)
			sums.n[i] += each[cpu].n[i];
		for (int i = 0; i < AXO_HTTP_LATENCIES; i++)
			sums.latency[i] += each[cpu].latency[i];
		sums.latency_ns += each[cpu].latency_ns;
	}
	http_sums_write(&sums, out);
}
