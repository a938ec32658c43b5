/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The prefilter: sources that XDP drops, from a watched file (--prefilter-file) and from the API.
 *
 * Changes are made one after another, each by a job (prefilter_job.h) that makes a whole new table.
 * What is broken leaves the one in force.  A prefix that the API names means what the API says,
 * whatever the file says of the same prefix.
 */
#ifndef LOADER_PREFILTER_H
#define LOADER_PREFILTER_H

#include <stdbool.h>

#include "loader/prefilter_file.h"

struct agent;
struct prefilter;

/** prefilter_open - tables in agent->db (a transaction is open); agent->datapath is there */
int prefilter_open(struct prefilter **p, struct agent *agent, struct error *e);
void prefilter_close(struct prefilter *p);

/** prefilter_load - forget memory, take what the disk says, and put it in force later on */
int prefilter_load(struct prefilter *p, struct error *e);

/**
 * prefilter_done - a change is in force and written into the open transaction, or was refused
 * @e: NULL = in force; -ENOENT: a prefix that is to go is not there
 */
typedef void (*prefilter_done)(void *arg, const struct error *e);

/**
 * prefilter_change - the API names @put (of @count), or not any more when @drop
 * @done: called from the loop; never after prefilter_close()
 * Return: 0 or -ENOMEM
 */
int prefilter_change(struct prefilter *p, const struct pf_rule *list, size_t count, bool drop,
		     prefilter_done done, void *arg);

/** prefilter_group - the number of a group; -EINVAL, -ENOSPC with @e */
int prefilter_group(struct prefilter *p, const char *name, struct error *e);

/** prefilter_is_used - does it name any prefix?  @p may be NULL */
bool prefilter_is_used(const struct prefilter *p);

/**
 * struct prefilter_view - what there is, borrowed
 * @api, @file:  sorted
 * @groups:      names
 * @bytes:       of the table
 * @loading:     a change is under way
 * @error:       of the file or of the last job; NULL = none
 */
struct prefilter_view {
	const struct pf_rules *api;
	const struct pf_rules *file;
	char *const *groups;
	size_t group_count;
	uint64_t bytes;
	bool loading;
	const char *error;
};

void prefilter_look(struct prefilter *p, struct prefilter_view *out);

/** prefilter_counts - what the groups have dropped; out has AXO_PF_GROUPS_MAX items; 0 or errno */
int prefilter_counts(const struct agent *agent, struct axo_pf_count *out, size_t groups);

#endif
