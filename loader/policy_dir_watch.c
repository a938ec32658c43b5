/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watching the directory of policy files; see policy_dir.h. */
#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/policy_dir_internal.h"
#include "loader/policy_engine.h"

#define RETRY_S 2

static void look_again(struct policy_dir *d)
{
	struct error e;

	if (!d->agent->ready)
		return;
	if (policy_dir_look(d, &e) < 0)
		log_error("policy files cannot be stored", "err", e.msg);
	else
		policy_settle(d->p, NULL, NULL);
}

static void unwatch(struct policy_dir *d)
{
	if (d->ev)
		event_free(d->ev);
	d->ev = NULL;
	cleanup_close(&d->fd);
	d->fd = -1;
}

static void retry_later(struct policy_dir *d)
{
	const struct timeval tv = {.tv_sec = RETRY_S};

	event_add(d->retry, &tv);
}

/* Of a file that is being made nothing is known until it is closed; a link is whole at once. */
static bool is_news(const struct policy_dir *d, const struct inotify_event *ev)
{
	char path[PATH_MAX];
	struct stat st;

	if (!(ev->mask & IN_CREATE))
		return true;
	if (snprintf(path, sizeof(path), "%s/%s", d->path, ev->name) >= (int)sizeof(path))
		return false;
	return lstat(path, &st) == 0 && (S_ISLNK(st.st_mode) || st.st_nlink > 1);
}

static void forget_stamp(struct policy_dir *d, const char *name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", d->path, name);
	struct dir_file *f = len < (int)sizeof(path) ? map_get(&d->by_path, path, (size_t)len)
						     : NULL;

	if (f)
		f->stamp = (struct file_stamp){0};
}

static void events_came(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char buf[4096];
	struct policy_dir *d = arg;
	bool news = false, gone = false;
	ssize_t len;

	(void)what;
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		for (char *at = buf; at < buf + len;) {
			const struct inotify_event *ev = (const struct inotify_event *)at;

			gone |= (ev->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
			news |= is_news(d, ev);
			if (ev->len)
				forget_stamp(d, ev->name);
			at += sizeof(*ev) + ev->len;
		}
	}
	if (gone) {
		unwatch(d);
		retry_later(d);
	}
	if (news)
		look_again(d);
}

static int watch(struct policy_dir *d)
{
	uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE |
			IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

	d->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (d->fd < 0)
		return -errno;
	if (inotify_add_watch(d->fd, d->path, mask) < 0)
		return -errno;
	d->ev = event_new(d->agent->base, d->fd, EV_READ | EV_PERSIST, events_came, d);
	return d->ev && event_add(d->ev, NULL) == 0 ? 0 : -ENOMEM;
}

static void retry_fired(evutil_socket_t fd, short what, void *arg)
{
	struct policy_dir *d = arg;

	(void)fd;
	(void)what;
	if (d->fd < 0 && watch(d) < 0) {
		unwatch(d);
		retry_later(d);
	} else {
		look_again(d);
	}
}

void policy_dir_again(struct policy_dir *d)
{
	if (policy_dir_broken(d))
		event_active(d->retry, EV_TIMEOUT, 0);
}

int policy_dir_open(struct policy_dir **out, struct policy_engine *p, struct agent *agent,
		    struct error *e)
{
	struct policy_dir *d = calloc(1, sizeof(*d));

	if (!d)
		return error_set(e, ENOMEM, "no memory");
	*d = (struct policy_dir){.p = p, .agent = agent, .path = agent->opt.policy_dir, .fd = -1};
	d->retry = event_new(agent->base, -1, 0, retry_fired, d);
	if (!d->retry) {
		policy_dir_close(d);
		return error_set(e, ENOMEM, "no memory");
	}
	/* Watch first: what comes while the directory is read is seen afterwards. */
	if (watch(d) < 0) {
		unwatch(d);
		retry_later(d);
	}
	*out = d;
	return 0;
}

void policy_dir_close(struct policy_dir *d)
{
	if (!d)
		return;
	unwatch(d);
	if (d->retry)
		event_free(d->retry);
	policy_dir_forget(d);
	free(d);
}
