/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Making a table and putting it in force, on a thread of its own: a million prefixes take a second,
 * and the kernel waits for its programs.  One job runs at a time.
 */
#ifndef LOADER_PREFILTER_JOB_H
#define LOADER_PREFILTER_JOB_H

#include "loader/prefilter_file.h"
#include "loader/prefilter_map.h"

struct event_base;

/**
 * struct pf_job - filled in before the thread starts, read when it has ended
 * @maps:   where the table goes
 * @groups: shared
 * @api:    prefixes of the API; owned
 * @file:   prefixes of the file: what was in force before, and afterwards what is; owned
 * @path:   of the file when it is to be read, else NULL; borrowed
 * @kept:   path of the copy of its last good text; borrowed
 * @start:  the agent has just started: of a file that cannot be used the copy is taken
 *
 * @result: 0, or negative errno with @e: the table in force is the one of before
 * @file_e: code 0, or what is wrong with the file although the job was done (@start)
 * @bytes:  of the table
 */
struct pf_job {
	struct pf_maps maps;
	struct pf_groups *groups;
	struct pf_rules api;
	struct pf_rules file;
	const char *path;
	const char *kept;
	bool start;
	int result;
	struct error e;
	struct error file_e;
	uint64_t bytes;
};

struct pf_worker;
typedef void (*pf_job_done)(void *arg, struct pf_job *job);

/** pf_worker_open - @done is called by @base's thread */
int pf_worker_open(struct pf_worker **w, struct event_base *base, pf_job_done done, void *arg,
		   struct error *e);

/** pf_worker_close - waits for a job under way, whose @done is not called any more */
void pf_worker_close(struct pf_worker *w);

/** pf_worker_run - begin @job (borrowed until done); none is running.  0 or negative errno */
int pf_worker_run(struct pf_worker *w, struct pf_job *job);

#endif
