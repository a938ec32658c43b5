/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rtnetlink: addresses of devices; see netlink.h. */
#include <errno.h>
#include <linux/if_addr.h>
#include <sys/socket.h>

#include "lib/netlink.h"
#include "lib/nlmsg.h"

static size_t addr_len(const struct cidr *addr)
{
	return addr->family == 4 ? 4 : 16;
}

static int address_change(struct netlink *nl, uint16_t type, int ifindex, const struct cidr *addr)
{
	bool add = type == RTM_NEWADDR;
	struct ifaddrmsg info = {
		.ifa_family = addr->family == 4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = addr->bits,
		.ifa_flags = addr->family == 6 ? IFA_F_NODAD : 0,
		.ifa_index = (uint32_t)ifindex,
	};
	struct nlmsg m;

	nlmsg_start(&m, type, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &info, sizeof(info));
	nlmsg_put(&m, IFA_LOCAL, addr_bytes(&addr->addr), addr_len(addr));
	nlmsg_put(&m, IFA_ADDRESS, addr_bytes(&addr->addr), addr_len(addr));
	return nlmsg_talk(nl, &m, NULL, NULL);
}

int address_add(struct netlink *nl, int ifindex, const struct cidr *addr)
{
	return address_change(nl, RTM_NEWADDR, ifindex, addr);
}

int address_del(struct netlink *nl, int ifindex, const struct cidr *addr)
{
	return address_change(nl, RTM_DELADDR, ifindex, addr);
}

struct address_walk {
	int ifindex;
	int (*fn)(int ifindex, const struct cidr *addr, void *arg);
	void *arg;
};

static int address_hear(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *info = NLMSG_DATA(h);
	const struct nlattr *tb[IFA_LOCAL + 1], *a;
	struct address_walk *walk = arg;
	struct cidr addr;

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return -EBADMSG;
	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return 0;
	if (walk->ifindex && (int)info->ifa_index != walk->ifindex)
		return 0;
	nlattr_index(nlmsg_payload(h, sizeof(*info)), nlmsg_payload_len(h, sizeof(*info)), tb,
		     IFA_LOCAL);
	a = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	addr.family = info->ifa_family == AF_INET ? 4 : 6;
	addr.bits = info->ifa_prefixlen;
	if (nlattr_len(a) != addr_len(&addr))
		return -EBADMSG;
	addr.addr = addr_from_bytes(addr.family, nlattr_data(a));
	return walk->fn((int)info->ifa_index, &addr, walk->arg);
}

int address_list(struct netlink *nl, int ifindex,
		 int (*fn)(int ifindex, const struct cidr *addr, void *arg), void *arg)
{
	struct address_walk walk = {.ifindex = ifindex, .fn = fn, .arg = arg};
	struct ifaddrmsg info = {.ifa_index = (uint32_t)ifindex};
	struct nlmsg m;

	nlmsg_start(&m, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
	return nlmsg_talk(nl, &m, address_hear, &walk);
}
