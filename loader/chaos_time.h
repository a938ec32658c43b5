/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When an experiment begins and ends, by two clocks.
 *
 * Programs compare with CLOCK_BOOTTIME, which nobody can set and which runs on in suspend, but
 * which begins anew with every boot; what is on disk has the calendar as well, and the boot that
 * its nanoseconds are of.
 */
#ifndef LOADER_CHAOS_TIME_H
#define LOADER_CHAOS_TIME_H

#include "loader/chaos_store.h"
#include "policy/chaos.h"

/** struct chaos_moment - now: CLOCK_REALTIME, CLOCK_BOOTTIME, and the boot that the latter is of */
struct chaos_moment {
	int64_t wall_us;
	int64_t boot_ns;
	const char *boot_id;
};

/** chaos_times_set - a new experiment's: by the calendar, by how long from @now, or at once */
void chaos_times_set(struct chaos_row *row, const struct chaos_options *o,
		     const struct chaos_moment *now);

/**
 * chaos_times_move - of a row of the disk, for the boot that @now is of
 *
 * Nanoseconds of this boot stay, whatever was done to the calendar meanwhile.  Those of another boot
 * say nothing: the calendar decides, and may put start and end before the boot (negative).
 * @row->boot_id is the caller's to replace.
 */
void chaos_times_move(struct chaos_row *row, const struct chaos_moment *now);

#endif
