/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The API's sockets; see api_socket.h. */
#include "loader/api_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/util.h>

#include "lib/cleanup.h"

#define BACKLOG 1024
#define SUFFIX ".new"
#define TYPE (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

/* Does somebody accept connections there? 1, 0, or negative errno. */
static int is_alive(const struct sockaddr_un *addr)
{
	_cleanup_close_ int fd = socket(AF_UNIX, TYPE, 0);

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) || errno == EAGAIN)
		return 1;
	return errno == ECONNREFUSED || errno == ENOENT ? 0 : -errno;
}

/* May @addr become ours? */
static int check_free(const struct sockaddr_un *addr, struct error *e)
{
	const char *path = addr->sun_path;
	struct stat st;
	int alive;

	if (lstat(path, &st))
		return errno == ENOENT ? 0 : error_set(e, errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(e, EEXIST, "%s is there and is no socket", path);
	alive = is_alive(addr);
	if (alive < 0)
		return error_set(e, -alive, "socket %s: %s", path, strerror(-alive));
	if (alive)
		return error_set(e, EADDRINUSE,
				 "another agent answers on %s (choose another run-dir)", path);
	return 0;
}

/* The umask makes the mode right from the first moment on. */
static int bind_and_listen(int fd, const struct sockaddr_un *addr)
{
	mode_t old = umask(0117);
	int r = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno : 0;

	umask(old);
	return r == 0 && listen(fd, BACKLOG) ? -errno : r;
}

/*
 * A socket that is bound but does not listen so far refuses connections, as a dead one does.  So
 * it is made under another name and gets its own, in the dead one's place, when it listens.
 */
static int make_socket(int fd, const struct sockaddr_un *addr)
{
	struct sockaddr_un fresh = *addr;
	int r;

	strcat(fresh.sun_path, SUFFIX);
	unlink(fresh.sun_path);
	r = bind_and_listen(fd, &fresh);
	if (r == 0 && rename(fresh.sun_path, addr->sun_path))
		r = -errno;
	if (r)
		unlink(fresh.sun_path);
	return r;
}

int api_socket_unix(const char *path, struct error *e)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;
	int r;

	if (strlen(path) + strlen(SUFFIX) >= sizeof(addr.sun_path))
		return error_set(e, ENAMETOOLONG, "socket %s has %zu bytes, expected at most %zu",
				 path, strlen(path), sizeof(addr.sun_path) - sizeof(SUFFIX));
	strcpy(addr.sun_path, path);
	r = check_free(&addr, e);
	if (r)
		return r;
	fd = socket(AF_UNIX, TYPE, 0);
	if (fd < 0)
		return error_set(e, errno, "cannot make a socket: %s", strerror(errno));
	r = make_socket(fd, &addr);
	if (r)
		return error_set(e, r, "cannot make socket %s: %s", path, strerror(-r));
	return TAKE_FD(fd);
}

static int address_parse(const char *address, struct sockaddr_storage *addr, int *len,
			 struct error *e)
{
	*len = sizeof(*addr);
	if (!evutil_parse_sockaddr_port(address, (struct sockaddr *)addr, len) &&
	    ((addr->ss_family == AF_INET && ((struct sockaddr_in *)addr)->sin_port) ||
	     (addr->ss_family == AF_INET6 && ((struct sockaddr_in6 *)addr)->sin6_port)))
		return 0;
	return error_set(e, EINVAL,
			 "metrics-listen '%.100s': expected ADDRESS:PORT, [ADDRESS]:PORT or off",
			 address);
}

int api_socket_check(const char *address, struct error *e)
{
	struct sockaddr_storage addr;
	int len;

	return address_parse(address, &addr, &len, e);
}

int api_socket_tcp(const char *address, struct error *e)
{
	struct sockaddr_storage addr = {0};
	_cleanup_close_ int fd = -1;
	int on = 1, len;
	int r = address_parse(address, &addr, &len, e);

	if (r < 0)
		return r;
	fd = socket(addr.ss_family, TYPE, 0);
	if (fd < 0)
		return error_set(e, errno, "cannot make a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, len) || listen(fd, BACKLOG))
		return error_set(e, errno, "cannot listen on metrics-listen %s: %s", address,
				 strerror(errno));
	return TAKE_FD(fd);
}
