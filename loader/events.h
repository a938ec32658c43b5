/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events: what programs put into the ring buffer axo_events, for those who listen.
 *
 * While nobody listens the ring is not even mapped and the programs produce nothing: the bits of
 * axo_state.events are those of the listeners' types, set with the first and cleared with the
 * last.  One thread; a burst is taken in slices so that the loop stays responsive.
 */
#ifndef LOADER_EVENTS_H
#define LOADER_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "axoneme/event.h"
#include "lib/error.h"

struct agent;
struct events;
struct events_listener;

/**
 * events_fn - one record, whose first byte is its enum axo_event_type
 * @data: valid during the call, @size bytes, at least what the type's struct has
 *
 * Must not add or remove listeners.
 */
typedef void (*events_fn)(const void *data, size_t size, void *arg);

/**
 * events_new - for @agent, whose datapath is open; clears bits that a killed agent left behind
 * Return: 0 and *ev, or negative errno
 */
int events_new(struct events **ev, struct agent *agent);

/** events_free - NULL is fine; listeners must be gone */
void events_free(struct events *ev);

/**
 * events_listen - call @fn for every record of the types @mask (bits of enum axo_event_type),
 * from now on
 * Return: 0 and *l (events_unlisten() it), or negative errno with @e
 */
int events_listen(struct events *ev, uint32_t mask, events_fn fn, void *arg,
		  struct events_listener **l, struct error *e);
void events_unlisten(struct events *ev, struct events_listener *l);

/** events_type_from_str - "drop" -> bit mask; 0 = no such type; "all" = every type */
uint32_t events_type_from_str(const char *name);

#endif
