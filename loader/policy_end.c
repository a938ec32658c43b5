/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Ends of a traced packet; see policy_end.h. */
#include "loader/policy_end.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "axoneme/ipcache.h"
#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/number.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/policy_internal.h"

/* Behind prefixes and names: a number that no packet carries. */
#define INVENTED_ID (AXO_ID_FQDN_MAX + 1)
#define LABELS_MOST 64
#define NAME_PREFIX "fqdn:"

static int end_set(const struct policy_engine *p, uint32_t identity, struct policy_end *out,
		   struct error *e)
{
	out->identity = identity;
	out->who = peers_get(p->peers, identity);
	out->pod = axo_peer_kind(identity) == AXO_PEER_POD;
	out->host = identity == AXO_ID_HOST;
	return out->who ? 0 : error_set(e, ENOENT, "identity %u is not known", identity);
}

static int end_endpoint(const struct policy_engine *p, const struct endpoint *ep,
			struct policy_end *out, struct error *e)
{
	out->endpoint = ep;
	return end_set(p, ep->identity, out, e);
}

static const struct endpoint *endpoint_of(const struct policy_engine *p, const char *text,
					  const struct axo_addr *addr)
{
	const struct endpoint_table *t = p->agent->endpoints;
	size_t ns;

	for (struct endpoint *ep = endpoint_next(t, NULL); ep; ep = endpoint_next(t, ep)) {
		if (addr && (!addr_cmp(&ep->ipv4, addr) || !addr_cmp(&ep->ipv6, addr)))
			return ep;
		ns = strlen(ep->namespace_);
		if (!addr && !strncmp(text, ep->namespace_, ns) && text[ns] == '/' &&
		    !strcmp(text + ns + 1, ep->name))
			return ep;
	}
	return NULL;
}

/* As a program would find it. */
static int end_address(const struct policy_engine *p, const struct axo_addr *addr,
		       struct policy_end *out, struct error *e)
{
	const struct endpoint *ep = endpoint_of(p, NULL, addr);
	struct axo_ipcache_key key = {.prefixlen = 128};
	struct axo_ipcache found;

	if (ep)
		return end_endpoint(p, ep, out, e);
	out->has_address = true;
	out->address = *addr;
	memcpy(key.addr, addr->b, sizeof(key.addr));
	if (bpf_map_lookup_elem(datapath_map_fd(p->agent->datapath, MAP_IPCACHE), &key, &found) < 0)
		found.identity = addr_family(addr) == 4 ? AXO_ID_WORLD_IPV4 : AXO_ID_WORLD_IPV6;
	return end_set(p, found.identity, out, e);
}

static int end_labels(struct policy_engine *p, const char *text, int which, struct policy_end *out,
		      struct error *e)
{
	_cleanup_free_ char *copy = strdup(text);
	const char *labels[LABELS_MOST];
	struct identity_view view = {.id = INVENTED_ID + (uint32_t)which, .labels = labels};
	char *rest = copy, *label;
	int r;

	while ((label = strsep(&rest, ","))) {
		if (view.label_count == LABELS_MOST)
			return error_set(e, EINVAL, "more than %d labels", LABELS_MOST);
		labels[view.label_count++] = label;
	}
	r = peers_put(p->peers, p->set, &view, e);
	if (r < 0)
		return r;
	out->invented = true;
	r = end_set(p, view.id, out, e);
	out->pod = label_set_namespace(&out->who->labels) != NULL;
	return r;
}

int policy_end_parse(struct policy_engine *p, const char *text, int which, struct policy_end *out,
		     struct error *e)
{
	const struct endpoint *ep = NULL;
	struct axo_addr addr;
	uint64_t id;

	*out = (struct policy_end){0};
	if (!addr_parse(text, &addr, NULL))
		return end_address(p, &addr, out, e);
	if (!strcmp(text, "host") || !strcmp(text, "reserved:host"))
		return end_set(p, AXO_ID_HOST, out, e);
	if (!number_parse(text, 1, UINT32_MAX, &id))
		ep = endpoint_by_id(p->agent->endpoints, (uint32_t)id);
	else if (!strncmp(text, NAME_PREFIX, strlen(NAME_PREFIX)))
		return policy_end_name(p, text + strlen(NAME_PREFIX), out, e);
	else if (strpbrk(text, "=:"))
		return end_labels(p, text, which, out, e);
	else
		ep = endpoint_of(p, text, NULL);
	if (!ep)
		return error_set(e, ENOENT,
				 "'%.128s' is none of: an endpoint's number, NAMESPACE/NAME of an "
				 "endpoint, an address, host, fqdn:NAME, labels",
				 text);
	return end_endpoint(p, ep, out, e);
}

void policy_end_fini(struct policy_engine *p, struct policy_end *end)
{
	if (end->invented)
		peers_remove(p->peers, end->identity);
	end->invented = false;
}
