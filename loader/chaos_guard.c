/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Guards: experiments that end themselves (axoneme.io/chaos-abort-on).
 *
 *   faults>N    the experiment made more than N faults
 *   drops>P%    of the packets that entered by devices of pods in the last CHAOS_GUARD_WINDOW_S,
 *               more than P % were dropped, for any reason but chaos itself, and there were at
 *               least CHAOS_GUARD_PACKETS_MIN.  The count is the host's: what the experiment does
 *               elsewhere is seen by other hosts
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "axoneme/drop.h"
#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/chaos_internal.h"
#include "loader/chaos_map.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/db.h"
#include "loader/drop_count.h"

/* Reasons of drops that chaos makes; see the blocks in axoneme/drop.h. */
#define DROP_CHAOS_FIRST 50
#define DROP_CHAOS_LAST 59

static void drops_add(const struct axo_drop_key *key, const struct axo_drop_count *n, void *arg)
{
	uint64_t *sum = arg;

	if (key->reason < DROP_CHAOS_FIRST || key->reason > DROP_CHAOS_LAST)
		*sum += n->packets;
}

/* /proc/net/dev: a line per device, "NAME: bytes packets ..." of what it received. */
static uint64_t packets_entered(void)
{
	_cleanup_free_ char *text = NULL;
	uint64_t sum = 0;
	char *rest, *line;

	if (file_read("/proc/self/net/dev", 16 << 20, &text, NULL) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		unsigned long long packets = 0;
		char name[32];

		if (sscanf(line, " %31[^:]: %*u %llu", name, &packets) == 2 &&
		    !strncmp(name, AXO_DEV_POD_PREFIX, strlen(AXO_DEV_POD_PREFIX)) &&
		    strcmp(name, AXO_DEV_HOST) != 0)
			sum += packets;
	}
	return sum;
}

static uint64_t faults_of(const struct chaos *c, const struct experiment *x)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < x->value.rule_count; i++) {
		struct axo_chaos_stat s = chaos_map_stat(c->agent->datapath, x->row.number, i);

		sum += s.count[AXO_CHAOS_COUNT_DRAWN] - s.count[AXO_CHAOS_COUNT_DRY] -
		       s.count[AXO_CHAOS_COUNT_LIMITED] - s.count[AXO_CHAOS_COUNT_YIELDED];
	}
	return sum;
}

static void abort_experiment(struct chaos *c, struct experiment *x)
{
	struct error e;
	int r = chaos_stop(c, x, &e);

	x->row.ended = CHAOS_ABORTED;
	if (r == 0)
		r = chaos_store_put(db_handle(c->agent->db), &x->row, &e);
	if (r < 0)
		log_error("chaos cannot be ended", "experiment", x->name, "err", e.msg);
	log_warn("chaos ended by its guard", "experiment", x->name, "why", x->abort_why);
}

/* Counts of the last seconds: the oldest of the ring is a window ago. */
static void sample_take(struct chaos *c)
{
	struct chaos_sample *s = &c->samples[c->sample_next++ % CHAOS_GUARD_WINDOW_S];

	*s = (struct chaos_sample){.packets = packets_entered()};
	drop_count_each(datapath_map_fd(c->agent->datapath, MAP_DROPS), drops_add, &s->drops);
}

static bool drops_exceed(struct chaos *c, struct experiment *x)
{
	const struct chaos_sample *now = &c->samples[(c->sample_next - 1) % CHAOS_GUARD_WINDOW_S];
	const struct chaos_sample *then =
		c->sample_next < CHAOS_GUARD_WINDOW_S
			? &c->samples[0]
			: &c->samples[c->sample_next % CHAOS_GUARD_WINDOW_S];
	uint64_t packets = now->packets - then->packets, drops = now->drops - then->drops;

	if (now->packets < then->packets || packets < CHAOS_GUARD_PACKETS_MIN ||
	    drops * AXO_CHAOS_ONE <= packets * x->options.guard_limit)
		return false;
	snprintf(x->abort_why, sizeof(x->abort_why), "%llu of %llu packets were dropped",
		 (unsigned long long)drops, (unsigned long long)packets);
	return true;
}

static bool faults_exceed(const struct chaos *c, struct experiment *x)
{
	uint64_t faults = faults_of(c, x);

	if (faults <= x->options.guard_limit)
		return false;
	snprintf(x->abort_why, sizeof(x->abort_why), "%llu faults were made",
		 (unsigned long long)faults);
	return true;
}

void chaos_guard_check(struct chaos *c)
{
	bool sampled = false;

	for (struct experiment *x = chaos_next(c, NULL); x; x = chaos_next(c, x)) {
		bool over = false;

		if (chaos_state(x) != CHAOS_STATE_RUNNING)
			continue;
		if (x->options.guard == CHAOS_GUARD_FAULTS)
			over = faults_exceed(c, x);
		if (x->options.guard == CHAOS_GUARD_DROPS) {
			if (!sampled)
				sample_take(c);
			sampled = true;
			over = drops_exceed(c, x);
		}
		if (over)
			abort_experiment(c, x);
	}
	/* What was counted before nobody asked is of no use later. */
	if (!sampled)
		c->sample_next = 0;
}
