/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Notifications; see netwatch.h. */
#include "loader/netwatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <net/if.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/cleanup.h"

struct netwatch {
	struct mnl_socket *sock;
	struct event *ev;
	enum netwatch_what what;
	netwatch_fn fn;
	void *arg;
};

/*
 * Every change of a device is told to the group RTNLGRP_LINK, and an ADD makes half a dozen; so the
 * kernel filters.  The type is the half-word at offset 4, which BPF loads in network order.  A
 * device that is made or comes up has IFF_UP in the lowest byte of ifi_change.
 */
static int filter_links(int fd, enum netwatch_what what)
{
	const uint32_t change = NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_change);
	const uint16_t type = what == NETWATCH_UP ? RTM_NEWLINK : RTM_DELLINK;
	const uint8_t removed = what != NETWATCH_UP;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), 0, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, change),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_K, removed),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IFF_UP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = {.len = ARRAY_SIZE(code), .filter = code};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0 ? -errno : 0;
}

static void tell_links(struct netwatch *w, const char *buf, int len)
{
	for (const struct nlmsghdr *m = (const void *)buf; mnl_nlmsg_ok(m, len);
	     m = mnl_nlmsg_next(m, &len)) {
		const struct ifinfomsg *i = mnl_nlmsg_get_payload(m);

		/* AF_BRIDGE tells of a port of a bridge, not of a device. */
		if ((m->nlmsg_type == RTM_DELLINK || m->nlmsg_type == RTM_NEWLINK) &&
		    i->ifi_family == AF_UNSPEC)
			w->fn(w->arg, i->ifi_index);
	}
}

static void watch_read(evutil_socket_t fd, short what, void *arg)
{
	struct netwatch *w = arg;
	_Alignas(8) char buf[8192];
	bool told = false;

	(void)what;
	for (;;) {
		ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 && !(n < 0 && errno == ENOBUFS))
			break;
		if (n > 0 && w->what != NETWATCH_ADDRESSES)
			tell_links(w, buf, (int)n);
		else
			told = true;
	}
	if (told)
		w->fn(w->arg, 0);
}

static int watch_open(struct netwatch *w, struct event_base *base)
{
	unsigned int groups = w->what != NETWATCH_ADDRESSES
				      ? 1 << (RTNLGRP_LINK - 1)
				      : 1 << (RTNLGRP_IPV4_IFADDR - 1) |
						1 << (RTNLGRP_IPV6_IFADDR - 1);
	int r = 0;

	w->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!w->sock)
		return -errno;
	if (w->what != NETWATCH_ADDRESSES)
		r = filter_links(mnl_socket_get_fd(w->sock), w->what);
	if (r < 0)
		return r;
	if (mnl_socket_bind(w->sock, groups, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	w->ev = event_new(base, mnl_socket_get_fd(w->sock), EV_READ | EV_PERSIST, watch_read, w);
	return w->ev && event_add(w->ev, NULL) == 0 ? 0 : -ENOMEM;
}

int netwatch_open(struct netwatch **out, struct event_base *base, enum netwatch_what what,
		  netwatch_fn fn, void *arg, struct error *e)
{
	struct netwatch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return error_set(e, ENOMEM, "no memory");
	*w = (struct netwatch){.what = what, .fn = fn, .arg = arg};
	r = watch_open(w, base);
	if (r < 0) {
		netwatch_close(w);
		return error_set(e, r, "cannot watch the network: %s", strerror(-r));
	}
	*out = w;
	return 0;
}

void netwatch_close(struct netwatch *w)
{
	if (!w)
		return;
	if (w->ev)
		event_free(w->ev);
	if (w->sock)
		mnl_socket_close(w->sock);
	free(w);
}
