/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watching one file; see file_watch.h. */
#include "loader/file_watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "loader/dir_watch.h"

/**
 * struct file_watch
 * @dir:  of @path, owned
 * @seen: what the file was at the last call; all zero = it is not there
 * @known: there was a call
 */
struct file_watch {
	const char *path;
	char *dir;
	file_watch_fn fn;
	void *arg;
	struct dir_watch *watch;
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

static void directory_changed(void *arg, bool watched)
{
	(void)watched;
	file_watch_look(arg);
}

void file_watch_again(struct file_watch *w)
{
	w->known = false;
	dir_watch_again(w->watch);
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
	struct dir_watch_opts opts = {
		.mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB,
		.look = directory_changed,
		.arg = w,
	};
	int r;

	if (!w)
		return error_set(e, ENOMEM, "no memory");
	*w = (struct file_watch){.path = path, .fn = fn, .arg = arg};
	w->dir = directory_of(path);
	opts.path = w->dir;
	r = w->dir ? dir_watch_open(&w->watch, base, &opts, e) : error_set(e, ENOMEM, "no memory");
	if (r < 0) {
		file_watch_close(w);
		return r;
	}
	file_watch_again(w);
	*out = w;
	return 0;
}

void file_watch_close(struct file_watch *w)
{
	if (!w)
		return;
	dir_watch_close(w->watch);
	free(w->dir);
	free(w);
}
