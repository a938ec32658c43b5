/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Making a table and putting it in force; see prefilter_job.h. */
#include "loader/prefilter_job.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

struct pf_worker {
	pf_job_done done;
	void *arg;
	int fd;
	struct event *ev;
	pthread_t thread;
	struct pf_job *job;
};

/* --- on the thread --- */

/* The copy is made first: parsing cuts the text up. */
static int file_take(struct pf_job *job, const char *path, bool keep, struct error *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *copy = NULL;
	struct pf_rules rules = {0};
	size_t len;
	int r = file_read(path, PF_FILE_MAX, &text, &len);

	if (r < 0)
		return error_set(e, r, "%.180s: %s", path, strerror(-r));
	copy = keep ? malloc(len + 1) : NULL;
	if (copy)
		memcpy(copy, text, len);
	r = pf_file_parse(path, text, len, job->groups, &rules, e);
	if (r < 0) {
		free(rules.items);
		return r;
	}
	free(job->file.items);
	job->file = rules;
	if (copy && file_write_atomic(job->kept, copy, len, 0600) < 0)
		log_warn("the prefilter's file cannot be kept for a restart", "path", job->kept);
	return 0;
}

static int file_step(struct pf_job *job)
{
	struct error ignored;
	int r = file_take(job, job->path, true, &job->e);

	if (r == 0 || !job->start)
		return r;
	/* What a former agent had in force is better than nothing. */
	job->file_e = job->e;
	file_take(job, job->kept, false, &ignored);
	return 0;
}

static int rules_join(const struct pf_job *job, struct pf_rules *all)
{
	size_t count = job->api.count + job->file.count;

	*all = (struct pf_rules){.items = calloc(count + 1, sizeof(*all->items)), .room = count};
	if (!all->items)
		return -ENOMEM;
	if (job->api.count)
		memcpy(all->items, job->api.items, job->api.count * sizeof(*all->items));
	if (job->file.count)
		memcpy(all->items + job->api.count, job->file.items,
		       job->file.count * sizeof(*all->items));
	all->count = count;
	return 0;
}

static int table_step(struct pf_job *job)
{
	struct pf_table table = {0};
	struct pf_rules all;
	int r = rules_join(job, &all);

	if (r == 0)
		r = pf_rules_sort(&all, &job->e);
	if (r == 0 && all.count > AXO_PF_PREFIXES_MAX)
		r = -E2BIG;
	if (r == 0)
		r = pf_table_make(&all, &table);
	if (r == 0)
		r = pf_map_install(&job->maps, &table, &job->bytes);
	pf_table_fini(&table);
	free(all.items);
	return r < 0 ? error_set(&job->e, r, "the prefilter's table cannot be made: %s",
				 strerror(-r))
		     : 0;
}

static void *thread_main(void *arg)
{
	struct pf_worker *w = arg;
	uint64_t one = 1;

	w->job->result = w->job->path ? file_step(w->job) : 0;
	if (w->job->result == 0)
		w->job->result = table_step(w->job);
	if (write(w->fd, &one, sizeof(one)) < 0)
		log_err(errno, "cannot tell that the prefilter is loaded");
	return NULL;
}

/* --- on the loop --- */

static void ended(evutil_socket_t fd, short what, void *arg)
{
	struct pf_worker *w = arg;
	struct pf_job *job = w->job;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) < 0 || !job)
		return;
	pthread_join(w->thread, NULL);
	w->job = NULL;
	w->done(w->arg, job);
}

int pf_worker_open(struct pf_worker **out, struct event_base *base, pf_job_done done, void *arg,
		   struct error *e)
{
	struct pf_worker *w = calloc(1, sizeof(*w));

	if (!w)
		return error_set(e, ENOMEM, "no memory");
	*w = (struct pf_worker){.done = done, .arg = arg};
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ev = w->fd < 0 ? NULL : event_new(base, w->fd, EV_READ | EV_PERSIST, ended, w);
	if (!w->ev || event_add(w->ev, NULL) < 0) {
		pf_worker_close(w);
		return error_set(e, ENOMEM, "cannot make the prefilter's worker");
	}
	*out = w;
	return 0;
}

void pf_worker_close(struct pf_worker *w)
{
	if (!w)
		return;
	if (w->job)
		pthread_join(w->thread, NULL);
	if (w->ev)
		event_free(w->ev);
	cleanup_close(&w->fd);
	free(w);
}

int pf_worker_run(struct pf_worker *w, struct pf_job *job)
{
	sigset_t all, old;
	int err;

	w->job = job;
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&w->thread, NULL, thread_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		w->job = NULL;
	return -err;
}
