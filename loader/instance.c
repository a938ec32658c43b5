/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One agent per network namespace and per directory of pins; see instance.h. */
#include "loader/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#define NAME "axonemed" /* behind the zero byte that makes it abstract */
/* Nothing is accepted: each agent that was refused takes a place. */
#define BACKLOG 4096

/* Who has the name: credentials of when it began to listen.  or -errno. */
static int owner_of(const struct sockaddr_un *addr, socklen_t len, struct ucred *owner)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*owner);

	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, len) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, owner, &size) < 0)
		return -errno;
	return 0;
}

/* An agent is root's, and listens.  Anybody else must not be able to keep it from starting. */
static int refuse(const struct sockaddr_un *addr, socklen_t len, struct error *e)
{
	struct ucred owner = {.uid = (uid_t)-1};
	int r = owner_of(addr, len, &owner);

	if (r == 0 && owner.uid == 0)
		return error_set(e, EBUSY,
				 "another agent (pid %d) runs in this network namespace: expected "
				 "none",
				 (int)owner.pid);
	log_warn("a process that is no agent has the name of this namespace's agent", "pid",
		 log_num(owner.pid));
	return 0;
}

int instance_lock_netns(int *out, struct error *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX, .sun_path = "\0" NAME};
	socklen_t len = offsetof(struct sockaddr_un, sun_path) + sizeof(NAME);
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_set(e, errno, "cannot make a socket: %s", strerror(errno));
	if (bind(fd, (const struct sockaddr *)&addr, len) < 0) {
		if (errno == EADDRINUSE)
			return refuse(&addr, len, e);
		return error_set(e, errno, "cannot lock the network namespace: %s",
				 strerror(errno));
	}
	if (listen(fd, BACKLOG) < 0)
		return error_set(e, errno, "cannot lock the network namespace: %s",
				 strerror(errno));
	*out = TAKE_FD(fd);
	return 0;
}

int instance_lock_pins(const char *dir, int *out, struct error *e)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(e, errno, "cannot open %.150s: %s", dir, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return error_set(e, EBUSY, "another agent has its pins in %.150s", dir);
		return error_set(e, errno, "cannot lock %.150s: %s", dir, strerror(errno));
	}
	*out = TAKE_FD(fd);
	return 0;
}
