/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One agent per network namespace and per directory of pins.
 *
 * The state directory has a lock of its own (db.h).  An agent that was started with another one
 * by mistake would find pods' devices that it does not know, and remove them.  Every lock ends
 * with its process.
 */
#ifndef LOADER_INSTANCE_H
#define LOADER_INSTANCE_H

#include "lib/error.h"

/**
 * instance_lock_netns - be the only agent of this network namespace
 * @fd: holds the lock while it is open
 *
 * The lock is an abstract Unix socket, whose names belong to the network namespace.  A name that a
 * process without privileges took is no agent's: that is logged and no obstacle, and *fd is -1.
 * Return: 0, -EBUSY: there is an agent; other errors with @e.
 */
int instance_lock_netns(int *fd, struct error *e);

/** instance_lock_pins - be the only agent whose pins lie in @dir; as above */
int instance_lock_pins(const char *dir, int *fd, struct error *e);

#endif
