/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The clock of address pools: it runs on while the machine sleeps.
 */
#ifndef LOADER_BOOTTIME_H
#define LOADER_BOOTTIME_H

#include <stdint.h>
#include <time.h>

/** boottime_ms - CLOCK_BOOTTIME in milliseconds */
static inline int64_t boottime_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
