/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks: where programs are attached.  The one place that knows tcx from clsact.
 *
 *   pod devices  clsact and one bpf filter (priority 1, handle 1) on ingress, through netlink:
 *                a tcx attach or detach waits for an RCU grace period, which is 6 to 33 ms.
 *                Behind it (priority 2), where the kernel has act_mirred: a filter that takes all that
 *                from_pod lets go on (TC_ACT_UNSPEC) and makes axo_host receive it, at once and on
 *                this CPU; a redirect by BPF would put it into a queue first
 *   axo_net and  a tcx link, pinned as BPFFS/link_<device>_<program> (with ':' for '.'), where the
 *   host devices kernel has tcx (6.6 and later), else clsact as above
 *
 * Attaching where something of ours is attached replaces the program without a gap.
 */
#ifndef LOADER_HOOK_H
#define LOADER_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct hooks;

/** hooks_open - a netlink socket for the namespace of the calling thread; @bpffs_dir is copied */
int hooks_open(struct hooks **h, const char *bpffs_dir, struct error *e);
void hooks_close(struct hooks *h);

/** hooks_host_mode - "tcx" or "clsact": how hook_attach_device() attached; "none" before */
const char *hooks_host_mode(const struct hooks *h);

/**
 * struct hook_device - a program on a device that is no pod's
 * @ifindex: 0 = there is no such device now (hook_detach_device() only)
 * @egress:  it meets what the device is about to send, not what it received
 * @prog:    its name: that of the pin, and of the filter
 */
struct hook_device {
	int ifindex;
	bool egress;
	const char *name;
	const char *prog;
	int prog_fd;
};

/** hook_attach_device - by tcx if possible, in front of other programs there */
int hook_attach_device(struct hooks *h, const struct hook_device *d, struct error *e);

/** hook_detach_device - 0 also when nothing of ours is there */
int hook_detach_device(struct hooks *h, const struct hook_device *d);

/** hook_device_attached - is the program, or an older one of that name, on the device? */
bool hook_device_attached(struct hooks *h, const struct hook_device *d);

/**
 * hooks_set_handover - make the filter behind from_pod part of every attachment of a pod
 * @ifindex_net:  axo_net: where it is tried, and taken away again
 * @ifindex_host: axo_host
 * Return: is it?  No = the kernel has no such action; what pods send to the stack goes out of axo_net.
 */
bool hooks_set_handover(struct hooks *h, int ifindex_net, int ifindex_host);

/**
 * hook_attach_pod - @prog_fd to the ingress of a pod's host-side device, and the device set up:
 * no IPv6 link-local address, @mtu, IFF_UP; all in one message to the kernel
 * Return: 0 or negative errno with @e; -ENODEV = the device is gone
 */
int hook_attach_pod(struct hooks *h, int ifindex, int prog_fd, uint32_t mtu, struct error *e);

/** hook_pod_attached - 1 = a bpf filter of ours is on the ingress of @ifindex, 0 = none; negative errno */
int hook_pod_attached(struct hooks *h, int ifindex);

#endif
