/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rtnetlink: the socket and one request with its answer; see netlink.h. */
#include "lib/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/nlmsg.h"

/*
 * The kernel puts as many messages of a dump into one datagram as the receiver's last buffer
 * took, at most 32 KiB (net/netlink/af_netlink.c, netlink_dump).
 */
#define ANSWER_MAX 32768

struct netlink {
	int fd;
	uint32_t seq;
	char message[256];
	uint8_t answer[ANSWER_MAX] __attribute__((aligned(8)));
};

static void option_set(int fd, int option)
{
	int one = 1;

	/* Without it (an old kernel) an error has no sentence, or a dump is not filtered. */
	setsockopt(fd, SOL_NETLINK, option, &one, sizeof(one));
}

int netlink_open(struct netlink **nl)
{
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct netlink *n;

	if (fd < 0)
		return -errno;
	option_set(fd, NETLINK_EXT_ACK);
	option_set(fd, NETLINK_CAP_ACK);
	option_set(fd, NETLINK_GET_STRICT_CHK);
	n = malloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->fd = TAKE_FD(fd);
	n->seq = 0;
	n->message[0] = '\0';
	*nl = n;
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (!nl)
		return;
	close(nl->fd);
	free(nl);
}

void netlink_cleanup(struct netlink **nl)
{
	netlink_close(*nl);
}

/* Any socket of the namespace takes the ioctls of its devices (net/socket.c, sock_do_ioctl). */
int link_identify(struct netlink *nl, const char *name, int *ifindex, uint8_t mac[6])
{
	struct ifreq index = {.ifr_ifindex = 0}, address = {.ifr_ifindex = 0};

	if (strlen(name) >= sizeof(index.ifr_name))
		return -EINVAL;
	strcpy(index.ifr_name, name);
	strcpy(address.ifr_name, name);
	if (ioctl(nl->fd, SIOCGIFINDEX, &index) < 0 || ioctl(nl->fd, SIOCGIFHWADDR, &address) < 0)
		return -errno;
	*ifindex = index.ifr_ifindex;
	memcpy(mac, address.ifr_hwaddr.sa_data, 6);
	return 0;
}

const char *netlink_message(const struct netlink *nl)
{
	return nl->message;
}

static int message_send(struct netlink *nl, struct nlmsg *m)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	if (m->overflow)
		return -EMSGSIZE;
	m->hdr.nlmsg_seq = ++nl->seq;
	do {
		n = sendto(nl->fd, m->buf, m->hdr.nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The error message (code 0 = success), and the kernel's sentence behind it. */
static int ack_read(struct netlink *nl, const struct nlmsghdr *h)
{
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];
	const struct nlmsgerr *err = NLMSG_DATA(h);
	size_t fixed = sizeof(*err);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*err)))
		return -EBADMSG;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		fixed += err->msg.nlmsg_len - NLMSG_HDRLEN;
	if (err->error && h->nlmsg_flags & NLM_F_ACK_TLVS) {
		nlattr_index(nlmsg_payload(h, fixed), nlmsg_payload_len(h, fixed), tb,
			     NLMSGERR_ATTR_MSG);
		nlattr_str(tb[NLMSGERR_ATTR_MSG], nl->message, sizeof(nl->message));
	}
	return err->error;
}

/* A dump ends with an int that is its result. */
static int done_read(const struct nlmsghdr *h)
{
	int result = 0;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(result)))
		memcpy(&result, NLMSG_DATA(h), sizeof(result));
	return result;
}

struct hearing {
	nlmsg_fn fn;
	void *arg;
	int result;
	bool done;
};

static void message_hear(struct netlink *nl, const struct nlmsghdr *h, struct hearing *to)
{
	int r = 0;

	if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
		r = h->nlmsg_type == NLMSG_ERROR ? ack_read(nl, h) : done_read(h);
		to->done = true;
	} else if (to->fn && to->result == 0) {
		r = to->fn(h, to->arg);
	}
	if (r < 0 && to->result == 0)
		to->result = r;
}

static int answer_read(struct netlink *nl, struct hearing *to)
{
	const struct nlmsghdr *h = (const struct nlmsghdr *)nl->answer;
	struct sockaddr_nl from;
	struct iovec iov = {.iov_base = nl->answer, .iov_len = sizeof(nl->answer)};
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n = recvmsg(nl->fd, &msg, 0);
	size_t left;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (msg.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (msg.msg_namelen != sizeof(from) || from.nl_pid != 0)
		return 0;
	left = (size_t)n;
	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left))
		if (h->nlmsg_seq == nl->seq)
			message_hear(nl, h, to);
	return 0;
}

int nlmsg_talk(struct netlink *nl, struct nlmsg *m, nlmsg_fn fn, void *arg)
{
	struct hearing to = {.fn = fn, .arg = arg};
	int r;

	nl->message[0] = '\0';
	/* Both bits: each alone means something else in a change (NLM_F_EXCL, NLM_F_REPLACE). */
	if ((m->hdr.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		m->hdr.nlmsg_flags |= NLM_F_ACK;
	r = message_send(nl, m);
	while (r == 0 && !to.done)
		r = answer_read(nl, &to);
	return r < 0 ? r : to.result;
}
