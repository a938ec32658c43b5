/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs' counters of axo_counts, summed over the CPUs.
 */
#ifndef LOADER_COUNT_H
#define LOADER_COUNT_H

#include <stdint.h>

#include "axoneme/count.h"

/** count_sum - counter @what of the map @fd; 0 when it cannot be read */
uint64_t count_sum(int fd, enum axo_count what);

#endif
