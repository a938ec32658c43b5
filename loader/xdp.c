/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* XDP on the host's devices; see xdp.h. */
#include "loader/xdp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/if_link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/netlink.h"
#include "loader/agent.h"
#include "loader/datapath.h"
#include "loader/pin.h"
#include "loader/prefilter.h"

#define RETRY_S 10
#define PIN_MAX (IFNAMSIZ + 40)

struct xdp {
	struct agent *agent;
	struct event *retry;
	struct xdp_device devices[OPTIONS_MAX_LIST];
	size_t count;
};

const char *xdp_mode_name(enum xdp_mode mode)
{
	static const char *const names[] = {
		[XDP_NONE] = "none",
		[XDP_NATIVE] = "native",
		[XDP_GENERIC] = "generic",
		[XDP_REFUSED] = "refused",
	};

	return names[mode];
}

static bool is_wanted(const struct xdp *x)
{
	const struct options *opt = &x->agent->opt;

	if (!strcmp(opt->xdp, "off"))
		return false;
	return strcmp(opt->xdp, "auto") != 0 || !opt->device_found ||
	       prefilter_is_used(x->agent->prefilter);
}

static bool is_generic(const struct xdp *x)
{
	return !strcmp(x->agent->opt.xdp, "generic");
}

/* Who asks for generic gets another link than who takes it because there is no native. */
static void pin_name(char out[static PIN_MAX], const char *device, bool generic)
{
	snprintf(out, PIN_MAX, "link_%s_xdp_edge%s", device, generic ? "_generic" : "");
}

static void pins_remove(const struct xdp *x, const char *device)
{
	char pin[PIN_MAX];

	for (int generic = 0; generic < 2; generic++) {
		pin_name(pin, device, generic);
		pin_remove(x->agent->opt.bpffs_dir, pin);
	}
}

static enum xdp_mode mode_of(int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	if (bpf_xdp_query(ifindex, 0, &q) < 0)
		return XDP_NONE;
	return q.attach_mode == XDP_ATTACHED_SKB ? XDP_GENERIC : XDP_NATIVE;
}

/* Of a device that went, the link stays and is on none. */
static bool link_is_on(int fd, int ifindex)
{
	struct bpf_link_info info = {0};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && info.type == BPF_LINK_TYPE_XDP &&
	       (int)info.xdp.ifindex == ifindex;
}

/* 0 = our link is there and runs the program; else there is none any more. */
static int link_update(struct xdp *x, const char *pin, int ifindex, int prog)
{
	const char *dir = x->agent->opt.bpffs_dir;
	_cleanup_close_ int fd = pin_get(dir, pin);

	if (fd < 0)
		return fd;
	if (link_is_on(fd, ifindex) && bpf_link_update(fd, prog, NULL) == 0)
		return 0;
	pin_remove(dir, pin);
	return -ENOENT;
}

static int link_create(struct xdp *x, const char *pin, int ifindex, int prog, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	_cleanup_close_ int fd = bpf_link_create(prog, ifindex, BPF_XDP, &opts);

	return fd < 0 ? -errno : pin_replace(x->agent->opt.bpffs_dir, pin, fd);
}

/* Number of the program that is in our place; 0 = there is none.  Its name is not ours to ask. */
static uint32_t foreign_id(int ifindex)
{
	uint32_t id = 0;

	return bpf_xdp_query_id(ifindex, 0, &id) < 0 ? 0 : id;
}

static int refuse(struct xdp_device *d, int ifindex, int err)
{
	uint32_t id = foreign_id(ifindex);

	if (id)
		return error_set(&d->why, EBUSY,
				 "device %s: an XDP program that is not ours (id %u) is attached: "
				 "it is left alone, and nothing is filtered there",
				 d->name, id);
	return error_set(&d->why, err, "device %s: the kernel refused XDP: %s", d->name,
			 strerror(-err));
}

static int device_attach(struct xdp *x, struct xdp_device *d, int ifindex)
{
	int prog = datapath_prog_fd(x->agent->datapath, "xdp_edge");
	char pin[PIN_MAX];
	int r;

	pin_name(pin, d->name, !is_generic(x));
	pin_remove(x->agent->opt.bpffs_dir, pin);
	pin_name(pin, d->name, is_generic(x));
	r = link_update(x, pin, ifindex, prog);
	if (r == 0)
		return 0;
	/* A program may be there in the other mode: the kernel would take ours beside it. */
	if (foreign_id(ifindex))
		return refuse(d, ifindex, -EBUSY);
	r = is_generic(x) ? -EOPNOTSUPP : link_create(x, pin, ifindex, prog, XDP_FLAGS_DRV_MODE);
	if (r < 0)
		r = link_create(x, pin, ifindex, prog, XDP_FLAGS_SKB_MODE);
	return r < 0 ? refuse(d, ifindex, r) : 0;
}

static void mode_set(struct xdp_device *d, enum xdp_mode mode, const struct xdp_device *before)
{
	d->mode = mode;
	if (mode != XDP_REFUSED)
		d->why = (struct error){0};
	if (mode == before->mode && !strcmp(d->why.msg, before->why.msg))
		return;
	if (mode == XDP_REFUSED)
		log_error("XDP is not attached", "err", d->why.msg);
	else
		log_info("XDP", "device", d->name, "mode", xdp_mode_name(mode));
}

static void device_apply(struct xdp *x, struct xdp_device *d)
{
	const struct xdp_device before = *d;
	struct link link;

	if (!is_wanted(x)) {
		pins_remove(x, d->name);
		mode_set(d, XDP_NONE, &before);
	} else if (link_get(x->agent->nl, d->name, 0, &link) < 0) {
		mode_set(d, XDP_NONE, &before);
	} else if (device_attach(x, d, link.ifindex) < 0) {
		mode_set(d, XDP_REFUSED, &before);
	} else {
		mode_set(d, mode_of(link.ifindex), &before);
	}
}

void xdp_apply(struct xdp *x)
{
	const struct timeval later = {.tv_sec = RETRY_S};
	bool refused = false;

	for (size_t i = 0; x && i < x->count; i++) {
		device_apply(x, &x->devices[i]);
		refused |= x->devices[i].mode == XDP_REFUSED;
	}
	if (refused)
		event_add(x->retry, &later);
}

void xdp_came(struct xdp *x, int ifindex)
{
	char name[IF_NAMESIZE];

	if (ifindex && !if_indextoname((unsigned int)ifindex, name))
		return;
	for (size_t i = 0; x && i < x->count; i++) {
		if (ifindex && strcmp(x->devices[i].name, name) != 0)
			continue;
		xdp_apply(x);
		return;
	}
}

static void retry_fired(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	xdp_apply(arg);
}

/* Is @pin a link of ours on a device that the configuration does not name any more? */
static bool is_stray(const struct xdp *x, const char *pin)
{
	const char *end = strstr(pin, "_xdp_edge");
	char known[PIN_MAX];

	if (strncmp(pin, "link_", 5) != 0 || !end)
		return false;
	for (size_t i = 0; i < x->count; i++) {
		pin_name(known, x->devices[i].name, strlen(end) > strlen("_xdp_edge"));
		if (!strcmp(known, pin))
			return false;
	}
	return true;
}

static void strays_remove(const struct xdp *x)
{
	_cleanup_dir_ DIR *dir = opendir(x->agent->opt.bpffs_dir);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (is_stray(x, entry->d_name))
			pin_remove(x->agent->opt.bpffs_dir, entry->d_name);
}

int xdp_open(struct xdp **out, struct agent *agent, struct error *e)
{
	struct xdp *x = calloc(1, sizeof(*x));

	if (!x)
		return error_set(e, ENOMEM, "no memory");
	x->agent = agent;
	x->retry = event_new(agent->base, -1, 0, retry_fired, x);
	if (!x->retry) {
		xdp_close(x);
		return error_set(e, ENOMEM, "no memory");
	}
	for (; x->count < agent->opt.device.count; x->count++)
		snprintf(x->devices[x->count].name, IFNAMSIZ, "%s",
			 agent->opt.device.items[x->count]);
	strays_remove(x);
	*out = x;
	return 0;
}

void xdp_close(struct xdp *x)
{
	if (!x)
		return;
	if (x->retry)
		event_free(x->retry);
	free(x);
}

const struct xdp_device *xdp_next(const struct xdp *x, const struct xdp_device *prev)
{
	size_t next = prev ? (size_t)(prev - x->devices) + 1 : 0;

	return x && next < x->count ? &x->devices[next] : NULL;
}
