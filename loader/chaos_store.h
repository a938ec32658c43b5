/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Experiments on disk: when each began and ends, its seed and its number, so that an agent that
 * comes back goes on where the one before was, and what is over stays over.
 *
 * Everything is written into the open transaction (loader/db.h).  Return: 0 or negative errno
 * with an error.
 */
#ifndef LOADER_CHAOS_STORE_H
#define LOADER_CHAOS_STORE_H

#include <sqlite3.h>
#include <stdint.h>

#include "lib/error.h"

#define CHAOS_BOOT_ID_MAX 40

/** enum chaos_ended - why it ended before its time */
enum chaos_ended { CHAOS_NOT_ENDED, CHAOS_STOPPED, CHAOS_ABORTED };

/**
 * struct chaos_row - an experiment: port rule number @part (policy/ref.h) of a policy
 * @kind, @namespace_, @name: the policy; @namespace_ "" = none
 * @hash:    of what the policy said
 * @number:  key of axo_chaos
 * @start_wall_us, @end_wall_us: CLOCK_REALTIME, for another boot
 * @start_ns, @end_ns: CLOCK_BOOTTIME of the boot @boot_id
 * @ended:   enum chaos_ended
 */
struct chaos_row {
	int kind;
	const char *namespace_;
	const char *name;
	uint32_t part;
	uint64_t hash;
	uint32_t number;
	uint64_t seed;
	int64_t start_wall_us;
	int64_t end_wall_us;
	int64_t start_ns;
	int64_t end_ns;
	const char *boot_id;
	int ended;
};

typedef int (*chaos_row_fn)(const struct chaos_row *row, void *arg);

int chaos_store_open(sqlite3 *db, struct error *e);
int chaos_store_put(sqlite3 *db, const struct chaos_row *row, struct error *e);
int chaos_store_delete(sqlite3 *db, const struct chaos_row *row, struct error *e);

/** chaos_store_each - texts of the row are valid in @fn only */
int chaos_store_each(sqlite3 *db, chaos_row_fn fn, void *arg, struct error *e);

#endif
