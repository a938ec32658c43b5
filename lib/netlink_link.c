/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rtnetlink: devices; see netlink.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/veth.h>
#include <string.h>

#include "lib/netlink.h"
#include "lib/nlmsg.h"

static bool mac_is_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return !memcmp(mac, zero, sizeof(zero));
}

static void kind_read(const struct nlattr *linkinfo, char *kind, size_t size)
{
	const struct nlattr *tb[IFLA_INFO_KIND + 1] = {NULL};

	if (linkinfo)
		nlattr_index(nlattr_data(linkinfo), nlattr_len(linkinfo), tb, IFLA_INFO_KIND);
	nlattr_str(tb[IFLA_INFO_KIND], kind, size);
}

static int link_read(const struct nlmsghdr *h, struct link *out)
{
	const struct ifinfomsg *info = NLMSG_DATA(h);
	const struct nlattr *tb[IFLA_GROUP + 1];

	if (h->nlmsg_type != RTM_NEWLINK || h->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
		return -EBADMSG;
	nlattr_index(nlmsg_payload(h, sizeof(*info)), nlmsg_payload_len(h, sizeof(*info)), tb,
		     IFLA_GROUP);
	*out = (struct link){
		.ifindex = info->ifi_index,
		.peer_ifindex = (int)nlattr_u32(tb[IFLA_LINK], 0),
		.mtu = nlattr_u32(tb[IFLA_MTU], 0),
		.flags = info->ifi_flags,
		.group = nlattr_u32(tb[IFLA_GROUP], 0),
	};
	if (nlattr_len(tb[IFLA_ADDRESS]) == sizeof(out->mac))
		memcpy(out->mac, nlattr_data(tb[IFLA_ADDRESS]), sizeof(out->mac));
	nlattr_str(tb[IFLA_IFNAME], out->name, sizeof(out->name));
	kind_read(tb[IFLA_LINKINFO], out->kind, sizeof(out->kind));
	return 0;
}

static int link_hear_one(const struct nlmsghdr *h, void *arg)
{
	return link_read(h, arg);
}

int link_get(struct netlink *nl, const char *name, int ifindex, struct link *out)
{
	struct ifinfomsg info = {.ifi_index = name ? 0 : ifindex};
	struct link link = {.ifindex = 0};
	struct nlmsg m;
	int r;

	nlmsg_start(&m, RTM_GETLINK, 0, &info, sizeof(info));
	nlmsg_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		nlmsg_put_str(&m, IFLA_IFNAME, name);
	r = nlmsg_talk(nl, &m, link_hear_one, &link);
	if (r == 0)
		*out = link;
	return r;
}

struct link_walk {
	int (*fn)(const struct link *link, void *arg);
	void *arg;
};

static int link_hear_each(const struct nlmsghdr *h, void *arg)
{
	struct link_walk *walk = arg;
	struct link link;
	int r = link_read(h, &link);

	return r < 0 ? r : walk->fn(&link, walk->arg);
}

int link_list(struct netlink *nl, int (*fn)(const struct link *link, void *arg), void *arg)
{
	struct link_walk walk = {.fn = fn, .arg = arg};
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	struct nlmsg m;

	nlmsg_start(&m, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	nlmsg_put_u32(&m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return nlmsg_talk(nl, &m, link_hear_each, &walk);
}

static void veth_put_peer(struct nlmsg *m, const struct veth_opts *opts)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC};
	size_t peer = nlmsg_nest(m, VETH_INFO_PEER);

	nlmsg_raw(m, &info, sizeof(info));
	nlmsg_put_str(m, IFLA_IFNAME, opts->peer_name);
	if (!mac_is_zero(opts->peer_mac))
		nlmsg_put(m, IFLA_ADDRESS, opts->peer_mac, sizeof(opts->peer_mac));
	if (opts->mtu)
		nlmsg_put_u32(m, IFLA_MTU, opts->mtu);
	if (opts->peer_netns_fd >= 0)
		nlmsg_put_u32(m, IFLA_NET_NS_FD, (uint32_t)opts->peer_netns_fd);
	nlmsg_nest_end(m, peer);
}

int veth_add(struct netlink *nl, const struct veth_opts *opts)
{
	uint32_t up = opts->up ? IFF_UP : 0;
	struct ifinfomsg info = {.ifi_flags = up, .ifi_change = up};
	size_t linkinfo, data;
	struct nlmsg m;

	nlmsg_start(&m, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	nlmsg_put_str(&m, IFLA_IFNAME, opts->name);
	if (!mac_is_zero(opts->mac))
		nlmsg_put(&m, IFLA_ADDRESS, opts->mac, sizeof(opts->mac));
	if (opts->mtu)
		nlmsg_put_u32(&m, IFLA_MTU, opts->mtu);
	linkinfo = nlmsg_nest(&m, IFLA_LINKINFO);
	nlmsg_put_str(&m, IFLA_INFO_KIND, "veth");
	data = nlmsg_nest(&m, IFLA_INFO_DATA);
	veth_put_peer(&m, opts);
	nlmsg_nest_end(&m, data);
	nlmsg_nest_end(&m, linkinfo);
	return nlmsg_talk(nl, &m, NULL, NULL);
}

static int link_set_no_ipv6_ll(struct netlink *nl, int ifindex)
{
	struct ifinfomsg info = {.ifi_index = ifindex};
	size_t spec, inet6;
	struct nlmsg m;

	nlmsg_start(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	spec = nlmsg_nest(&m, IFLA_AF_SPEC);
	inet6 = nlmsg_nest(&m, AF_INET6);
	nlmsg_put_u8(&m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nlmsg_nest_end(&m, inet6);
	nlmsg_nest_end(&m, spec);
	return nlmsg_talk(nl, &m, NULL, NULL);
}

static struct ifinfomsg link_set_info(int ifindex, const struct link_opts *opts)
{
	return (struct ifinfomsg){
		.ifi_index = ifindex,
		.ifi_flags = (opts->up ? IFF_UP : 0) | (opts->noarp ? IFF_NOARP : 0),
		.ifi_change = (opts->up || opts->down ? IFF_UP : 0) | (opts->noarp ? IFF_NOARP : 0),
	};
}

int link_set(struct netlink *nl, int ifindex, const struct link_opts *opts)
{
	struct ifinfomsg info = link_set_info(ifindex, opts);
	struct nlmsg m;
	int r;

	/* First, and alone: the kernel sets flags before the family's options, and a device that
	 * goes up has its link-local address already (net/core/rtnetlink.c, do_setlink). */
	if (opts->no_ipv6_ll) {
		r = link_set_no_ipv6_ll(nl, ifindex);
		if (r < 0)
			return r;
	}
	nlmsg_start(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	if (opts->mac)
		nlmsg_put(&m, IFLA_ADDRESS, opts->mac, 6);
	if (opts->mtu)
		nlmsg_put_u32(&m, IFLA_MTU, opts->mtu);
	if (opts->set_group)
		nlmsg_put_u32(&m, IFLA_GROUP, opts->group);
	return nlmsg_talk(nl, &m, NULL, NULL);
}

int link_del(struct netlink *nl, int ifindex)
{
	struct ifinfomsg info = {.ifi_index = ifindex};
	struct nlmsg m;

	/* Index 0 would mean "by name" to the kernel. */
	if (ifindex <= 0)
		return -EINVAL;
	nlmsg_start(&m, RTM_DELLINK, 0, &info, sizeof(info));
	return nlmsg_talk(nl, &m, NULL, NULL);
}

int link_del_group(struct netlink *nl, uint32_t group)
{
	struct ifinfomsg info = {.ifi_index = 0};
	struct nlmsg m;

	nlmsg_start(&m, RTM_DELLINK, 0, &info, sizeof(info));
	nlmsg_put_u32(&m, IFLA_GROUP, group);
	return nlmsg_talk(nl, &m, NULL, NULL);
}
