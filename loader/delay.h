/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The delay line as the agent has it: there while an experiment needs it, by fq if the kernel has
 * it, else by a TAP device and a thread.
 *
 * It tells programs where it is (map axo_delay) and which packets will never come out of it (map
 * axo_delay_lost).  The agent's thread calls these functions.
 */
#ifndef LOADER_DELAY_H
#define LOADER_DELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "loader/delay_line.h"
#include "loader/delay_queue.h"

struct agent;
struct delay;

/**
 * struct delay_status
 * @asked:  option chaos-delay
 * @mode:   "none" (no experiment needs it), "tap" or "fq"
 * @device: name of the device, or ""
 * @line:   TAP: numbers of the thread; fq: zero
 */
struct delay_status {
	const char *asked;
	const char *mode;
	const char *device;
	struct delay_line_stats line;
};

/** delay_prepare - what needs privileges; there is no delay line yet */
int delay_prepare(struct delay **d, struct agent *agent, struct error *e);

/** delay_start - the event loop runs soon: go on where the agent before was */
int delay_start(struct delay *d, struct error *e);

/** delay_close - what a TAP holds is delivered; what fq holds stays there */
void delay_close(struct delay *d);

/**
 * delay_want - an experiment that holds packets exists, or none does any more
 *
 * Cheap when nothing changes.  What is held when the line is no longer wanted is delivered.
 *
 * Return: 0, or negative errno with @e: there is no delay line, and nothing will be held.
 */
int delay_want(struct delay *d, bool wanted, struct error *e);

/**
 * delay_hasten - deliver what @experiment (or DELAY_ALL) holds
 * Call it when faults have ended.  fq cannot: what it holds comes at its time.
 */
void delay_hasten(struct delay *d, uint32_t experiment);

/** delay_in_flight - packets of @experiment in the line */
uint64_t delay_in_flight(const struct delay *d, uint32_t experiment);

void delay_read_status(const struct delay *d, struct delay_status *out);

#endif
