/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Queueing disciplines; see delay_qdisc.h. */
#include "loader/delay_qdisc.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <time.h>

#include "axoneme/chaos.h"

/*
 * What fq would do otherwise (net/sched/sch_fq.c): drop beyond 10,000 packets, 100 of one flow, and
 * ten seconds; throttle flows that hash together; pace sockets by their own rate.  Packets here
 * belong to senders whose socket buffers bound them.
 */
#define FQ_LIMIT 1000000u
#define FQ_FLOW_LIMIT 100000u
#define FQ_BUCKETS_LOG 16u
#define FQ_HORIZON_US (2 * (uint32_t)(AXO_CHAOS_DELAY_MAX_NS / 1000))

static struct nlmsghdr *qdisc_request(char *buf, int ifindex, const char *kind)
{
	struct nlmsghdr *m = mnl_nlmsg_put_header(buf);
	struct tcmsg *t;

	m->nlmsg_type = RTM_NEWQDISC;
	m->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	m->nlmsg_seq = (uint32_t)time(NULL);
	t = mnl_nlmsg_put_extra_header(m, sizeof(*t));
	t->tcm_family = AF_UNSPEC;
	t->tcm_ifindex = ifindex;
	t->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(m, TCA_KIND, kind);
	return m;
}

static int talk(struct mnl_socket *sock, const struct nlmsghdr *m)
{
	char buf[8192];
	ssize_t n;

	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(sock, m, m->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(sock, buf, sizeof(buf));
	if (n < 0 ||
	    mnl_cb_run(buf, (size_t)n, m->nlmsg_seq, mnl_socket_get_portid(sock), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static int qdisc_apply(const struct nlmsghdr *m)
{
	struct mnl_socket *sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int r = sock ? talk(sock, m) : -errno;

	if (sock)
		mnl_socket_close(sock);
	return r;
}

int qdisc_set_fq(int ifindex)
{
	char buf[1024];
	struct nlmsghdr *m = qdisc_request(buf, ifindex, "fq");
	struct nlattr *nest = mnl_attr_nest_start(m, TCA_OPTIONS);

	mnl_attr_put_u32(m, TCA_FQ_PLIMIT, FQ_LIMIT);
	mnl_attr_put_u32(m, TCA_FQ_FLOW_PLIMIT, FQ_FLOW_LIMIT);
	mnl_attr_put_u32(m, TCA_FQ_BUCKETS_LOG, FQ_BUCKETS_LOG);
	mnl_attr_put_u32(m, TCA_FQ_ORPHAN_MASK, (1u << FQ_BUCKETS_LOG) - 1);
	mnl_attr_put_u32(m, TCA_FQ_RATE_ENABLE, 0);
	mnl_attr_put_u32(m, TCA_FQ_HORIZON, FQ_HORIZON_US);
	mnl_attr_put_u8(m, TCA_FQ_HORIZON_DROP, 0);
	mnl_attr_nest_end(m, nest);
	return qdisc_apply(m);
}

int qdisc_set_none(int ifindex)
{
	char buf[1024];

	return qdisc_apply(qdisc_request(buf, ifindex, "noqueue"));
}
