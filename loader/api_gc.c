/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * POST /v1/attachments/gc (docs/api.md): release everything of a network that is not named.
 *
 * What is named is a set; it is sorted once, so that a thousand attachments against a thousand
 * leases cost no million comparisons.
 */
#include <stdlib.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/api.h"
#include "loader/api_attachment.h"
#include "loader/lifecycle.h"

/** struct valid - one that stays */
struct valid {
	const char *container;
	const char *ifname;
};

static int valid_compare(const void *a, const void *b)
{
	const struct valid *x = a, *y = b;
	int order = strcmp(x->container, y->container);

	return order ? order : strcmp(x->ifname, y->ifname);
}

/* Sorted copy of the body's array; NULL = the request was answered. */
static struct valid *valid_read(struct api_request *req, size_t *count)
{
	const json_t *array = json_object_get(api_body(req), "validAttachments");
	_cleanup_free_ struct valid *items = NULL;

	if (!json_is_array(array)) {
		api_fail(req, API_BAD_CONFIG,
			 "validAttachments: expected an array (it may be empty)");
		return NULL;
	}
	*count = json_array_size(array);
	items = calloc(*count + 1, sizeof(*items));
	if (!items) {
		api_fail(req, API_TRY_LATER, "no memory");
		return NULL;
	}
	for (size_t i = 0; i < *count; i++) {
		const json_t *j = json_array_get(array, i);

		items[i].container = json_string_value(json_object_get(j, "containerID"));
		items[i].ifname = json_string_value(json_object_get(j, "ifname"));
		if (!items[i].container || !items[i].ifname) {
			api_fail(req, API_BAD_CONFIG,
				 "validAttachments[%zu]: expected {\"containerID\", \"ifname\"}",
				 i);
			return NULL;
		}
	}
	qsort(items, *count, sizeof(*items), valid_compare);
	return TAKE_PTR(items);
}

/* Return: how many, or negative errno with @e; what was begun before an error goes on. */
static int release_others(struct agent *agent, const char *network, const struct valid *items,
			  size_t count, struct error *e)
{
	const struct ipam_lease *lease = NULL;
	int released = 0;

	while ((lease = ipam_next(agent->ipam, lease))) {
		struct valid key = {lease->owner.container_id, lease->owner.ifname};
		struct attachment owner = lease->owner;
		int r;

		if (lease->releasing || strcmp(owner.network, network) != 0 ||
		    bsearch(&key, items, count, sizeof(key), valid_compare))
			continue;
		log_info("attachment is not valid any more and is released", "container",
			 owner.container_id, "ifname", owner.ifname);
		r = lifecycle_remove(agent, &owner, e);
		if (r < 0)
			return r;
		released++;
	}
	return released;
}

void api_attachment_gc(struct agent *agent, struct api_request *req)
{
	_cleanup_free_ struct valid *items = NULL;
	const char *network;
	struct error e;
	size_t count;
	int released;

	if (!api_keys_check(req, "network", "validAttachments", NULL) ||
	    !api_text(req, "network", true, &network))
		return;
	items = valid_read(req, &count);
	if (!items)
		return;
	released = release_others(agent, network, items, count, &e);
	if (released < 0)
		api_fail(req, API_DATABASE, "%s", e.msg);
	else
		api_reply_committed(agent, req, json_pack("{s:i}", "released", released));
}
