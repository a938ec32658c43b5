/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Dry run: who would gain and who would lose access to whom, as docs/api.md shows it.
 */
#ifndef LOADER_POLICY_DRY_RUN_H
#define LOADER_POLICY_DRY_RUN_H

#include <jansson.h>
#include <stdint.h>

#include "lib/error.h"

struct policy_engine;
struct policy_source;

/** DRY_RUN_NAMES - so many peers of a change are named, the others counted */
#define DRY_RUN_NAMES 50

/**
 * struct dry_run_ask
 * @sources: @count, taken as by policy_change()
 * @warn:    called with @arg when it would fit, with how many entries there would be then, while the
 *           set is as it would be
 */
struct dry_run_ask {
	struct policy_source *sources;
	size_t count;
	void (*warn)(void *arg, uint64_t entries);
	void *arg;
};

/**
 * policy_dry_run - what policy_change() would do; nothing is changed
 * @out: a new reference: {"subjects", "changes"}
 * Return: 0, or what policy_change() would return
 */
int policy_dry_run(struct policy_engine *p, const struct dry_run_ask *ask, json_t **out,
		   struct error *e);

#endif
