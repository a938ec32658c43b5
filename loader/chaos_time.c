/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Begin and end of experiments; see chaos_time.h. */
#include "loader/chaos_time.h"

#include <string.h>

void chaos_times_set(struct chaos_row *row, const struct chaos_options *o,
		     const struct chaos_moment *now)
{
	int64_t after_us = (int64_t)(o->start_after_ns / 1000);

	if (o->start_wall_s)
		after_us = o->start_wall_s * 1000000 - now->wall_us;
	row->start_wall_us = now->wall_us + after_us;
	row->start_ns = now->boot_ns + after_us * 1000;
	row->end_wall_us = row->start_wall_us + (int64_t)(o->duration_ns / 1000);
	row->end_ns = row->start_ns + (int64_t)o->duration_ns;
}

void chaos_times_move(struct chaos_row *row, const struct chaos_moment *now)
{
	if (!strcmp(row->boot_id, now->boot_id))
		return;
	row->start_ns = now->boot_ns + (row->start_wall_us - now->wall_us) * 1000;
	row->end_ns = now->boot_ns + (row->end_wall_us - now->wall_us) * 1000;
}
