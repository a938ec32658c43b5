/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watching one file; see file_watch.h. */
#include "loader/file_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define RETRY_S 2

/**
 * struct file_watch
 * @dir:  of @path, owned
 * @fd:   inotify; -1 = the directory is not watched, @look tries again
 * @seen: what the file was at the last call; all zero = it is to be told of
 */
struct file_watch {
	struct event_base *base;
	const char *path;
	char *dir;
	file_watch_fn fn;
	void *arg;
	int fd;
	struct event *ev;
	struct event *look;
	struct stat seen;
	bool known;
};

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void file_watch_look(struct file_watch *w)
{
	struct stat now = {0};

	if (stat(w->path, &now) < 0)
		now = (struct stat){0};
	if (w->known && same(&now, &w->seen))
		return;
	w->seen = now;
	w->known = true;
	w->fn(w->arg);
}

static void unwatch(struct file_watch *w)
{
	if (w->ev)
		event_free(w->ev);
	w->ev = NULL;
	cleanup_close(&w->fd);
	w->fd = -1;
}

static void look_later(struct file_watch *w)
{
	const struct timeval tv = {.tv_sec = RETRY_S};

	event_add(w->look, &tv);
}

static void events_came(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char buf[4096];
	struct file_watch *w = arg;
	bool gone = false;
	ssize_t len;

	(void)what;
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + len;) {
			const struct inotify_event *ev = (const struct inotify_event *)at;

			gone |= (ev->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
			at += sizeof(*ev) + ev->len;
		}
	}
	if (gone) {
		unwatch(w);
		look_later(w);
	}
	file_watch_look(w);
}

static int watch(struct file_watch *w)
{
	uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
			IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0 || inotify_add_watch(w->fd, w->dir, mask) < 0)
		return -errno;
	w->ev = event_new(w->base, w->fd, EV_READ | EV_PERSIST, events_came, w);
	return w->ev && event_add(w->ev, NULL) == 0 ? 0 : -ENOMEM;
}

static void look_fired(evutil_socket_t fd, short what, void *arg)
{
	struct file_watch *w = arg;

	(void)fd;
	(void)what;
	if (w->fd < 0 && watch(w) < 0) {
		unwatch(w);
		look_later(w);
	}
	file_watch_look(w);
}

void file_watch_again(struct file_watch *w)
{
	w->known = false;
	event_active(w->look, EV_TIMEOUT, 0);
}

static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

int file_watch_open(struct file_watch **out, struct event_base *base, const char *path,
		    file_watch_fn fn, void *arg, struct error *e)
{
	struct file_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return error_set(e, ENOMEM, "no memory");
	*w = (struct file_watch){.base = base, .path = path, .fn = fn, .arg = arg, .fd = -1};
	w->dir = directory_of(path);
	w->look = event_new(base, -1, 0, look_fired, w);
	if (!w->dir || !w->look) {
		file_watch_close(w);
		return error_set(e, ENOMEM, "no memory");
	}
	/* Watch first: what comes while the file is read is seen afterwards. */
	if (watch(w) < 0)
		unwatch(w);
	file_watch_again(w);
	*out = w;
	return 0;
}

void file_watch_close(struct file_watch *w)
{
	if (!w)
		return;
	unwatch(w);
	if (w->look)
		event_free(w->look);
	free(w->dir);
	free(w);
}
