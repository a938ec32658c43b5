/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The drop counters of axo_drops, summed over the CPUs.
 */
#ifndef LOADER_DROP_COUNT_H
#define LOADER_DROP_COUNT_H

#include "axoneme/drop.h"

/**
 * drop_count_each - call @fn for each (reason, direction) that was ever counted
 * @fd: of axo_drops
 * Return: 0 or negative errno
 */
int drop_count_each(int fd,
		    void (*fn)(const struct axo_drop_key *key, const struct axo_drop_count *sum,
			       void *arg),
		    void *arg);

#endif
