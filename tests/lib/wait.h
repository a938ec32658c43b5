/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Waiting for what tells nobody when it happens (a counter, a state of the kernel): poll it every
 * millisecond, for ten seconds at most.
 */
#ifndef TESTS_LIB_WAIT_H
#define TESTS_LIB_WAIT_H

#include <poll.h>
#include <stdint.h>
#include <time.h>

#define WAIT_S 10

static inline uint64_t wait_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* wait_until - is @condition, which is evaluated again and again, true before the time is up? */
#define wait_until(condition)                                                   \
	({                                                                      \
		uint64_t wait_end = wait_now_ms() + WAIT_S * 1000U;             \
		int wait_yes;                                                   \
                                                                                \
		while (!(wait_yes = !!(condition)) && wait_now_ms() < wait_end) \
			poll(NULL, 0, 1);                                       \
		wait_yes;                                                       \
	})

#endif
