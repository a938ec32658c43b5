/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Queueing disciplines of the delay line's devices.
 */
#ifndef LOADER_DELAY_QDISC_H
#define LOADER_DELAY_QDISC_H

/**
 * qdisc_set_fq - sch_fq that holds packets until their departure time and drops none of them
 *
 * Return: 0 or negative errno; -ENOENT: the kernel has no fq.
 */
int qdisc_set_fq(int ifindex);

/** qdisc_set_none - packets go to the device at once; 0 or negative errno */
int qdisc_set_none(int ifindex);

#endif
