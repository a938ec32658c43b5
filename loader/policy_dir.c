/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The watched directory of policy files; see policy_dir.h. */
#include "loader/policy_dir.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/db.h"
#include "loader/policy_internal.h"
#include "loader/policy_source.h"
#include "loader/policy_store.h"
#include "policy/node.h"

#define RETRY_S 2

/**
 * struct dir_file - a file that is or was there
 * @path:    also its source's name
 * @stat:    when it was read; all zero = it must be read again
 * @applied: some version of it is in force
 * @present: the scan that is being made has seen it
 * @changed: ... and it is to be applied (or to go, when not @present)
 * @text:    of a changed one
 * @error:   what is wrong with it; NULL = nothing
 */
struct dir_file {
	struct dir_file *next;
	char *path;
	struct stat stat;
	bool applied;
	bool present;
	bool changed;
	char *text;
	size_t len;
	char *error;
};

/**
 * struct policy_dir
 * @fd:    inotify; -1 = not watched, @retry tries again
 * @known: the directory could be read at the last scan
 */
struct policy_dir {
	struct policy_engine *p;
	struct agent *agent;
	const char *path;
	struct dir_file *files;
	int fd;
	struct event *ev;
	struct event *retry;
	bool known;
};

static bool is_policy_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot &&
	       (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") || !strcmp(dot, ".json"));
}

static struct dir_file *file_of(struct policy_dir *d, const char *path)
{
	struct dir_file *f = d->files;

	while (f && strcmp(f->path, path) != 0)
		f = f->next;
	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f || !(f->path = strdup(path)))
		abort();
	f->next = d->files;
	d->files = f;
	return f;
}

static void file_free(struct dir_file *f)
{
	free(f->path);
	free(f->text);
	free(f->error);
	free(f);
}

static void files_free(struct policy_dir *d)
{
	while (d->files) {
		struct dir_file *f = d->files;

		d->files = f->next;
		file_free(f);
	}
}

static void file_break(struct dir_file *f, const char *why)
{
	f->changed = false;
	if (f->error && !strcmp(f->error, why))
		return;
	free(f->error);
	f->error = strdup(why);
	log_error(f->applied ? "policy file is broken; its last good version stays in force"
			     : "policy file is broken and not in force",
		  "file", f->path, "err", why);
}

static void file_good(struct dir_file *f)
{
	free(f->error);
	f->error = NULL;
}

/* --- what has changed --- */

static bool same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void file_look(struct policy_dir *d, const char *path)
{
	struct dir_file *f = file_of(d, path);
	struct stat now;
	char why[PATH_MAX + 64];
	int r;

	f->present = true;
	if (stat(path, &now) == 0 && same_stat(&now, &f->stat))
		return;
	f->stat = now;
	free(f->text);
	f->text = NULL;
	r = file_read(path, NODE_MAX_BYTES, &f->text, &f->len);
	if (r == -ENOENT) {
		f->present = false;
		return;
	}
	f->changed = r == 0;
	if (r < 0) {
		snprintf(why, sizeof(why), "%s: %s", path, strerror(-r));
		file_break(f, why);
	}
}

static int scan(struct policy_dir *d)
{
	_cleanup_dir_ DIR *dir = opendir(d->path);
	struct dirent *entry;
	char path[PATH_MAX];

	if (!dir)
		return -errno;
	for (struct dir_file *f = d->files; f; f = f->next)
		f->present = f->changed = false;
	while ((entry = readdir(dir))) {
		if (is_policy_file(entry->d_name) &&
		    snprintf(path, sizeof(path), "%s/%s", d->path, entry->d_name) <
			    (int)sizeof(path))
			file_look(d, path);
	}
	for (struct dir_file *f = d->files; f; f = f->next)
		f->changed |= !f->present;
	return 0;
}

/* --- putting it in force --- */

/** struct batch - changed files as sources; @files in the same order */
struct batch {
	struct policy_source *sources;
	struct dir_file **files;
	size_t count;
};

static void batch_fini(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		policies_free(b->sources[i].list);
	free(b->sources);
	free(b->files);
}

/* @only: NULL = all changed files; those that are not valid are broken and left out. */
static void batch_make(struct policy_dir *d, const struct dir_file *only, struct batch *b)
{
	size_t room = 1;

	for (struct dir_file *f = d->files; f; f = f->next)
		room++;
	b->count = 0;
	b->sources = calloc(room, sizeof(*b->sources));
	b->files = calloc(room, sizeof(struct dir_file *));
	if (!b->sources || !b->files)
		abort();
	for (struct dir_file *f = d->files; f; f = f->next) {
		const struct policy_text t = {.file = f->path, .text = f->text, .len = f->len};
		struct policy *list = NULL;
		struct error e;

		if (!f->changed || (only && f != only))
			continue;
		if (f->present && policy_text_parse(&t, &list, &e) < 0) {
			file_break(f, e.msg);
			continue;
		}
		b->sources[b->count] = (struct policy_source){.source = f->path, .list = list};
		b->files[b->count++] = f;
	}
}

static int file_save(struct policy_dir *d, struct dir_file *f, struct error *e)
{
	const struct policy_text t = {.file = f->path, .text = f->text, .len = f->len};

	return f->present ? policy_store_put_file(d->p->store, &t, e)
			  : policy_store_delete_file(d->p->store, f->path, e);
}

static void batch_done(struct policy_dir *d, struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct dir_file *f = b->files[i];
		struct error e;

		if (file_save(d, f, &e) < 0)
			db_spoil(d->agent->db, &e);
		f->applied = f->present;
		f->changed = false;
		file_good(f);
		log_info(f->present ? "policy file applied" : "policy file removed", "file",
			 f->path);
	}
}

/* true: the files of the batch are decided, this way or the other. */
static bool batch_try(struct policy_dir *d, const struct dir_file *only)
{
	struct batch b;
	struct error e = {0};
	size_t bad = 0;
	int r;

	batch_make(d, only, &b);
	r = b.count ? policy_change(d->p, b.sources, b.count, &bad, &e) : 0;
	if (r == 0)
		batch_done(d, &b);
	else if (r == -EEXIST || b.count == 1)
		file_break(b.files[r == -EEXIST ? bad : 0], e.msg);
	batch_fini(&b);
	return r == 0 || (only && r < 0);
}

/*
 * All together, so that an object can move from one file to another.  One that is in the way of
 * a name is left out; for other reasons, like capacity, the files are tried one by one.
 */
static void apply(struct policy_dir *d)
{
	size_t left = 0, before;

	do {
		before = left;
		if (batch_try(d, NULL))
			return;
		left = 0;
		for (struct dir_file *f = d->files; f; f = f->next)
			left += f->changed;
	} while (left && left != before);
	for (struct dir_file *f = d->files; f; f = f->next) {
		if (f->changed)
			batch_try(d, f);
	}
}

static void gone_free(struct policy_dir *d)
{
	struct dir_file **link = &d->files;

	while (*link) {
		struct dir_file *f = *link;

		free(f->text);
		f->text = NULL;
		if (f->present || f->applied) {
			link = &f->next;
			continue;
		}
		*link = f->next;
		file_free(f);
	}
}

/* Files that lost against another source, or against capacity, may fit after a change. */
static void retry_broken(struct policy_dir *d)
{
	for (struct dir_file *f = d->files; f; f = f->next)
		if (f->error)
			f->stat = (struct stat){0};
}

static int look(struct policy_dir *d, struct error *e)
{
	int r = db_begin(d->agent->db, e);

	if (r < 0)
		return r;
	retry_broken(d);
	r = scan(d);
	if (r < 0) {
		if (d->files || d->known)
			log_err(r, "cannot read the policy directory %s; nothing changes", d->path);
		d->known = false;
		return 0;
	}
	d->known = true;
	apply(d);
	gone_free(d);
	return 0;
}

/* --- watching --- */

static void look_again(struct policy_dir *d)
{
	struct error e;

	if (!d->agent->ready)
		return;
	if (look(d, &e) < 0)
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

static void forget_stat(struct policy_dir *d, const char *name)
{
	for (struct dir_file *f = d->files; f; f = f->next)
		if (!strcmp(f->path + strlen(d->path) + 1, name))
			f->stat = (struct stat){0};
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
				forget_stat(d, ev->name);
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
	if (watch(d) < 0) {
		unwatch(d);
		retry_later(d);
	} else {
		look_again(d);
	}
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
	files_free(d);
	free(d);
}

static int stored_file(const struct policy_text *t, void *arg)
{
	struct policy_dir *d = arg;
	struct policy *list = NULL;
	struct dir_file *f = file_of(d, t->file);
	struct error e;

	if (policy_text_parse(t, &list, &e) < 0 ||
	    policy_set_apply(d->p->set, t->file, list, &e) < 0) {
		policies_free(list);
		file_break(f, e.msg);
		return 0;
	}
	f->applied = true;
	return 0;
}

int policy_dir_load(struct policy_dir *d, struct error *e)
{
	int r;

	files_free(d);
	r = policy_store_each_file(d->p->store, stored_file, d, e);
	return r < 0 ? r : look(d, e);
}

size_t policy_dir_broken(const struct policy_dir *d)
{
	size_t count = 0;

	for (const struct dir_file *f = d->files; f; f = f->next)
		count += f->error != NULL;
	return count;
}

const char *policy_dir_next(const struct policy_dir *d, const char *prev, const char **why)
{
	const struct dir_file *f = d->files;

	while (prev && f && f->path != prev)
		f = f->next;
	if (prev && f)
		f = f->next;
	while (f && !f->error)
		f = f->next;
	*why = f ? f->error : NULL;
	return f ? f->path : NULL;
}
