/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prefixes of the prefilter as text, and their groups.
 *
 * A file has one prefix per line, denied, or excepted when a '!' stands before it; an address is a
 * prefix of full length.  A line "[NAME]" begins a group, whose drops are counted together; before
 * the first it is PF_GROUP_DEFAULT.  Empty lines and what follows '#' or ';' say nothing:
 *
 *      [bogons]
 *      192.0.2.0/24      # documentation
 *      !192.0.2.7
 *      2001:db8::/32
 */
#ifndef LOADER_PREFILTER_FILE_H
#define LOADER_PREFILTER_FILE_H

#include <pthread.h>

#include "loader/prefilter_table.h"

#define PF_FILE_MAX (512UL * 1024 * 1024)
#define PF_GROUP_DEFAULT "default"
#define PF_GROUP_NAME_MAX 63

/**
 * struct pf_groups - names of groups; a name keeps its number, which counters stand under
 *
 * Two threads use it: names are only ever added, under @mutex.
 */
struct pf_groups {
	pthread_mutex_t mutex;
	char *names[AXO_PF_GROUPS_MAX];
	size_t count;
};

void pf_groups_init(struct pf_groups *g);
void pf_groups_fini(struct pf_groups *g);

/** pf_groups_number - of @name, which becomes a group if it is none; -EINVAL, -ENOSPC with @e */
int pf_groups_number(struct pf_groups *g, const char *name, struct error *e);

/** pf_groups_count - how many there are; names below stay */
size_t pf_groups_count(struct pf_groups *g);

/** pf_rule_parse - "10.0.0.0/8", "!10.1.0.0/16", "10.0.0.7"; fills all but group and line */
int pf_rule_parse(const char *text, struct pf_rule *out, struct error *e);

/**
 * pf_file_parse - the text of a file, sorted
 * @file: its name, which with the line stands in front of the message
 * @text: @len bytes and a final 0; changed
 */
int pf_file_parse(const char *file, char *text, size_t len, struct pf_groups *g,
		  struct pf_rules *out, struct error *e);

#endif
