/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting what is neither a passed packet nor a drop: include/axoneme/count.h. */
#ifndef BPF_LIB_COUNT_H
#define BPF_LIB_COUNT_H

#include "bpf/lib/maps.h"

/** count_add - per-CPU, and tc does not nest on a CPU: no atomic needed */
static __always_inline void count_add(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&axo_counts, &which);

	if (n)
		(*n)++;
}

#endif
