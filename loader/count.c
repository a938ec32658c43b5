/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The programs' counters; see count.h. */
#include "loader/count.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "lib/cleanup.h"

uint64_t count_sum(int fd, enum axo_count what)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ uint64_t *counts = cpus > 0 ? calloc(cpus, sizeof(*counts)) : NULL;
	uint32_t key = what;
	uint64_t sum = 0;

	if (!counts || bpf_map_lookup_elem(fd, &key, counts))
		return 0;
	for (int i = 0; i < cpus; i++)
		sum += counts[i];
	return sum;
}
