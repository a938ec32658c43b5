/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The watched directory of policy files: *.yaml, *.yml and *.json, no hidden ones.
 *
 * A file is applied as a whole or not at all.  What is wrong with one leaves its last good version
 * in force (over a restart, too) and the other files alone.  Files that change together are
 * applied together.  A directory that cannot be read changes nothing.
 */
#ifndef LOADER_POLICY_DIR_H
#define LOADER_POLICY_DIR_H

#include <stddef.h>

#include "lib/error.h"

struct agent;
struct policy_dir;
struct policy_engine;

int policy_dir_open(struct policy_dir **d, struct policy_engine *p, struct agent *agent,
		    struct error *e);
void policy_dir_close(struct policy_dir *d);

/** policy_dir_load - the stored good versions, then what the directory holds now */
int policy_dir_load(struct policy_dir *d, struct error *e);

/** policy_dir_again - something else has changed: what is broken may fit now; looks from the loop */
void policy_dir_again(struct policy_dir *d);

/** policy_dir_broken - how many files are not in force as they stand there */
size_t policy_dir_broken(const struct policy_dir *d);

/** policy_dir_next - names of broken files: NULL starts, NULL ends; @why: what is wrong */
const char *policy_dir_next(const struct policy_dir *d, const char *prev, const char **why);

#endif
