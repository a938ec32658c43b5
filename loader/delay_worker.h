/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The thread of the delay line: made while the agent has its privileges, so that it runs before
 * everybody else, and without any of them itself.  It works for one line at a time and sleeps in
 * between.
 */
#ifndef LOADER_DELAY_WORKER_H
#define LOADER_DELAY_WORKER_H

#include "lib/error.h"

struct delay_worker;

/** typedef delay_worker_fn - what the thread does for a line; returns when that is over */
typedef void (*delay_worker_fn)(void *arg);

/**
 * delay_worker_start - make the thread
 *
 * Its priority is real-time if the limits or CAP_SYS_NICE allow it; otherwise packets are late by
 * what others take of the processor.
 */
int delay_worker_start(struct delay_worker **w, struct error *e);

/** delay_worker_run - have it call @fn(@arg); it must be idle */
void delay_worker_run(struct delay_worker *w, delay_worker_fn fn, void *arg);

/** delay_worker_wait - until it is idle */
void delay_worker_wait(struct delay_worker *w);

/** delay_worker_stop - end the idle thread; NULL is fine */
void delay_worker_stop(struct delay_worker *w);

#endif
