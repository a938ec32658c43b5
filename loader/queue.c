/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The plugin's DEL queue; see queue.h. */
#include "loader/queue.h"

#include <errno.h>
#include <event2/event.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "loader/agent.h"
#include "loader/db.h"
#include "loader/lifecycle.h"

#define SUFFIX ".del"
#define FILE_MAX_BYTES (1 << 16)

/**
 * struct queue
 * @retry: a drain that failed (database full) is repeated
 */
struct queue {
	struct agent *agent;
	const char *dir;
	int fd;
	struct event *ev;
	struct event *retry;
	uint64_t drained;
};

/** struct taken - a file whose removal waits for its commit */
struct taken {
	struct queue *q;
	char name[NAME_MAX + 1];
};

static const struct timeval retry_after = {.tv_sec = 1};

static bool queue_path(const struct queue *q, const char *name, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s/%s", q->dir, name) < PATH_MAX;
}

static void set_aside(const struct queue *q, const char *name, const char *why)
{
	char path[PATH_MAX], bad[PATH_MAX];

	log_error("queued DEL is not valid and is set aside", "file", name, "err", why);
	if (!queue_path(q, name, path) || snprintf(bad, sizeof(bad), "%s.bad", path) >= PATH_MAX ||
	    rename(path, bad) < 0)
		log_err(errno, "cannot rename %s", name);
}

static int parse(const char *text, struct attachment *a, struct error *e)
{
	json_error_t why;
	json_t *body = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	const char *network, *container, *ifname;
	int r;

	if (!body)
		return error_set(e, EINVAL, "not JSON: %.150s", why.text);
	if (json_unpack_ex(body, &why, JSON_STRICT, "{s:s, s:s, s:s}", "network", &network,
			   "containerId", &container, "ifname", &ifname) < 0)
		r = error_set(e, EINVAL, "%.150s", why.text);
	else
		r = attachment_set(a, network, container, ifname, e);
	json_decref(body);
	return r;
}

static void taken_decided(void *arg, const struct error *e)
{
	struct taken *t = arg;
	char path[PATH_MAX];

	if (e) {
		event_add(t->q->retry, &retry_after);
	} else if (queue_path(t->q, t->name, path)) {
		if (unlink(path) < 0 && errno != ENOENT)
			log_err(errno, "cannot remove %s", path);
		else
			t->q->drained++;
	}
	free(t);
}

static int apply(struct queue *q, const char *name, const struct attachment *a, struct error *e)
{
	struct taken *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return error_set(e, ENOMEM, "no memory");
	t->q = q;
	snprintf(t->name, sizeof(t->name), "%s", name);
	r = lifecycle_remove(q->agent, a, e);
	if (r >= 0)
		r = db_wait(q->agent->db, taken_decided, t, e);
	if (r < 0)
		free(t);
	else
		log_info("queued DEL applied", "container", a->container_id, "ifname", a->ifname);
	return r;
}

static void drain_file(struct queue *q, const char *name)
{
	_cleanup_free_ char *text = NULL;
	struct attachment a;
	struct error e = {0};
	char path[PATH_MAX];
	int r;

	if (!queue_path(q, name, path))
		return;
	r = file_read(path, FILE_MAX_BYTES, &text, NULL);
	if (r == -ENOENT)
		return;
	/* No fault of the file's. */
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -EIO) {
		log_err(r, "cannot read a queued DEL, will try again: %s", name);
		event_add(q->retry, &retry_after);
	} else if (r < 0) {
		set_aside(q, name, strerror(-r));
	} else if (parse(text, &a, &e) < 0) {
		set_aside(q, name, e.msg);
	} else if (apply(q, name, &a, &e) < 0) {
		log_error("cannot apply a queued DEL, will try again", "file", name, "err", e.msg);
		event_add(q->retry, &retry_after);
	}
}

static bool is_queued(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);

	return name[0] != '.' && len > suffix && !strcmp(name + len - suffix, SUFFIX);
}

static int drain(struct queue *q)
{
	_cleanup_dir_ DIR *dir = opendir(q->dir);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (is_queued(entry->d_name))
			drain_file(q, entry->d_name);
	}
	return 0;
}

/* Somebody removed the directory, and the watch went with it.  Watch first, as at start. */
static int queue_restore(struct queue *q)
{
	int r = dir_make(q->dir, 0700);

	if (r < 0)
		return r;
	if (inotify_add_watch(q->fd, q->dir, IN_MOVED_TO) < 0)
		return -errno;
	log_warn("queue directory was removed and is made again", "dir", q->dir);
	return drain(q);
}

static void retry_fired(evutil_socket_t fd, short what, void *arg)
{
	struct queue *q = arg;
	int r = drain(q);

	(void)fd;
	(void)what;
	if (r == -ENOENT)
		r = queue_restore(q);
	if (r < 0) {
		log_err(r, "cannot read queue %s, will try again", q->dir);
		event_add(q->retry, &retry_after);
	}
}

/* What the events say does not matter: the directory does. */
static void queue_changed(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(8) char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		continue;
	retry_fired(fd, what, arg);
}

static int queue_watch(struct queue *q)
{
	q->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (q->fd < 0 || inotify_add_watch(q->fd, q->dir, IN_MOVED_TO) < 0)
		return -errno;
	q->ev = event_new(q->agent->base, q->fd, EV_READ | EV_PERSIST, queue_changed, q);
	q->retry = event_new(q->agent->base, -1, 0, retry_fired, q);
	return q->ev && q->retry && event_add(q->ev, NULL) == 0 ? 0 : -ENOMEM;
}

int queue_open(struct queue **out, struct agent *agent, struct error *e)
{
	struct queue *q = calloc(1, sizeof(*q));
	int r;

	if (!q)
		return error_set(e, ENOMEM, "no memory");
	q->agent = agent;
	q->dir = agent->opt.queue_dir;
	q->fd = -1;
	r = dir_make(q->dir, 0700);
	/* Watch first: what comes while the drain reads is seen afterwards. */
	if (r == 0)
		r = queue_watch(q);
	if (r == 0)
		r = drain(q);
	if (r < 0) {
		error_set(e, r, "cannot watch queue directory %.150s: %s", q->dir, strerror(-r));
		queue_close(q);
		return r;
	}
	*out = q;
	return 0;
}

void queue_close(struct queue *q)
{
	if (!q)
		return;
	if (q->ev)
		event_free(q->ev);
	if (q->retry)
		event_free(q->retry);
	if (q->fd >= 0)
		close(q->fd);
	free(q);
}

void queue_drain_one(struct queue *q, const struct attachment *a)
{
	char name[IFNAMSIZ + sizeof(SUFFIX)];
	char path[PATH_MAX];

	attachment_device(a, name);
	strcat(name, SUFFIX);
	if (queue_path(q, name, path) && access(path, F_OK) == 0)
		drain_file(q, name);
}

uint64_t queue_drained(const struct queue *q)
{
	return q->drained;
}
