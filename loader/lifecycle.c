/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end of attachments; see lifecycle.h. */
#include "loader/lifecycle.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/boottime.h"
#include "loader/clock.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_map.h"
#include "loader/identity.h"
#include "loader/policy_engine.h"
#include "loader/reaper.h"
#include "loader/store.h"

#define WAIT_MAX_US (10 * 1000000ULL)

struct waiter {
	struct waiter *next;
	lifecycle_try try;
	void *arg;
	uint64_t since_us;
};

/**
 * struct lifecycle
 * @tick:  once a second while there are waiters: they have an end
 * @retry: after a failed commit: releasing leases go to the reaper again
 * @ask:   asks the waiters, from the loop, after a change
 */
struct lifecycle {
	struct agent *agent;
	struct event *tick;
	struct event *retry;
	struct event *ask;
	struct waiter *first;
};

/** struct removal - what waits for the commit of a removal */
struct removal {
	struct agent *agent;
	struct attachment attachment;
};

static const struct timeval one_second = {.tv_sec = 1};

static void ask_all(struct lifecycle *l)
{
	uint64_t now = clock_us();
	struct waiter **link = &l->first;

	while (*link) {
		struct waiter *w = *link;

		if (!w->try(w->arg, now - w->since_us > WAIT_MAX_US)) {
			link = &w->next;
			continue;
		}
		*link = w->next;
		free(w->arg);
		free(w);
	}
	if (l->first)
		event_add(l->tick, &one_second);
}

static void ask_fired(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask_all(arg);
}

static void retry_fired(evutil_socket_t fd, short what, void *arg)
{
	struct lifecycle *l = arg;

	(void)fd;
	(void)what;
	lifecycle_resume(l->agent);
}

int lifecycle_open(struct lifecycle **out, struct agent *agent, struct error *e)
{
	struct lifecycle *l = calloc(1, sizeof(*l));

	if (!l)
		return error_set(e, ENOMEM, "no memory");
	l->agent = agent;
	l->tick = event_new(agent->base, -1, 0, ask_fired, l);
	l->ask = event_new(agent->base, -1, 0, ask_fired, l);
	l->retry = event_new(agent->base, -1, 0, retry_fired, l);
	if (!l->tick || !l->ask || !l->retry) {
		lifecycle_close(l);
		return error_set(e, ENOMEM, "no memory");
	}
	*out = l;
	return 0;
}

void lifecycle_close(struct lifecycle *l)
{
	struct event *events[3];

	if (!l)
		return;
	while (l->first) {
		struct waiter *w = l->first;

		l->first = w->next;
		free(w->arg);
		free(w);
	}
	memcpy(events, (struct event *[]){l->tick, l->ask, l->retry}, sizeof(events));
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i])
			event_free(events[i]);
	}
	free(l);
}

int lifecycle_wait(struct agent *agent, lifecycle_try try, void *arg)
{
	struct lifecycle *l = agent->lifecycle;
	struct waiter *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	*w = (struct waiter){.next = l->first, .try = try, .arg = arg, .since_us = clock_us()};
	l->first = w;
	event_add(l->tick, &one_second);
	return 0;
}

/* The removal is durable: now the device may go.  After a rollback the endpoint lives on. */
static void removal_decided(void *arg, const struct error *e)
{
	struct removal *removal = arg;
	char device[IFNAMSIZ];

	attachment_device(&removal->attachment, device);
	if (e)
		event_add(removal->agent->lifecycle->retry, &one_second);
	else if (reaper_add(removal->agent->reaper, device, &removal->attachment) < 0)
		log_error("no memory to remove a device", "device", device);
	event_active(removal->agent->lifecycle->ask, EV_TIMEOUT, 0);
	free(removal);
}

static int endpoint_end(struct agent *agent, struct endpoint *ep, struct error *e)
{
	int r = store_delete_endpoint(agent->store, agent, ep, e);

	if (r < 0)
		return r;
	endpoint_withdraw(agent->datapath, ep);
	policy_endpoint_remove(agent->policy, ep);
	identity_unref(agent->identities, ep->identity);
	policy_identity_freed(agent->policy, ep->identity);
	policy_address_freed(agent->policy, &ep->ipv4);
	policy_address_freed(agent->policy, &ep->ipv6);
	log_info("endpoint removed", "id", log_num(ep->id), "namespace", ep->namespace_, "name",
		 ep->name, "container", ep->attachment.container_id, "ifname",
		 ep->attachment.ifname);
	endpoint_free(endpoint_remove(agent->endpoints, ep));
	return 0;
}

static int removal_begin(struct agent *agent, const struct attachment *a, struct error *e)
{
	struct endpoint *ep = endpoint_by_attachment(agent->endpoints, a);
	struct removal *removal;
	int r = db_begin(agent->db, e);

	if (r < 0)
		return r;
	removal = malloc(sizeof(*removal));
	if (!removal)
		return error_set(e, ENOMEM, "no memory");
	*removal = (struct removal){.agent = agent, .attachment = *a};
	r = db_wait(agent->db, removal_decided, removal, e);
	if (r < 0) {
		free(removal);
		return r;
	}
	ipam_release(agent->ipam, a);
	r = ep ? endpoint_end(agent, ep, e) : 0;
	return r < 0 ? r : 1;
}

int lifecycle_remove(struct agent *agent, const struct attachment *a, struct error *e)
{
	const struct ipam_lease *lease = ipam_find(agent->ipam, a);
	char device[IFNAMSIZ];

	/* An endpoint has a live lease: what has none may still have a device (of a lost database). */
	if (lease && !lease->releasing)
		return removal_begin(agent, a, e);
	attachment_device(a, device);
	if (!lease && reaper_add(agent->reaper, device, NULL) < 0)
		return error_set(e, ENOMEM, "no memory");
	return lease != NULL;
}

bool lifecycle_removing(const struct agent *agent, const struct attachment *a)
{
	const struct ipam_lease *lease = ipam_find(agent->ipam, a);
	char device[IFNAMSIZ];

	attachment_device(a, device);
	return (lease && lease->releasing) || reaper_has(agent->reaper, device);
}

void lifecycle_resume(struct agent *agent)
{
	const struct ipam_lease *lease = NULL;

	while ((lease = ipam_next(agent->ipam, lease))) {
		char device[IFNAMSIZ];

		if (!lease->releasing)
			continue;
		attachment_device(&lease->owner, device);
		if (reaper_add(agent->reaper, device, &lease->owner) < 0)
			log_error("no memory to remove a device", "device", device);
	}
}

void lifecycle_lost(struct agent *agent, int ifindex)
{
	struct endpoint *ep = endpoint_by_ifindex(agent->endpoints, ifindex);

	if (!ep)
		return;
	endpoint_withdraw(agent->datapath, ep);
	policy_address_freed(agent->policy, &ep->ipv4);
	policy_address_freed(agent->policy, &ep->ipv6);
	endpoint_set_ifindex(agent->endpoints, ep, 0);
	ep->state = ENDPOINT_LOST;
	log_warn("device of an endpoint is gone; its addresses stay until DEL", "id",
		 log_num(ep->id), "namespace", ep->namespace_, "name", ep->name, "device",
		 ep->device);
}

/* Cooling down is durable or it is not: then the lease is releasing again, and comes back here. */
static void cooling_decided(void *arg, const struct error *e)
{
	struct agent *agent = arg;

	if (e)
		event_add(agent->lifecycle->retry, &one_second);
	event_active(agent->lifecycle->ask, EV_TIMEOUT, 0);
}

void lifecycle_gone(void *arg, const char *device, const struct attachment *owner)
{
	struct agent *agent = arg;
	struct error e = {0};

	log_debug("device removed", "device", device);
	event_active(agent->lifecycle->ask, EV_TIMEOUT, 0);
	if (!owner)
		return;
	if (db_wait(agent->db, cooling_decided, agent, &e) < 0) {
		log_error("cannot end a removal, will try again", "device", device, "err", e.msg);
		event_add(agent->lifecycle->retry, &one_second);
		return;
	}
	ipam_released(agent->ipam, owner, boottime_ms());
}
