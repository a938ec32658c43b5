/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ring buffer consumer; see events.h.
 *
 * libbpf takes everything that is there in one go.  The record callback therefore returns an error
 * after EVENTS_SLICE records, which ends that go; the descriptor is still readable then, so the
 * loop comes back after it has served the others.
 */
#include "loader/events.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "axoneme/event_chaos.h"
#include "axoneme/event_l7.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"

#define EVENTS_SLICE 1024

struct events_listener {
	TAILQ_ENTRY(events_listener) link;
	uint32_t mask;
	events_fn fn;
	void *arg;
};

/**
 * struct events
 * @ring:  NULL while nobody listens
 * @ready: its descriptor in the loop
 * @left:  records that may still be taken in this turn
 */
struct events {
	struct agent *agent;
	struct ring_buffer *ring;
	struct event *ready;
	unsigned int left;
	TAILQ_HEAD(, events_listener) listeners;
};

/* X(type, struct, "name") */
#define EVENT_TYPES(X)                                                   \
	X(AXO_EVENT_DROP, struct axo_event_drop, "drop")                 \
	X(AXO_EVENT_VERDICT, struct axo_event_verdict, "policy-verdict") \
	X(AXO_EVENT_CHAOS, struct axo_event_chaos, "chaos")              \
	X(AXO_EVENT_L7, struct axo_event_l7, "l7")

static size_t record_size(uint8_t type)
{
	switch (type) {
#define X(symbol, record, name) \
	case symbol:            \
		return sizeof(record);
		EVENT_TYPES(X)
#undef X
	default:
		return 0;
	}
}

uint32_t events_type_from_str(const char *name)
{
#define X(symbol, record, text)  \
	if (!strcmp(name, text)) \
		return 1U << (symbol);
	EVENT_TYPES(X)
#undef X
#define X(symbol, record, text) | 1U << (symbol)
	return strcmp(name, "all") ? 0 : 0 EVENT_TYPES(X);
#undef X
}

static int on_record(void *arg, void *data, size_t size)
{
	struct events *ev = arg;
	uint8_t type = *(const uint8_t *)data;
	size_t expected = record_size(type);
	struct events_listener *l;

	if (expected && size >= expected) {
		TAILQ_FOREACH(l, &ev->listeners, link)
			if (l->mask & 1U << type)
				l->fn(data, size, l->arg);
	}
	return --ev->left ? 0 : -EAGAIN;
}

static void consume(struct events *ev)
{
	int r;

	ev->left = EVENTS_SLICE;
	r = ring_buffer__consume(ev->ring);
	if (r < 0 && r != -EAGAIN)
		log_err(r, "cannot read the event ring");
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	consume(arg);
}

static void publish_mask(struct events *ev)
{
	struct events_listener *l;
	uint32_t mask = 0;

	TAILQ_FOREACH(l, &ev->listeners, link)
		mask |= l->mask;
	if (ev->agent->datapath)
		datapath_set_events(ev->agent->datapath, mask);
}

static void ring_close(struct events *ev)
{
	if (ev->ready)
		event_free(ev->ready);
	ring_buffer__free(ev->ring);
	ev->ready = NULL;
	ev->ring = NULL;
}

/* What is in the ring from earlier listeners is nobody's: programs are silent now. */
static void ring_discard(struct events *ev)
{
	do
		consume(ev);
	while (!ev->left);
}

static int ring_open(struct events *ev, struct error *e)
{
	int fd = datapath_map_fd(ev->agent->datapath, MAP_EVENTS);

	ev->ring = ring_buffer__new(fd, on_record, ev, NULL);
	if (!ev->ring)
		return error_set(e, errno, "cannot map the event ring: %s", strerror(errno));
	ring_discard(ev);
	ev->ready = event_new(ev->agent->base, ring_buffer__epoll_fd(ev->ring),
			      EV_READ | EV_PERSIST, on_ready, ev);
	if (!ev->ready || event_add(ev->ready, NULL)) {
		ring_close(ev);
		return error_set(e, ENOMEM, "no memory for the event ring");
	}
	return 0;
}

int events_new(struct events **out, struct agent *agent)
{
	struct events *ev = calloc(1, sizeof(*ev));

	if (!ev)
		return -ENOMEM;
	ev->agent = agent;
	TAILQ_INIT(&ev->listeners);
	publish_mask(ev);
	*out = ev;
	return 0;
}

void events_free(struct events *ev)
{
	if (!ev)
		return;
	ring_close(ev);
	free(ev);
}

int events_listen(struct events *ev, uint32_t mask, events_fn fn, void *arg,
		  struct events_listener **out, struct error *e)
{
	_cleanup_free_ struct events_listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return error_set(e, ENOMEM, "no memory for a listener");
	if (!ev->ring) {
		r = ring_open(ev, e);
		if (r)
			return r;
	}
	l->mask = mask;
	l->fn = fn;
	l->arg = arg;
	TAILQ_INSERT_TAIL(&ev->listeners, l, link);
	publish_mask(ev);
	*out = TAKE_PTR(l);
	return 0;
}

void events_unlisten(struct events *ev, struct events_listener *l)
{
	TAILQ_REMOVE(&ev->listeners, l, link);
	free(l);
	publish_mask(ev);
	if (TAILQ_EMPTY(&ev->listeners))
		ring_close(ev);
}
