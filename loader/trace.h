/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Removing every trace of an agent: what `axonemed --cleanup` does.
 */
#ifndef LOADER_TRACE_H
#define LOADER_TRACE_H

#include "lib/error.h"
#include "loader/options.h"

/**
 * traces_remove - conflist, pods' devices, gateway pair, pins (and with them maps, programs and
 * links), socket, database
 *
 * Everything that can be removed is, whatever else fails; twice is the same as once.
 * Return: 0; -EBUSY: an agent runs; otherwise the first error, with @e
 */
int traces_remove(const struct options *opt, struct error *e);

#endif
