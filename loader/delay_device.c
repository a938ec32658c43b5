/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Devices of the delay line; see delay_device.h. */
#include "loader/delay_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "axoneme/delay.h"
#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "loader/delay_qdisc.h"

#define TUN_PATH "/dev/net/tun"
#define TUN_MAJOR 10
#define TUN_MINOR 200
#define DEVICE_MTU 65521u
/* Packets that wait for the thread to read them: 16,384 of 1 to 64 KB, which it does at once. */
#define TAP_QUEUE 16384

/* From linux/if_tun.h of 6.2, which Debian 12's headers (6.1) lack. */
#define AXO_TUN_F_USO4 0x20
#define AXO_TUN_F_USO6 0x40

static int tun_open_at(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int delay_tun_open(const char *dir)
{
	int fd = tun_open_at(TUN_PATH);
	char path[256];

	if (fd >= 0 || (size_t)snprintf(path, sizeof(path), "%s/tun", dir) >= sizeof(path))
		return fd;
	/* Containers have no node for it; whoever may make one may use it. */
	if (mknod(path, S_IFCHR | 0600, makedev(TUN_MAJOR, TUN_MINOR)) < 0)
		return fd;
	fd = tun_open_at(path);
	unlink(path);
	return fd;
}

static int set_up(struct netlink *nl, int ifindex)
{
	struct link_opts up = {.up = true, .no_ipv6_ll = true, .mtu = DEVICE_MTU};

	return link_set(nl, ifindex, &up);
}

static int pair_find(struct netlink *nl, struct link *in, struct link *out)
{
	int r = link_get(nl, AXO_DEV_DELAY, 0, in), r2 = link_get(nl, AXO_DEV_DELAY_OUT, 0, out);

	if (r == 0 && r2 == 0 && !strcmp(in->kind, "veth") && in->peer_ifindex == out->ifindex &&
	    out->peer_ifindex == in->ifindex)
		return 0;
	return r < 0 && r != -ENODEV ? r : -ENODEV;
}

static int pair_make(struct netlink *nl, struct link *in, struct link *out, bool *made)
{
	struct veth_opts opts = {
		.name = AXO_DEV_DELAY,
		.peer_name = AXO_DEV_DELAY_OUT,
		.mtu = DEVICE_MTU,
		.peer_netns_fd = -1,
	};
	int r = pair_find(nl, in, out);

	*made = r == -ENODEV;
	if (!*made)
		return r;
	r = delay_device_remove(nl);
	if (r == 0)
		r = veth_add(nl, &opts);
	return r < 0 ? r : pair_find(nl, in, out);
}

int delay_device_fq(struct netlink *nl, struct delay_device *dev, struct error *e)
{
	struct link in, out;
	bool made;
	int r = pair_make(nl, &in, &out, &made);

	if (r == 0)
		r = qdisc_set_fq(in.ifindex);
	if (r == 0)
		r = set_up(nl, out.ifindex);
	if (r == 0)
		r = set_up(nl, in.ifindex);
	if (r < 0) {
		delay_device_remove(nl);
		return error_set(e, r, "cannot make the delay line by fq: %s", strerror(-r));
	}
	*dev = (struct delay_device){AXO_DELAY_FQ, in.ifindex, out.ifindex, -1, made};
	return 0;
}

static int tap_attach(int fd)
{
	struct ifreq req = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	unsigned long offload = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", AXO_DEV_DELAY);
	if (ioctl(fd, TUNSETIFF, &req) < 0)
		return -errno;
	/* Without the last two the kernel cuts UDP super-packets before they come here. */
	if (ioctl(fd, TUNSETOFFLOAD, offload | AXO_TUN_F_USO4 | AXO_TUN_F_USO6) < 0 &&
	    ioctl(fd, TUNSETOFFLOAD, offload) < 0)
		return -errno;
	return 0;
}

static int tap_set_queue(void)
{
	_cleanup_close_ int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = {.ifr_qlen = TAP_QUEUE};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", AXO_DEV_DELAY);
	return sock < 0 || ioctl(sock, SIOCSIFTXQLEN, &req) < 0 ? -errno : 0;
}

int delay_device_tap(struct netlink *nl, int tun_fd, struct delay_device *dev, struct error *e)
{
	struct link link;
	int r;

	/* A pair of the other kind, or what a user made, must not be in the way. */
	r = delay_device_remove(nl);
	if (r == 0)
		r = tap_attach(tun_fd);
	if (r == 0)
		r = link_get(nl, AXO_DEV_DELAY, 0, &link);
	if (r == 0)
		r = tap_set_queue();
	if (r == 0)
		r = qdisc_set_none(link.ifindex);
	if (r == 0)
		r = set_up(nl, link.ifindex);
	if (r < 0)
		return error_set(e, r, "cannot make the delay line by a TAP device: %s",
				 strerror(-r));
	*dev = (struct delay_device){AXO_DELAY_TAP, link.ifindex, link.ifindex, tun_fd, true};
	return 0;
}

int delay_device_remove(struct netlink *nl)
{
	static const char *const names[] = {AXO_DEV_DELAY, AXO_DEV_DELAY_OUT};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct link link;
		int r = link_get(nl, names[i], 0, &link);

		if (r == 0)
			r = link_del(nl, link.ifindex);
		if (r < 0 && r != -ENODEV)
			return r;
	}
	return 0;
}
