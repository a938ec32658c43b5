/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The entity kube-apiserver: addresses that the configuration names.
 *
 *   1. Every configured prefix is one that policies name, so that it has an identity of its own.
 *   2. A prefix that lies inside a configured one carries reserved:kube-apiserver beside what it is
 *      anyway (cidr:PREFIX and the world), so rules for prefixes and for the world hold, too.
 *   3. If an address of this host lies inside one, the host is the API server as well.
 */
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/host_address.h"
#include "loader/policy_apiserver.h"
#include "loader/policy_internal.h"

static bool is_inside(const struct cidr_list *list, const struct cidr *c)
{
	for (size_t i = 0; i < list->count; i++)
		if (c->bits >= list->items[i].bits && cidr_contains(&list->items[i], &c->addr))
			return true;
	return false;
}

bool policy_apiserver_has(const struct policy_engine *p, const struct cidr *c)
{
	return is_inside(&p->agent->opt.kube_apiserver, c);
}

bool policy_apiserver_is_host(const struct policy_engine *p)
{
	const struct cidr_list *list = &p->agent->opt.kube_apiserver;
	size_t count;
	const struct axo_addr *host = host_addresses_get(p->agent->host_addresses, &count);

	for (size_t i = 0; i < count && list->count; i++) {
		int family = addr_family(&host[i]);
		const struct cidr c = {
			.addr = host[i],
			.family = (uint8_t)family,
			.bits = family == 4 ? 32 : 128,
		};

		if (is_inside(list, &c))
			return true;
	}
	return false;
}

void policy_host_changed(struct policy_engine *p)
{
	const struct peer_identity *host = p && p->peers ? peers_get(p->peers, AXO_ID_HOST) : NULL;
	struct error e;
	int r;

	if (!host ||
	    label_set_reserved(&host->labels, "kube-apiserver") == policy_apiserver_is_host(p))
		return;
	r = policy_peer_put(p, AXO_ID_HOST, &e);
	if (r == 0)
		r = policy_subjects_add_peer(p, AXO_ID_HOST, &e);
	if (r < 0)
		log_error("cannot judge the host as an API server", "err", e.msg);
	datapath_bump(p->agent->datapath);
}
