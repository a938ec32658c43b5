/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What pure headers of bpf/lib need, as plain C; include it before them.
 */
#ifndef TESTS_LIB_PURE_H
#define TESTS_LIB_PURE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define __noinline __attribute__((noinline, unused))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline, unused))

/** loop_run - what bpf_loop() does */
static inline void loop_run(__u32 times, long (*step)(__u32 i, void *ctx), void *ctx)
{
	for (__u32 i = 0; i < times && !step(i, ctx); i++)
		;
}

#endif
