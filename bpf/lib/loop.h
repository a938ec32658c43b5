/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Loops that the verifier sees once: bpf_loop() (5.17).
 *
 * A step returns 0 to go on and 1 to stop.  What it changes lies in map memory, never behind
 * @ctx: kernels before 6.7 think that a step runs exactly once.
 *
 * Headers that are compiled for tests, too, say loop_run() and are included behind this one, or
 * behind tests/lib/pure.h, which has the same as plain C.
 */
#ifndef BPF_LIB_LOOP_H
#define BPF_LIB_LOOP_H

#include "bpf/lib/config.h"

#define loop_run(times, step, ctx) bpf_loop(times, step, ctx, 0)

#endif
