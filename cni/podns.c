/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pod's network namespace; see podns.h. */
#include "cni/podns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int not_usable(struct failure *f, const char *path, const char *why)
{
	return failure_set(f, CNI_INVALID_ENVIRONMENT,
			   "CNI_NETNS %.256s: %s: expected a network namespace", path, why);
}

static bool is_netns(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC &&
	       ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

int podns_enter(const char *path, struct podns *ns, struct failure *f)
{
	int r;

	ns->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ns->home < 0)
		return failure_set(f, CNI_IO, "cannot open the plugin's own network namespace: %s",
				   strerror(errno));
	/* Not to hang on a FIFO or a terminal that somebody put there. */
	ns->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (ns->fd < 0)
		return not_usable(f, path, strerror(errno));
	if (!is_netns(ns->fd))
		return not_usable(f, path, "is something else");
	if (is_same_file(ns->fd, ns->home))
		return not_usable(f, path, "is the host's own, not a pod's");
	if (setns(ns->fd, CLONE_NEWNET) < 0)
		return failure_set(f, CNI_KERNEL, "cannot enter CNI_NETNS %.256s: %s", path,
				   strerror(errno));
	r = netlink_open(&ns->nl);
	if (r < 0)
		return failure_set(f, CNI_KERNEL, "cannot open a netlink socket: %s", strerror(-r));
	return 0;
}

int podns_leave(const struct podns *ns)
{
	return setns(ns->home, CLONE_NEWNET) < 0 ? -errno : 0;
}

void podns_close(struct podns *ns)
{
	netlink_close(ns->nl);
	if (ns->fd >= 0)
		close(ns->fd);
	if (ns->home >= 0)
		close(ns->home);
	*ns = (struct podns)PODNS_NONE;
}

int kernel_failure(struct failure *f, const struct netlink *nl, int err, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	failure_set(f, CNI_KERNEL, "%s: %s", what, strerror(abs(err)));
	return failure_detail(f, "%s", netlink_message(nl));
}
