/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * XDP on the host's devices: xdp_edge on every configured one, native where the driver has it,
 * else generic.
 *
 * Each is a link pinned as BPFFS/link_<device>_xdp_edge (and _generic, when that was asked for), so it goes on without the agent, and
 * nobody can put another program in its place by accident.  A program that is not ours is left
 * alone: the device is refused, with an error, and looked at again every ten seconds.
 *
 * --xdp says when: "auto" is always for devices that --device names, and for those of default
 * routes while the prefilter names any prefix; "on" is always, "generic" always and never native,
 * "off" never.
 */
#ifndef LOADER_XDP_H
#define LOADER_XDP_H

#include <net/if.h>

#include "lib/error.h"

struct agent;
struct xdp;

/** enum xdp_mode - of a device */
enum xdp_mode {
	XDP_NONE = 0, /* not attached: not wanted, or the device is not there */
	XDP_NATIVE,
	XDP_GENERIC,
	XDP_REFUSED, /* the kernel, or somebody else's program */
};

/** struct xdp_device - a configured device; @why: when it was refused */
struct xdp_device {
	char name[IFNAMSIZ];
	enum xdp_mode mode;
	struct error why;
};

int xdp_open(struct xdp **x, struct agent *agent, struct error *e);
void xdp_close(struct xdp *x);

/** xdp_apply - make every device what it should be; twice changes nothing.  @x may be NULL */
void xdp_apply(struct xdp *x);

/** xdp_came - device @ifindex came up: apply, if it is a configured one; 0 = any */
void xdp_came(struct xdp *x, int ifindex);

/** xdp_next - iterate: NULL starts, NULL ends; borrowed.  @x may be NULL */
const struct xdp_device *xdp_next(const struct xdp *x, const struct xdp_device *prev);

const char *xdp_mode_name(enum xdp_mode mode);

#endif
