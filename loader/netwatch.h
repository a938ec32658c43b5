/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notifications of the kernel about devices and addresses, on the event loop.
 *
 * A watcher hears of a change, not what it is: it looks for itself.  So messages lost in a burst
 * (ENOBUFS) cost nothing: the watcher is called once more.
 */
#ifndef LOADER_NETWATCH_H
#define LOADER_NETWATCH_H

#include <stdint.h>

#include "lib/error.h"

struct event_base;
struct netwatch;

/**
 * netwatch_fn - something happened
 * @ifindex: of the device that was removed or came up; 0 = unknown, look at all
 */
typedef void (*netwatch_fn)(void *arg, int ifindex);

/** enum netwatch_what - removed devices, devices that came up, addresses added and removed */
enum netwatch_what { NETWATCH_REMOVED, NETWATCH_UP, NETWATCH_ADDRESSES };

int netwatch_open(struct netwatch **w, struct event_base *base, enum netwatch_what what,
		  netwatch_fn fn, void *arg, struct error *e);
void netwatch_close(struct netwatch *w);

#endif
