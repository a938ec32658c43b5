/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watching a directory: inotify in the loop.  A directory that is not there yet, or that went, is
 * looked for every two seconds.
 */
#ifndef LOADER_DIR_WATCH_H
#define LOADER_DIR_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct dir_watch;
struct event_base;

/**
 * struct dir_watch_opts
 * @path:  of the directory; borrowed
 * @mask:  IN_* to hear of, besides the directory's own end
 * @news:  is what happened to the entry @name ("" = to the directory) worth a look?  NULL = always
 * @look:  something is new; @watched false: the directory cannot be watched, maybe it is not there
 */
struct dir_watch_opts {
	const char *path;
	uint32_t mask;
	bool (*news)(void *arg, uint32_t mask, const char *name);
	void (*look)(void *arg, bool watched);
	void *arg;
};

/** dir_watch_open - watches at once, so that what comes while the directory is read is seen */
int dir_watch_open(struct dir_watch **w, struct event_base *base, const struct dir_watch_opts *opts,
		   struct error *e);
void dir_watch_close(struct dir_watch *w);

/** dir_watch_again - try to watch if that failed, and look, at the next turn of the loop */
void dir_watch_again(struct dir_watch *w);

#endif
