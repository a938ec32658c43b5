/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Watching the directory of policy files; see policy_dir.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "lib/log.h"
#include "loader/agent.h"
#include "loader/dir_watch.h"
#include "loader/policy_dir_internal.h"
#include "loader/policy_engine.h"

static void look_again(void *arg, bool watched)
{
	struct policy_dir *d = arg;
	struct error e;

	/* Of a directory that went, the events have told. */
	if (!watched || !d->agent->ready)
		return;
	if (policy_dir_look(d, &e) < 0)
		log_error("policy files cannot be stored", "err", e.msg);
	else
		policy_settle(d->p, NULL, NULL);
}

/* Of a file that is being made nothing is known until it is closed; a link is whole at once. */
static bool is_whole(const struct policy_dir *d, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", d->path, name) >= (int)sizeof(path))
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

static bool is_news(void *arg, uint32_t mask, const char *name)
{
	struct policy_dir *d = arg;

	if (*name)
		forget_stamp(d, name);
	return !(mask & IN_CREATE) || is_whole(d, name);
}

void policy_dir_again(struct policy_dir *d)
{
	if (policy_dir_broken(d))
		dir_watch_again(d->watch);
}

int policy_dir_open(struct policy_dir **out, struct policy_engine *p, struct agent *agent,
		    struct error *e)
{
	struct policy_dir *d = calloc(1, sizeof(*d));
	const struct dir_watch_opts opts = {
		.path = agent->opt.policy_dir,
		.mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE,
		.news = is_news,
		.look = look_again,
		.arg = d,
	};
	int r;

	if (!d)
		return error_set(e, ENOMEM, "no memory");
	*d = (struct policy_dir){.p = p, .agent = agent, .path = opts.path};
	r = dir_watch_open(&d->watch, agent->base, &opts, e);
	if (r < 0) {
		policy_dir_close(d);
		return r;
	}
	*out = d;
	return 0;
}

void policy_dir_close(struct policy_dir *d)
{
	if (!d)
		return;
	dir_watch_close(d->watch);
	policy_dir_forget(d);
	free(d);
}
