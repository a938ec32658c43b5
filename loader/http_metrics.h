/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sums of HTTP requests (axo_http_sums) as metrics. */
#ifndef LOADER_HTTP_METRICS_H
#define LOADER_HTTP_METRICS_H

#include "axoneme/event_l7.h"

struct agent;
struct evbuffer;

/** http_metrics_write - of the programs of @agent; nothing while there are none */
void http_metrics_write(const struct agent *agent, struct evbuffer *out);

/** http_sums_write - the text of @sums, which is of all CPUs.  Pure */
void http_sums_write(const struct axo_http_sums *sums, struct evbuffer *out);

#endif
