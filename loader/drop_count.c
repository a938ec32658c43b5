/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Drop counters; see drop_count.h. */
#include "loader/drop_count.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "axoneme/limits.h"
#include "lib/cleanup.h"

int drop_count_each(int fd,
		    void (*fn)(const struct axo_drop_key *key, const struct axo_drop_count *sum,
			       void *arg),
		    void *arg)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct axo_drop_count *counts = NULL;
	struct axo_drop_key key;
	struct axo_drop_key *prev = NULL;

	if (cpus < 0)
		return cpus;
	counts = calloc(cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	/* Bounded, because a key that is deleted meanwhile sends the walk back to the start. */
	for (int n = 0; n < AXO_MAX_DROP_KEYS && !bpf_map_get_next_key(fd, prev, &key); n++) {
		struct axo_drop_count sum = {0};

		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, counts))
			continue;
		for (int i = 0; i < cpus; i++) {
			sum.packets += counts[i].packets;
			sum.bytes += counts[i].bytes;
		}
		fn(&key, &sum, arg);
	}
	return 0;
}
