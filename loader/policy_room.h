/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Room: does it fit?  Half of the maps is for what is in force, half for second copies while a
 * change is made, so that whatever is in force can be changed.
 */
#ifndef LOADER_POLICY_ROOM_H
#define LOADER_POLICY_ROOM_H

#include <stdint.h>

#include "lib/error.h"

struct compiled;
struct policy_engine;

/**
 * struct policy_room - taken by policies that are not counted in the engine yet
 * @entries, @peers: in the maps
 * @entries_more, @peers_more: in force, over what is replaced; modulo 2^64
 */
struct policy_room {
	uint64_t entries;
	uint64_t peers;
	uint64_t entries_more;
	uint64_t peers_more;
};

/**
 * policy_room_check - adds what @c needs, in the place of @old (or NULL), to @room; -ENOSPC with the
 * numbers: it does not fit
 */
int policy_room_check(const struct policy_engine *p, const struct compiled *old,
		      const struct compiled *c, struct policy_room *room, struct error *e);

#endif
