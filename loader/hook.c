/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hooks; see hook.h.
 *
 * A pod's device takes five requests: clsact, filters, address generation mode, up and MTU.  They
 * go to the kernel in one send, because each round trip is a wake-up, and each takes the RTNL
 * lock for itself, so that nobody waits for four in a row.
 */
#include "loader/hook.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/filter.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/pin.h"

#define LINK_PIN_MAX 64
#define FILTER_PRIO 1
#define HANDOVER_PRIO 2
#define FILTER_HANDLE 1
#define BATCH_MAX 5

/* From linux/bpf.h of 6.6, which Debian 12's headers (6.1) lack. */
#define AXO_BPF_TCX_INGRESS 46
#define AXO_BPF_TCX_EGRESS 47
#define AXO_BPF_LINK_TYPE_TCX 11
#define AXO_BPF_F_BEFORE (1U << 3)

struct hooks {
	struct mnl_socket *sock;
	char *bpffs_dir;
	const char *host_mode;
	uint32_t seq;
	int handover; /* ifindex of axo_host; 0 = off */
};

/**
 * struct batch - requests that go to the kernel in one send
 * @tolerate: per request: an errno that is as good as success; 0 = none
 */
struct batch {
	char buf[2048];
	size_t len;
	uint32_t first_seq;
	unsigned int count;
	int tolerate[BATCH_MAX];
};

int hooks_open(struct hooks **out, const char *bpffs_dir, struct error *e)
{
	struct hooks *h = calloc(1, sizeof(*h));

	if (!h)
		return error_set(e, ENOMEM, "no memory");
	h->host_mode = "none";
	h->bpffs_dir = strdup(bpffs_dir);
	h->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!h->bpffs_dir || !h->sock || mnl_socket_bind(h->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		int err = errno;

		hooks_close(h);
		return error_set(e, err, "cannot open a netlink socket: %s", strerror(err));
	}
	*out = h;
	return 0;
}

void hooks_close(struct hooks *h)
{
	if (!h)
		return;
	if (h->sock)
		mnl_socket_close(h->sock);
	free(h->bpffs_dir);
	free(h);
}

const char *hooks_host_mode(const struct hooks *h)
{
	return h->host_mode;
}

static struct nlmsghdr *batch_put(struct hooks *h, struct batch *b, uint16_t type, uint16_t flags,
				  int tolerate)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(b->buf + b->len);

	m->nlmsg_type = type;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	m->nlmsg_seq = ++h->seq;
	if (b->count == 0)
		b->first_seq = m->nlmsg_seq;
	b->tolerate[b->count++] = tolerate;
	return m;
}

static void batch_end(struct batch *b, const struct nlmsghdr *m)
{
	b->len += NLMSG_ALIGN(m->nlmsg_len);
}

/* The kernel acknowledges in order; the first error that is not tolerated counts. */
static int batch_answers(struct hooks *h, const struct batch *b)
{
	char buf[8192];
	unsigned int heard = 0;
	int r = 0;

	while (heard < b->count) {
		ssize_t n = mnl_socket_recvfrom(h->sock, buf, sizeof(buf));
		int len = (int)n;

		if (n < 0)
			return -errno;
		for (const struct nlmsghdr *m = (const void *)buf; mnl_nlmsg_ok(m, len);
		     m = mnl_nlmsg_next(m, &len)) {
			const struct nlmsgerr *ack = mnl_nlmsg_get_payload(m);
			uint32_t at = m->nlmsg_seq - b->first_seq;

			if (m->nlmsg_type != NLMSG_ERROR || at >= b->count)
				continue;
			heard++;
			if (ack->error && -ack->error != b->tolerate[at] && r == 0)
				r = ack->error;
		}
	}
	return r;
}

static int batch_talk(struct hooks *h, const struct batch *b)
{
	if (mnl_socket_sendto(h->sock, b->buf, b->len) < 0)
		return -errno;
	return batch_answers(h, b);
}

static void put_clsact(struct hooks *h, struct batch *b, int ifindex)
{
	struct nlmsghdr *m = batch_put(h, b, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, EEXIST);
	struct tcmsg *t = mnl_nlmsg_put_extra_header(m, sizeof(*t));

	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = ifindex;
	t->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	t->tcm_parent = TC_H_CLSACT;
	mnl_attr_put_strz(m, TCA_KIND, "clsact");
	batch_end(b, m);
}

static void filter_header(struct nlmsghdr *m, int ifindex, uint32_t prio, bool egress)
{
	struct tcmsg *t = mnl_nlmsg_put_extra_header(m, sizeof(*t));

	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = ifindex;
	t->tcm_handle = FILTER_HANDLE;
	t->tcm_parent = TC_H_MAKE(TC_H_CLSACT, egress ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS);
	t->tcm_info = TC_H_MAKE(prio << 16, htons(ETH_P_ALL));
	mnl_attr_put_strz(m, TCA_KIND, "bpf");
}

/* Create, or replace the program of the filter that is there, atomically (net/sched/cls_bpf.c). */
static void put_filter(struct hooks *h, struct batch *b, const struct hook_device *d)
{
	struct nlmsghdr *m = batch_put(h, b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, 0);
	struct nlattr *nest;

	filter_header(m, d->ifindex, FILTER_PRIO, d->egress);
	nest = mnl_attr_nest_start(m, TCA_OPTIONS);
	mnl_attr_put_u32(m, TCA_BPF_FD, (uint32_t)d->prog_fd);
	mnl_attr_put_strz(m, TCA_BPF_NAME, d->prog);
	mnl_attr_put_u32(m, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(m, nest);
	batch_end(b, m);
}

static void put_mirred(struct nlmsghdr *m, int ifindex)
{
	const struct tc_mirred parms = {
		.action = TC_ACT_STOLEN,
		.eaction = TCA_INGRESS_REDIR,
		.ifindex = (uint32_t)ifindex,
	};
	struct nlattr *actions = mnl_attr_nest_start(m, TCA_BPF_ACT);
	struct nlattr *first = mnl_attr_nest_start(m, 1), *options;

	mnl_attr_put_strz(m, TCA_ACT_KIND, "mirred");
	options = mnl_attr_nest_start(m, TCA_ACT_OPTIONS);
	mnl_attr_put(m, TCA_MIRRED_PARMS, sizeof(parms), &parms);
	mnl_attr_nest_end(m, options);
	mnl_attr_nest_end(m, first);
	mnl_attr_nest_end(m, actions);
}

/* All packets match: classic BPF of one instruction. */
static void put_handover(struct hooks *h, struct batch *b, int ifindex)
{
	static const struct sock_filter all = {.code = BPF_RET | BPF_K, .k = UINT32_MAX};
	struct nlmsghdr *m = batch_put(h, b, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, 0);
	struct nlattr *nest;

	filter_header(m, ifindex, HANDOVER_PRIO, false);
	nest = mnl_attr_nest_start(m, TCA_OPTIONS);
	mnl_attr_put_u16(m, TCA_BPF_OPS_LEN, 1);
	mnl_attr_put(m, TCA_BPF_OPS, sizeof(all), &all);
	put_mirred(m, h->handover);
	mnl_attr_nest_end(m, nest);
	batch_end(b, m);
}

/* Before IFF_UP, which makes the link-local address.  A kernel without IPv6 needs no such thing. */
static void put_no_link_local(struct hooks *h, struct batch *b, int ifindex)
{
	struct nlmsghdr *m = batch_put(h, b, RTM_SETLINK, 0, EAFNOSUPPORT);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));
	struct nlattr *spec, *inet6;

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = ifindex;
	spec = mnl_attr_nest_start(m, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(m, AF_INET6);
	mnl_attr_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(m, inet6);
	mnl_attr_nest_end(m, spec);
	batch_end(b, m);
}

static void put_up(struct hooks *h, struct batch *b, int ifindex, uint32_t mtu)
{
	struct nlmsghdr *m = batch_put(h, b, RTM_SETLINK, 0, 0);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(m, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = ifindex;
	i->ifi_flags = IFF_UP;
	i->ifi_change = IFF_UP;
	if (mtu)
		mnl_attr_put_u32(m, IFLA_MTU, mtu);
	batch_end(b, m);
}

bool hooks_set_handover(struct hooks *h, int ifindex_net, int ifindex_host)
{
	struct batch b = {0}, undo = {0};
	struct nlmsghdr *m;
	int r;

	h->handover = ifindex_host;
	put_clsact(h, &b, ifindex_net);
	put_handover(h, &b, ifindex_net);
	r = batch_talk(h, &b);
	if (r == 0) {
		m = batch_put(h, &undo, RTM_DELTFILTER, 0, 0);
		filter_header(m, ifindex_net, HANDOVER_PRIO, false);
		batch_end(&undo, m);
		r = batch_talk(h, &undo);
	}
	if (r < 0) {
		log_debug("no act_mirred: what pods send to the stack goes out of " AXO_DEV_NET,
			  "err", strerror(-r));
		h->handover = 0;
	}
	return h->handover != 0;
}

int hook_attach_pod(struct hooks *h, int ifindex, int prog_fd, uint32_t mtu, struct error *e)
{
	const struct hook_device d = {.ifindex = ifindex, .prog = "from_pod", .prog_fd = prog_fd};
	struct batch b = {0};
	int r;

	put_clsact(h, &b, ifindex);
	/* First what stands behind: the program relies on it. */
	if (h->handover)
		put_handover(h, &b, ifindex);
	put_filter(h, &b, &d);
	put_no_link_local(h, &b, ifindex);
	put_up(h, &b, ifindex, mtu);
	r = batch_talk(h, &b);
	return r < 0 ? error_set(e, r, "cannot attach from_pod to device %d: %s", ifindex,
				 strerror(-r))
		     : 0;
}

int hook_pod_attached(struct hooks *h, int ifindex)
{
	struct batch b = {0};
	struct nlmsghdr *m = batch_put(h, &b, RTM_GETTFILTER, 0, 0);
	int r;

	filter_header(m, ifindex, FILTER_PRIO, false);
	batch_end(&b, m);
	r = batch_talk(h, &b);
	/* EINVAL: the device has no clsact. */
	if (r == -ENOENT || r == -EINVAL || r == -ENODEV)
		return 0;
	return r < 0 ? r : 1;
}

static int attach_clsact(struct hooks *h, const struct hook_device *d, struct error *e)
{
	struct batch b = {0};
	int r;

	put_clsact(h, &b, d->ifindex);
	put_filter(h, &b, d);
	r = batch_talk(h, &b);
	return r < 0 ? error_set(e, r, "cannot attach %s to %s: %s", d->prog, d->name, strerror(-r))
		     : 0;
}

/* The qdisc stays: somebody else may have filters in it. */
static int detach_clsact(struct hooks *h, const struct hook_device *d)
{
	struct batch b = {0};
	struct nlmsghdr *m = batch_put(h, &b, RTM_DELTFILTER, 0, 0);
	int r;

	filter_header(m, d->ifindex, FILTER_PRIO, d->egress);
	batch_end(&b, m);
	r = batch_talk(h, &b);
	return r == -ENOENT || r == -EINVAL || r == -ENODEV ? 0 : r;
}

/*
 * struct bpf_link_info of 6.6 and later, as far as a tcx link fills it: the union of its members
 * begins behind four words, aligned to eight bytes.
 */
struct tcx_info {
	uint32_t type, id, prog_id, pad;
	uint32_t ifindex, attach_type;
	char rest[64];
};

static bool link_is_on(int fd, int ifindex)
{
	union {
		struct bpf_link_info kernel;
		struct tcx_info tcx;
	} info = {0};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	       info.tcx.type == AXO_BPF_LINK_TYPE_TCX && (int)info.tcx.ifindex == ifindex;
}

/* bpffs refuses dots, which VLAN devices have; no device's name has a colon. */
static void link_pin(char pin[static LINK_PIN_MAX], const struct hook_device *d)
{
	snprintf(pin, LINK_PIN_MAX, "link_%s_%s", d->name, d->prog);
	for (char *c = pin; *c; c++)
		if (*c == '.')
			*c = ':';
}

/* 0 = the pinned link runs the program; else there is no such link. */
static int tcx_update(struct hooks *h, const char *pin, const struct hook_device *d)
{
	_cleanup_close_ int fd = pin_get(h->bpffs_dir, pin);

	if (fd < 0)
		return fd;
	if (!link_is_on(fd, d->ifindex) || bpf_link_update(fd, d->prog_fd, NULL) < 0) {
		pin_remove(h->bpffs_dir, pin);
		return -ENOENT;
	}
	return 0;
}

/* In front of all others: from_host always decides, and from_netdev leaves the rest to them. */
static int tcx_create(struct hooks *h, const char *pin, const struct hook_device *d)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = AXO_BPF_F_BEFORE);
	_cleanup_close_ int fd =
		bpf_link_create(d->prog_fd, d->ifindex,
				d->egress ? AXO_BPF_TCX_EGRESS : AXO_BPF_TCX_INGRESS, &opts);

	return fd < 0 ? -errno : pin_replace(h->bpffs_dir, pin, fd);
}

int hook_attach_device(struct hooks *h, const struct hook_device *d, struct error *e)
{
	char pin[LINK_PIN_MAX];
	int r;

	link_pin(pin, d);
	r = tcx_update(h, pin, d);
	if (r < 0)
		r = tcx_create(h, pin, d);
	h->host_mode = r == 0 ? "tcx" : "clsact";
	if (r == 0)
		return 0;
	/* 6.1 says EINVAL: it does not know the attach type. */
	log_debug("no tcx, clsact is used", "err", strerror(-r));
	return attach_clsact(h, d, e);
}

int hook_detach_device(struct hooks *h, const struct hook_device *d)
{
	char pin[LINK_PIN_MAX];
	int r;

	link_pin(pin, d);
	r = pin_remove(h->bpffs_dir, pin);
	return r < 0 || d->ifindex == 0 ? r : detach_clsact(h, d);
}

bool hook_device_attached(struct hooks *h, const struct hook_device *d)
{
	struct batch b = {0};
	char pin[LINK_PIN_MAX];
	struct nlmsghdr *m;

	link_pin(pin, d);
	_cleanup_close_ int fd = pin_get(h->bpffs_dir, pin);
	if (fd >= 0)
		return link_is_on(fd, d->ifindex);
	m = batch_put(h, &b, RTM_GETTFILTER, 0, 0);
	filter_header(m, d->ifindex, FILTER_PRIO, d->egress);
	batch_end(&b, m);
	return batch_talk(h, &b) == 0;
}
