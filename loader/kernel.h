/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel must be able to do, and what is said when it is not.
 *
 * The probe looks; the judgement is a pure function of what was found.
 */
#ifndef LOADER_KERNEL_H
#define LOADER_KERNEL_H

#include <stdbool.h>

#include "lib/error.h"

#define KERNEL_MIN_MAJOR 6
#define KERNEL_MIN_MINOR 1

/**
 * struct kernel_facts - what was found
 * @release: uname -r
 * @bpf:     bpf(2) is there
 * @may_bpf: and this process may use it
 * @ringbuf, @lpm_trie, @lru_hash: map types
 * @redirect_peer, @ktime_coarse:  helpers for tc programs
 */
struct kernel_facts {
	char release[65];
	bool bpf;
	bool may_bpf;
	bool ringbuf;
	bool lpm_trie;
	bool lru_hash;
	bool redirect_peer;
	bool ktime_coarse;
};

/** kernel_probe - look; costs a millisecond or two */
void kernel_probe(struct kernel_facts *facts);

/** kernel_judge - 0, or -ENOTSUP (-EPERM) with @e: what is missing, what was found and expected */
int kernel_judge(const struct kernel_facts *facts, struct error *e);

/** kernel_is_old - is the release below the oldest one that is tested (KERNEL_MIN_*)? */
bool kernel_is_old(const char *release);

#endif
