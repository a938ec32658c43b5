/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments in the maps; see chaos_map.h. */
#include "loader/chaos_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "loader/datapath.h"

static int counters_make(const struct datapath *dp, uint32_t number, const struct axo_chaos *c)
{
	static const struct axo_chaos_run run;
	static const struct axo_chaos_stat stat;
	int r = bpf_map_update_elem(datapath_map_fd(dp, MAP_CHAOS_RUN), &number, &run, BPF_NOEXIST);

	if (r < 0 && errno != EEXIST)
		return -errno;
	for (uint32_t i = 0; i < c->rule_count; i++) {
		struct axo_chaos_stat_key key = {.experiment = number, .rule = i};

		r = bpf_map_update_elem(datapath_map_fd(dp, MAP_CHAOS_STAT), &key, &stat,
					BPF_NOEXIST);
		if (r < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int chaos_map_write(struct datapath *dp, uint32_t number, const struct axo_chaos *c, bool fresh,
		    struct error *e)
{
	int r;

	if (fresh)
		chaos_map_delete(dp, number);
	r = counters_make(dp, number, c);
	if (r == 0 && bpf_map_update_elem(datapath_map_fd(dp, MAP_CHAOS), &number, c, BPF_ANY) < 0)
		r = -errno;
	if (r < 0)
		return error_set(e, r, "cannot write experiment %u into the maps: %s", number,
				 strerror(-r));
	return 0;
}

int chaos_map_read(const struct datapath *dp, uint32_t number, struct axo_chaos *c)
{
	return bpf_map_lookup_elem(datapath_map_fd(dp, MAP_CHAOS), &number, c) < 0 ? -errno : 0;
}

void chaos_map_delete(struct datapath *dp, uint32_t number)
{
	bpf_map_delete_elem(datapath_map_fd(dp, MAP_CHAOS), &number);
	bpf_map_delete_elem(datapath_map_fd(dp, MAP_CHAOS_RUN), &number);
	for (uint32_t i = 0; i < AXO_CHAOS_RULES; i++) {
		struct axo_chaos_stat_key key = {.experiment = number, .rule = i};

		bpf_map_delete_elem(datapath_map_fd(dp, MAP_CHAOS_STAT), &key);
	}
}

void chaos_map_numbers(struct datapath *dp, bool *used)
{
	int fd = datapath_map_fd(dp, MAP_CHAOS);
	uint32_t key, next;
	int r = bpf_map_get_next_key(fd, NULL, &next);

	/* Nobody adds or removes meanwhile: the agent is the only writer. */
	while (r == 0) {
		if (next < AXO_MAX_CHAOS)
			used[next] = true;
		key = next;
		r = bpf_map_get_next_key(fd, &key, &next);
	}
}

int chaos_map_renew(struct datapath *dp, uint64_t renewed_ns)
{
	const struct axo_chaos_lease lease = {.renewed_ns = renewed_ns};
	uint32_t key = 0;

	return bpf_map_update_elem(datapath_map_fd(dp, MAP_CHAOS_LEASE), &key, &lease, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

struct axo_chaos_run chaos_map_run(const struct datapath *dp, uint32_t number)
{
	struct axo_chaos_run run = {0};

	bpf_map_lookup_elem(datapath_map_fd(dp, MAP_CHAOS_RUN), &number, &run);
	return run;
}

struct axo_chaos_stat chaos_map_stat(const struct datapath *dp, uint32_t number, uint32_t rule)
{
	struct axo_chaos_stat_key key = {.experiment = number, .rule = rule};
	struct axo_chaos_stat stat = {0};

	bpf_map_lookup_elem(datapath_map_fd(dp, MAP_CHAOS_STAT), &key, &stat);
	return stat;
}
