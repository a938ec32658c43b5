/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names that an end of a traced packet has (toFQDNs); see policy_end.h. */
#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "axoneme/fqdn.h"
#include "axoneme/ipcache.h"
#include "lib/cidr.h"
#include "loader/agent.h"
#include "loader/clock.h"
#include "loader/datapath.h"
#include "loader/endpoint.h"
#include "loader/policy_end.h"
#include "loader/policy_internal.h"
#include "loader/policy_name.h"

_Static_assert(POLICY_END_SELECTORS >= AXO_FQDN_SLOTS, "not all selectors of an address fit");

static bool name_is_one(const char *name)
{
	size_t len = strlen(name);

	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.", *c))
			return false;
	return len && len < sizeof(((struct axo_fqdn_name_key *)0)->name);
}

int policy_end_name(struct policy_engine *p, const char *name, struct policy_end *out,
		    struct error *e)
{
	if (!name_is_one(name))
		return error_set(e, EINVAL, "'fqdn:%.128s': expected a name after fqdn:", name);
	out->identity = AXO_ID_WORLD_IPV4;
	out->who = peers_get(p->peers, out->identity);
	out->selector_count = policy_fqdns_match(p, name, out->selectors, POLICY_END_SELECTORS);
	snprintf(out->names[0], sizeof(out->names[0]), "%s", name);
	for (char *c = out->names[0]; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	out->name_count = 1;
	return out->who ? 0 : error_set(e, ENOENT, "identity %u is not known", out->identity);
}

static bool key_in_use(const struct policy_engine *p, const struct axo_fqdn_key *key,
		       uint32_t now_s)
{
	uint32_t until_s = 0;

	bpf_map_lookup_elem(datapath_map_fd(p->agent->datapath, MAP_FQDN_USE), key, &until_s);
	return until_s > now_s;
}

static void selectors_of(struct policy_engine *p, const struct axo_fqdn_key *key,
			 struct policy_end *out)
{
	uint32_t now_s = (uint32_t)(clock_us() / 1000000);
	bool used = key_in_use(p, key, now_s);
	struct axo_fqdn v;

	if (bpf_map_lookup_elem(datapath_map_fd(p->agent->datapath, MAP_FQDN), key, &v) < 0)
		return;
	for (int i = 0; i < AXO_FQDN_SLOTS; i++) {
		uint32_t id = AXO_FQDN_SELECTOR(v.slot[i]);

		if (id && (used || AXO_FQDN_EXPIRES_S(v.slot[i]) > now_s) &&
		    policy_fqdn_text(p, id))
			out->selectors[out->selector_count++] = id;
	}
}

static bool name_has(const struct axo_fqdn_name *v, const struct axo_addr *addr)
{
	for (int i = 0; i < AXO_FQDN_ADDRESSES; i++)
		if (v->address[i].expires_s && !addr_cmp(&v->address[i].addr, addr))
			return true;
	return false;
}

static void names_of(struct policy_engine *p, const struct axo_fqdn_key *key,
		     struct policy_end *out)
{
	int fd = datapath_map_fd(p->agent->datapath, MAP_FQDN_NAME);
	struct axo_fqdn_name_key name, *prev = NULL;
	struct axo_fqdn_name v;

	for (; out->name_count < POLICY_END_NAMES && bpf_map_get_next_key(fd, prev, &name) == 0;
	     prev = &name)
		if (name.endpoint == key->endpoint && name.mac == key->mac &&
		    bpf_map_lookup_elem(fd, &name, &v) == 0 && name_has(&v, &key->addr))
			snprintf(out->names[out->name_count++], sizeof(out->names[0]), "%.*s",
				 (int)sizeof(name.name) - 1, name.name);
}

void policy_end_learned(struct policy_engine *p, const struct policy_end *from,
			struct policy_end *to)
{
	const struct endpoint *ep = from->endpoint;
	struct axo_fqdn_key key = {.addr = to->address};

	if (!ep || to->endpoint || !to->has_address)
		return;
	key.endpoint = ep->id;
	key.mac = axo_fqdn_mac(ep->mac);
	selectors_of(p, &key, to);
	if (to->selector_count)
		names_of(p, &key, to);
}
