/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* /v1/attachments: reserve, release, flush, gc, status (docs/api.md). */
#include "loader/api_attachment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/boottime.h"
#include "loader/db.h"
#include "loader/endpoint.h"
#include "loader/endpoint_text.h"
#include "loader/lifecycle.h"
#include "loader/queue.h"
#include "loader/reaper.h"

bool api_attachment_names(struct api_request *req, struct attachment *a)
{
	const char *network, *container, *ifname;
	struct error e;

	if (!api_text(req, "network", true, &network) ||
	    !api_text(req, "containerId", true, &container) ||
	    !api_text(req, "ifname", true, &ifname))
		return false;
	if (attachment_set(a, network, container, ifname, &e) < 0) {
		api_fail(req, API_INVALID_NAME, "%s", e.msg);
		return false;
	}
	return true;
}

/** struct committed - an answer that waits for the commit */
struct committed {
	struct api_request *req;
	json_t *body;
};

static void committed_decided(void *arg, const struct error *e)
{
	struct committed *c = arg;

	if (e) {
		json_decref(c->body);
		api_fail(c->req, API_DATABASE, "%s", e->msg);
	} else {
		api_reply(c->req, c->body);
	}
	free(c);
}

void api_reply_committed(struct agent *agent, struct api_request *req, void *body)
{
	struct committed *c = malloc(sizeof(*c));
	struct error e = {.code = -ENOMEM, .msg = "no memory"};

	if (c) {
		*c = (struct committed){.req = req, .body = body};
		if (db_wait(agent->db, committed_decided, c, &e) == 0)
			return;
	}
	/* Memory may be ahead of the disk: the turn must not be committed without its answer. */
	db_spoil(agent->db, &e);
	json_decref(body);
	free(c);
	api_fail(req, API_DATABASE, "%s", e.msg);
}

/** struct post - a reservation; it may have to wait for a removal */
struct post {
	struct agent *agent;
	struct api_request *req;
	struct attachment attachment;
	struct axo_addr wanted[2];
	size_t wanted_count;
};

static int address_json(json_t *array, const struct axo_addr *addr, const struct axo_addr *gateway)
{
	int bits = addr_family(addr) == 4 ? 32 : 128;
	struct cidr cidr = {
		.addr = *addr, .family = (uint8_t)addr_family(addr), .bits = (uint8_t)bits};
	char text[CIDR_STR_MAX], gateway_text[CIDR_STR_MAX];

	return json_array_append_new(array,
				     json_pack("{s:s, s:s}", "address", cidr_to_str(&cidr, text),
					       "gateway", addr_to_str(gateway, gateway_text)));
}

static json_t *lease_json(const struct agent *agent, const struct ipam_lease *lease)
{
	json_t *addresses = json_array();
	char device[IFNAMSIZ], mac[MAC_STR_MAX];
	struct axo_addr gateway;

	attachment_device(&lease->owner, device);
	if (!addr_is_zero(&lease->v4) && ipam_gateway(agent->ipam, 4, &gateway))
		address_json(addresses, &lease->v4, &gateway);
	if (!addr_is_zero(&lease->v6) && ipam_gateway(agent->ipam, 6, &gateway))
		address_json(addresses, &lease->v6, &gateway);
	return json_pack("{s:s, s:s, s:I, s:o}", "hostDevice", device, "hostMac",
			 mac_to_str(agent->config.mac, mac), "mtu", (json_int_t)agent->mtu,
			 "addresses", addresses);
}

static enum api_code take_code(int err)
{
	switch (err) {
	case -ENOSPC:
		return API_EXHAUSTED;
	case -EADDRINUSE:
		return API_ADDRESS_TAKEN;
	case -EADDRNOTAVAIL:
		return API_ADDRESS_OUTSIDE;
	case -EEXIST:
		return API_EXISTS;
	case -EINVAL:
		return API_BAD_CONFIG;
	default:
		return API_TRY_LATER;
	}
}

/* An exhausted pool may have room as soon as a removal has reached the kernel. */
static bool releasing_any(const struct agent *agent)
{
	for (int family = 4; family <= 6; family += 2) {
		struct pool_stats stats;

		if (ipam_stats(agent->ipam, family, boottime_ms(), &stats) && stats.releasing)
			return true;
	}
	return false;
}

/* Return: true: answered; false: wait */
static bool post_take(struct post *p, bool late)
{
	struct agent *agent = p->agent;
	struct ipam_lease lease;
	struct error e;
	int r;

	if (db_begin(agent->db, &e) < 0) {
		api_fail(p->req, API_DATABASE, "%s", e.msg);
		return true;
	}
	r = ipam_take(agent->ipam, &p->attachment, p->wanted, p->wanted_count, boottime_ms(),
		      &lease, &e);
	if (!late && (r == -EBUSY || (r == -ENOSPC && releasing_any(agent))))
		return false;
	if (r < 0) {
		api_fail(p->req, take_code(r), "%s", e.msg);
		return true;
	}
	reaper_add_seen(agent->reaper);
	api_reply_committed(agent, p->req, lease_json(agent, &lease));
	return true;
}

static bool post_try(void *arg, bool late)
{
	struct post *p = arg;
	struct agent *agent = p->agent;

	if (lifecycle_removing(agent, &p->attachment)) {
		reaper_hurry(agent->reaper);
		if (late)
			api_fail(p->req, API_TRY_LATER,
				 "the attachment's last removal has not reached the kernel yet");
		return late;
	}
	if (endpoint_by_attachment(agent->endpoints, &p->attachment)) {
		api_fail(p->req, API_EXISTS, "attachment %s/%s exists already",
			 p->attachment.container_id, p->attachment.ifname);
		return true;
	}
	if (post_take(p, late))
		return true;
	reaper_hurry(agent->reaper);
	return false;
}

static bool post_wanted(struct post *p)
{
	const json_t *ips = json_object_get(api_body(p->req), "ips");
	struct error e;

	if (ips && (!json_is_array(ips) || json_array_size(ips) > ARRAY_SIZE(p->wanted))) {
		api_fail(p->req, API_BAD_CONFIG, "ips: expected an array of at most two addresses");
		return false;
	}
	for (size_t i = 0; i < json_array_size(ips); i++) {
		const char *text = json_string_value(json_array_get(ips, i));

		if (!text) {
			api_fail(p->req, API_BAD_CONFIG, "ips[%zu]: expected an address", i);
			return false;
		}
		if (addr_parse(text, &p->wanted[p->wanted_count++], &e) < 0) {
			api_fail(p->req, API_BAD_CONFIG, "ips[%zu]: %s", i, e.msg);
			return false;
		}
	}
	return true;
}

void api_attachment_post(struct agent *agent, struct api_request *req)
{
	struct post *p;

	if (!api_keys_check(req, "network", "containerId", "ifname", "ips", NULL))
		return;
	p = calloc(1, sizeof(*p));
	if (!p) {
		api_fail(req, API_TRY_LATER, "no memory");
		return;
	}
	p->agent = agent;
	p->req = req;
	if (!api_attachment_names(req, &p->attachment) || !post_wanted(p)) {
		free(p);
		return;
	}
	queue_drain_one(agent->queue, &p->attachment);
	if (post_try(p, false)) {
		free(p);
	} else if (lifecycle_wait(agent, post_try, p) < 0) {
		free(p);
		api_fail(req, API_TRY_LATER, "no memory");
	}
}

void api_attachment_delete(struct agent *agent, struct api_request *req)
{
	struct attachment a;
	struct error e;
	int r;

	if (!api_keys_check(req, "network", "containerId", "ifname", NULL) ||
	    !api_attachment_names(req, &a))
		return;
	r = lifecycle_remove(agent, &a, &e);
	if (r < 0)
		api_fail(req, API_DATABASE, "%s", e.msg);
	else if (r == 0)
		api_reply(req, json_pack("{s:b}", "released", 0));
	else
		api_reply_committed(agent, req, json_pack("{s:b}", "released", 1));
}

/** struct flush - waits for everything that was to be removed when it came */
struct flush {
	struct agent *agent;
	struct api_request *req;
	uint64_t mark;
};

static bool flush_try(void *arg, bool late)
{
	struct flush *f = arg;

	if (reaper_passed(f->agent->reaper, f->mark)) {
		api_reply(f->req, NULL);
		return true;
	}
	reaper_hurry(f->agent->reaper);
	if (late)
		api_fail(f->req, API_TRY_LATER, "removals have not reached the kernel yet");
	return late;
}

void api_attachment_flush(struct agent *agent, struct api_request *req)
{
	struct flush *f = malloc(sizeof(*f));

	if (!f) {
		api_fail(req, API_TRY_LATER, "no memory");
		return;
	}
	*f = (struct flush){.agent = agent, .req = req, .mark = reaper_mark(agent->reaper)};
	if (flush_try(f, false)) {
		free(f);
	} else if (lifecycle_wait(agent, flush_try, f) < 0) {
		free(f);
		api_fail(req, API_TRY_LATER, "no memory");
	}
}

void api_attachment_status(struct agent *agent, struct api_request *req)
{
	if (agent->ready)
		api_reply(req, NULL);
	else
		api_fail(req, API_NOT_AVAILABLE, "the agent is starting");
}
