/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a prefix is in the ipcache; see ip_feed.h for the precedence. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "axoneme/endpoint.h"
#include "axoneme/ipcache.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/host_address.h"
#include "loader/ip_internal.h"
#include "loader/policy_engine.h"

struct ip_entry *ip_entry_find(const struct ip_feed *f, const struct cidr *cidr)
{
	struct axo_ipcache_key key = ip_key(cidr);

	return map_get(&f->entries, &key, sizeof(key));
}

bool ip_is_managed(const struct agent *agent, const struct axo_addr *addr)
{
	struct axo_endpoint found;
	size_t count;
	const struct axo_addr *host = host_addresses_get(agent->host_addresses, &count);

	for (size_t i = 0; i < count; i++)
		if (addr_cmp(&host[i], addr) == 0)
			return true;
	return bpf_map_lookup_elem(datapath_map_fd(agent->datapath, MAP_ADDRESS), addr, &found) ==
	       0;
}

static uint32_t identity_of(const struct ip_entry *en)
{
	for (int i = 0; en && i < IP_SOURCES; i++)
		if (en->identity[i])
			return en->identity[i];
	return 0;
}

int ip_entry_publish(struct ip_feed *f, const struct cidr *cidr)
{
	struct axo_ipcache_key key = ip_key(cidr);
	int fd = datapath_map_fd(f->agent->datapath, MAP_IPCACHE);
	struct axo_ipcache value = {.identity = identity_of(ip_entry_find(f, cidr))};

	if (key.prefixlen == 128 && ip_is_managed(f->agent, &cidr->addr))
		return 0;
	if (value.identity)
		return bpf_map_update_elem(fd, &key, &value, BPF_ANY) < 0 ? -errno : 0;
	if (policy_prefix_freed(f->agent->policy, &cidr->addr, key.prefixlen))
		return 0;
	return bpf_map_delete_elem(fd, &key) < 0 && errno != ENOENT ? -errno : 0;
}

bool ip_feed_has(const struct ip_feed *f, const struct axo_addr *addr, uint32_t bits)
{
	struct axo_ipcache_key key = {.prefixlen = bits};

	memcpy(key.addr, addr->b, sizeof(key.addr));
	return f && map_get(&f->entries, &key, sizeof(key));
}

bool ip_feed_address_freed(struct ip_feed *f, const struct axo_addr *addr)
{
	struct cidr c = {.addr = *addr, .family = (uint8_t)addr_family(addr)};
	char text[CIDR_STR_MAX];
	int r;

	c.bits = c.family == 4 ? 32 : 128;
	if (!f || addr_is_zero(addr) || !ip_entry_find(f, &c))
		return false;
	r = ip_entry_publish(f, &c);
	if (r < 0)
		log_err(r, "cannot publish %s", addr_to_str(addr, text));
	datapath_bump(f->agent->datapath);
	return true;
}

void ip_feed_each(const struct ip_feed *f, void (*fn)(const struct ip_item *item, void *arg),
		  void *arg)
{
	struct map_item *m = NULL;

	while (f && (m = map_next(&f->entries, m))) {
		const struct ip_entry *en = m->value;
		struct ip_item item = {
			.cidr = en->cidr,
			.identity = identity_of(en),
			.source = en->identity[IP_API] ? IP_API : IP_FILE,
		};

		if (cidr_mapped_bits(&en->cidr) == 128 && ip_is_managed(f->agent, &en->cidr.addr))
			continue;
		fn(&item, arg);
	}
}
