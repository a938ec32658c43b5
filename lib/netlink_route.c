/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rtnetlink: routes and rules; see netlink.h. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/netlink.h"
#include "lib/nlmsg.h"

static uint8_t af(int family)
{
	return family == 4 ? AF_INET : AF_INET6;
}

static size_t addr_len(int family)
{
	return family == 4 ? 4 : 16;
}

static void addr_put(struct nlmsg *m, uint16_t type, int family, const struct axo_addr *addr)
{
	if (addr)
		nlmsg_put(m, type, addr_bytes(addr), addr_len(family));
}

static void route_put_mtu(struct nlmsg *m, uint32_t mtu)
{
	size_t metrics;

	if (!mtu)
		return;
	metrics = nlmsg_nest(m, RTA_METRICS);
	nlmsg_put_u32(m, RTAX_MTU, mtu);
	nlmsg_nest_end(m, metrics);
}

static int route_change(struct netlink *nl, uint16_t type, const struct route_opts *opts)
{
	uint32_t table = opts->table ? opts->table : RT_TABLE_MAIN;
	struct rtmsg info = {
		.rtm_family = af(opts->family),
		.rtm_dst_len = opts->dst ? opts->dst->bits : 0,
		.rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = opts->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
		.rtm_flags = opts->onlink ? RTNH_F_ONLINK : 0,
	};
	struct nlmsg m;

	nlmsg_start(&m, type, type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0, &info,
		    sizeof(info));
	nlmsg_put_u32(&m, RTA_TABLE, table);
	addr_put(&m, RTA_DST, opts->family, opts->dst ? &opts->dst->addr : NULL);
	addr_put(&m, RTA_GATEWAY, opts->family, opts->gateway);
	addr_put(&m, RTA_PREFSRC, opts->family, opts->src);
	nlmsg_put_u32(&m, RTA_OIF, (uint32_t)opts->ifindex);
	route_put_mtu(&m, opts->mtu);
	return nlmsg_talk(nl, &m, NULL, NULL);
}

int route_add(struct netlink *nl, const struct route_opts *opts)
{
	return route_change(nl, RTM_NEWROUTE, opts);
}

int route_del(struct netlink *nl, const struct route_opts *opts)
{
	return route_change(nl, RTM_DELROUTE, opts);
}

struct route_walk {
	uint8_t family;
	int (*fn)(const struct route_info *route, void *arg);
	void *arg;
};

static int route_hear(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *info = NLMSG_DATA(h);
	const struct nlattr *tb[RTA_TABLE + 1];
	struct route_walk *walk = arg;
	struct route_info route = {.family = 0};

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return -EBADMSG;
	/* IPv6 shows cached exceptions, and until 4.2 a default route that refuses. */
	if (info->rtm_family != walk->family || info->rtm_type != RTN_UNICAST ||
	    info->rtm_flags & RTM_F_CLONED)
		return 0;
	nlattr_index(nlmsg_payload(h, sizeof(*info)), nlmsg_payload_len(h, sizeof(*info)), tb,
		     RTA_TABLE);
	route.family = walk->family == AF_INET ? 4 : 6;
	route.dst.family = (uint8_t)route.family;
	route.dst.bits = info->rtm_dst_len;
	route.dst.addr = addr_from_bytes(route.family, (uint8_t[16]){0});
	if (nlattr_len(tb[RTA_DST]) == addr_len(route.family))
		route.dst.addr = addr_from_bytes(route.family, nlattr_data(tb[RTA_DST]));
	route.has_gateway = nlattr_len(tb[RTA_GATEWAY]) == addr_len(route.family);
	if (route.has_gateway)
		route.gateway = addr_from_bytes(route.family, nlattr_data(tb[RTA_GATEWAY]));
	route.ifindex = (int)nlattr_u32(tb[RTA_OIF], 0);
	route.table = nlattr_u32(tb[RTA_TABLE], info->rtm_table);
	return walk->fn(&route, walk->arg);
}

int route_list(struct netlink *nl, int family, int (*fn)(const struct route_info *route, void *arg),
	       void *arg)
{
	struct route_walk walk = {.family = af(family), .fn = fn, .arg = arg};
	struct rtmsg info = {.rtm_family = af(family)};
	struct nlmsg m;

	nlmsg_start(&m, RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info));
	return nlmsg_talk(nl, &m, route_hear, &walk);
}

static int route_is_default(const struct route_info *route, void *arg)
{
	if (route->dst.bits == 0 && route->table == RT_TABLE_MAIN)
		*(int *)arg = 1;
	return 0;
}

int route_default_exists(struct netlink *nl, int family)
{
	int found = 0;
	int r = route_list(nl, family, route_is_default, &found);

	return r < 0 ? r : found;
}

static int rule_change(struct netlink *nl, uint16_t type, const struct axo_addr *from,
		       uint32_t table, uint32_t priority)
{
	int family = addr_family(from);
	struct fib_rule_hdr info = {
		.family = af(family),
		.src_len = family == 4 ? 32 : 128,
		.table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.action = FR_ACT_TO_TBL,
	};
	struct nlmsg m;

	nlmsg_start(&m, type, type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0, &info,
		    sizeof(info));
	addr_put(&m, FRA_SRC, family, from);
	nlmsg_put_u32(&m, FRA_TABLE, table);
	nlmsg_put_u32(&m, FRA_PRIORITY, priority);
	return nlmsg_talk(nl, &m, NULL, NULL);
}

int rule_add(struct netlink *nl, const struct axo_addr *from, uint32_t table, uint32_t priority)
{
	return rule_change(nl, RTM_NEWRULE, from, table, priority);
}

int rule_del(struct netlink *nl, const struct axo_addr *from, uint32_t table, uint32_t priority)
{
	return rule_change(nl, RTM_DELRULE, from, table, priority);
}
