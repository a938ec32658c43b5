/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the directory of policy files holds, into force; see policy_dir.h. */
#include "loader/policy_dir.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/db.h"
#include "loader/policy_dir_internal.h"
#include "loader/policy_internal.h"
#include "loader/policy_source.h"
#include "loader/policy_store.h"
#include "policy/node.h"

static bool is_policy_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot &&
	       (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") || !strcmp(dot, ".json"));
}

static struct dir_file *file_of(struct policy_dir *d, const char *path)
{
	void **slot = map_slot(&d->by_path, path, strlen(path));
	struct dir_file *f = *slot;

	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f || !(f->path = strdup(path)))
		abort();
	f->next = d->files;
	d->files = f;
	*slot = f;
	return f;
}

static void file_free(struct policy_dir *d, struct dir_file *f)
{
	map_remove(&d->by_path, f->path, strlen(f->path));
	d->broken -= f->error != NULL;
	free(f->path);
	free(f->text);
	free(f->error);
	free(f);
}

void policy_dir_forget(struct policy_dir *d)
{
	while (d->files) {
		struct dir_file *f = d->files;

		d->files = f->next;
		file_free(d, f);
	}
	map_fini(&d->by_path, NULL);
}

static void file_break(struct policy_dir *d, struct dir_file *f, const char *why)
{
	f->changed = false;
	if (f->error && !strcmp(f->error, why))
		return;
	d->broken += !f->error;
	free(f->error);
	f->error = strdup(why);
	if (!f->error)
		abort();
	log_error(f->applied ? "policy file is broken; its last good version stays in force"
			     : "policy file is broken and not in force",
		  "file", f->path, "err", why);
}

static void file_good(struct policy_dir *d, struct dir_file *f)
{
	d->broken -= f->error != NULL;
	free(f->error);
	f->error = NULL;
}

/* --- what has changed --- */

static struct file_stamp stamp_of(const struct stat *st)
{
	return (struct file_stamp){st->st_dev, st->st_ino, st->st_size, st->st_mtim.tv_sec,
				   st->st_mtim.tv_nsec};
}

/* 1: read; 0: there is no such file; -EINVAL: @why.  A pipe would be waited for. */
static int file_load(struct dir_file *f, const struct stat *now, char *why, size_t size)
{
	int r;

	if (now->st_ino && !S_ISREG(now->st_mode)) {
		snprintf(why, size, "%s is a %s; expected a regular file", f->path,
			 S_ISDIR(now->st_mode) ? "directory" : "special file");
		return -EINVAL;
	}
	r = file_read(f->path, NODE_MAX_BYTES, &f->text, &f->len);
	if (r == -ENOENT)
		return 0;
	if (r == -EFBIG)
		snprintf(why, size, "%s has %lld bytes; expected at most %d bytes", f->path,
			 (long long)now->st_size, NODE_MAX_BYTES);
	else if (r < 0)
		snprintf(why, size, "%s: %s", f->path, strerror(-r));
	return r < 0 ? -EINVAL : 1;
}

static void file_look(struct policy_dir *d, const char *path)
{
	struct dir_file *f = file_of(d, path);
	struct stat now = {0};
	struct file_stamp stamp = {0};
	char why[PATH_MAX + 64];
	int r;

	f->present = true;
	if (stat(path, &now) == 0)
		stamp = stamp_of(&now);
	if (stamp.inode && !memcmp(&stamp, &f->stamp, sizeof(stamp)))
		return;
	f->stamp = stamp;
	free(f->text);
	f->text = NULL;
	r = file_load(f, &now, why, sizeof(why));
	f->present = r != 0;
	f->changed = r > 0;
	if (r < 0)
		file_break(d, f, why);
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
		if (is_policy_file(entry->d_name) && snprintf(path, sizeof(path), "%s/%s", d->path,
							      entry->d_name) < (int)sizeof(path))
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
			file_break(d, f, e.msg);
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
		file_good(d, f);
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
		file_break(d, b.files[r == -EEXIST ? bad : 0], e.msg);
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
		file_free(d, f);
	}
}

/* Files that lost against another source, or against capacity, may fit after a change. */
static void retry_broken(struct policy_dir *d)
{
	for (struct dir_file *f = d->files; f && d->broken; f = f->next)
		if (f->error)
			f->stamp = (struct file_stamp){0};
}

int policy_dir_look(struct policy_dir *d, struct error *e)
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

/* When it was looked at, if what stands there is what is stored: then it need not be read again. */
static struct file_stamp stamp_of_same(const struct policy_text *t)
{
	_cleanup_free_ char *text = NULL;
	struct stat now;
	size_t len;

	if (stat(t->file, &now) < 0 || !S_ISREG(now.st_mode) || (size_t)now.st_size != t->len ||
	    file_read(t->file, NODE_MAX_BYTES, &text, &len) < 0 || len != t->len ||
	    memcmp(text, t->text, len) != 0)
		return (struct file_stamp){0};
	return stamp_of(&now);
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
		file_break(d, f, e.msg);
		return 0;
	}
	f->applied = true;
	f->stamp = stamp_of_same(t);
	return 0;
}

int policy_dir_load(struct policy_dir *d, struct error *e)
{
	int r;

	policy_dir_forget(d);
	r = policy_store_each_file(d->p->store, stored_file, d, e);
	return r < 0 ? r : policy_dir_look(d, e);
}

size_t policy_dir_broken(const struct policy_dir *d)
{
	return d->broken;
}

const char *policy_dir_next(const struct policy_dir *d, const char *prev, const char **why)
{
	const struct dir_file *f = d->broken ? d->files : NULL;

	while (prev && f && f->path != prev)
		f = f->next;
	if (prev && f)
		f = f->next;
	while (f && !f->error)
		f = f->next;
	*why = f ? f->error : NULL;
	return f ? f->path : NULL;
}
