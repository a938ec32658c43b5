/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The pod's network namespace: opened, checked, entered.
 *
 * The plugin has one thread, so entering is for the whole process.  Sockets on paths are not of a
 * network namespace: the agent is reached from inside as well.
 */
#ifndef CNI_PODNS_H
#define CNI_PODNS_H

#include <stdbool.h>

#include "cni/failure.h"
#include "lib/netlink.h"

/**
 * struct podns - owned: podns_close()
 * @fd:   the pod's namespace
 * @home: the plugin's own, which is the agent's
 * @nl:   rtnetlink inside the pod
 */
struct podns {
	int fd;
	int home;
	struct netlink *nl;
};

#define PODNS_NONE                               \
	{                                        \
		.fd = -1, .home = -1, .nl = NULL \
	}

/**
 * podns_enter - open @path, which must be a network namespace and not the plugin's own, and go there
 *
 * @ns must be PODNS_NONE; close it in any case.
 */
int podns_enter(const char *path, struct podns *ns, struct failure *f);

/** podns_leave - back home; @ns stays usable through its netlink socket */
int podns_leave(const struct podns *ns);

void podns_close(struct podns *ns);

/** kernel_failure - fill @f with code CNI_KERNEL, the errno @err as text and the kernel's own sentence */
int kernel_failure(struct failure *f, const struct netlink *nl, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
