/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The prefilter's table in the kernel: a map of its own, and the slot that programs look into.
 */
#ifndef LOADER_PREFILTER_MAP_H
#define LOADER_PREFILTER_MAP_H

#include <stdint.h>

#include "loader/prefilter_table.h"

/** struct pf_maps - axo_prefilter and axo_pf_head */
struct pf_maps {
	int slots_fd;
	int head_fd;
};

/**
 * pf_map_install - write @t into the bank that is not in force, and put that in force
 * @bytes: of its chunks
 *
 * When it returns no program looks at the old table any more, and its memory is free.  The kernel
 * waits for programs whenever a chunk comes or goes: some 10 ms for each.
 * Return: 0 or negative errno; the old table is in force then.
 */
int pf_map_install(const struct pf_maps *m, const struct pf_table *t, uint64_t *bytes);

/** pf_map_counts - add up what CPUs counted for the first @groups groups; 0 or negative errno */
int pf_map_counts(int count_fd, struct axo_pf_count *out, size_t groups);

#endif
