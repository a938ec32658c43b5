/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watching a directory; see dir_watch.h. */
#include "loader/dir_watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define RETRY_S 2

/** struct dir_watch - @fd: inotify; -1 = the directory is not watched, @retry tries again */
struct dir_watch {
	struct event_base *base;
	struct dir_watch_opts opts;
	int fd;
	struct event *ev;
	struct event *retry;
};

static void unwatch(struct dir_watch *w)
{
	if (w->ev)
		event_free(w->ev);
	w->ev = NULL;
	cleanup_close(&w->fd);
	w->fd = -1;
}

static void retry_later(struct dir_watch *w)
{
	const struct timeval tv = {.tv_sec = RETRY_S};

	event_add(w->retry, &tv);
}

static bool is_news(const struct dir_watch *w, const struct inotify_event *ev)
{
	return !w->opts.news || w->opts.news(w->opts.arg, ev->mask, ev->len ? ev->name : "");
}

static void events_came(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char buf[4096];
	struct dir_watch *w = arg;
	bool news = false, gone = false;
	ssize_t len;

	(void)what;
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + len;) {
			const struct inotify_event *ev = (const struct inotify_event *)at;

			gone |= (ev->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
			news |= is_news(w, ev);
			at += sizeof(*ev) + ev->len;
		}
	}
	if (gone) {
		unwatch(w);
		retry_later(w);
	}
	if (news)
		w->opts.look(w->opts.arg, true);
}

static int watch(struct dir_watch *w)
{
	uint32_t mask = w->opts.mask | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0 || inotify_add_watch(w->fd, w->opts.path, mask) < 0)
		return -errno;
	w->ev = event_new(w->base, w->fd, EV_READ | EV_PERSIST, events_came, w);
	return w->ev && event_add(w->ev, NULL) == 0 ? 0 : -ENOMEM;
}

static bool watch_or_retry(struct dir_watch *w)
{
	if (w->fd >= 0 || watch(w) == 0)
		return true;
	unwatch(w);
	retry_later(w);
	return false;
}

static void retry_fired(evutil_socket_t fd, short what, void *arg)
{
	struct dir_watch *w = arg;

	(void)fd;
	(void)what;
	w->opts.look(w->opts.arg, watch_or_retry(w));
}

int dir_watch_open(struct dir_watch **out, struct event_base *base,
		   const struct dir_watch_opts *opts, struct error *e)
{
	struct dir_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return error_set(e, ENOMEM, "no memory");
	*w = (struct dir_watch){.base = base, .opts = *opts, .fd = -1};
	w->retry = event_new(base, -1, 0, retry_fired, w);
	if (!w->retry) {
		dir_watch_close(w);
		return error_set(e, ENOMEM, "no memory");
	}
	watch_or_retry(w);
	*out = w;
	return 0;
}

void dir_watch_again(struct dir_watch *w)
{
	event_active(w->retry, EV_TIMEOUT, 0);
}

void dir_watch_close(struct dir_watch *w)
{
	if (!w)
		return;
	unwatch(w);
	if (w->retry)
		event_free(w->retry);
	free(w);
}
