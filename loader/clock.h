/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Time as the API and the metrics need it.
 */
#ifndef LOADER_CLOCK_H
#define LOADER_CLOCK_H

#include <stdint.h>
#include <time.h>

/** clock_us - CLOCK_MONOTONIC in microseconds: the clock of programs and of agent->started_ms */
static inline uint64_t clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/** clock_wall_us - CLOCK_REALTIME in microseconds */
static inline uint64_t clock_wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif
