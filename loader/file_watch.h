/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watching one file by its directory, so that a file that is replaced by a rename, or reached
 * through a symbolic link that is (as in a mounted ConfigMap), is noticed as well as one that is
 * written in place.  A directory that is not there yet is looked for every two seconds.
 */
#ifndef LOADER_FILE_WATCH_H
#define LOADER_FILE_WATCH_H

#include "lib/error.h"

struct event_base;
struct file_watch;

/** file_watch_fn - the file is another than when this was called last; it may also be gone */
typedef void (*file_watch_fn)(void *arg);

/** file_watch_open - @path is borrowed; @fn is called from the loop, or by file_watch_look() */
int file_watch_open(struct file_watch **w, struct event_base *base, const char *path,
		    file_watch_fn fn, void *arg, struct error *e);
void file_watch_close(struct file_watch *w);

/** file_watch_look - now: call @fn if the file is another than at the last call */
void file_watch_look(struct file_watch *w);

/** file_watch_again - call @fn at the next turn of the loop, whatever the file is */
void file_watch_again(struct file_watch *w);

#endif
