/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the policy directory share.  Private to loader/policy_dir*.c.
 */
#ifndef LOADER_POLICY_DIR_INTERNAL_H
#define LOADER_POLICY_DIR_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/policy_dir.h"
#include "policy/map.h"

struct dir_watch;

/** struct file_stamp - what is another when a file is; of stat(2), which is larger by far */
struct file_stamp {
	uint64_t device;
	uint64_t inode;
	int64_t size;
	int64_t sec;
	int64_t nsec;
};

/**
 * struct dir_file - a file that is or was there
 * @path:    also its source's name
 * @stamp:   when it was read; all zero = it must be read again
 * @applied: some version of it is in force
 * @present: the scan that is being made has seen it
 * @changed: ... and it is to be applied (or to go, when not @present)
 * @text:    of a changed one
 * @error:   what is wrong with it; NULL = nothing
 */
struct dir_file {
	struct dir_file *next;
	char *path;
	struct file_stamp stamp;
	bool applied;
	bool present;
	bool changed;
	char *text;
	size_t len;
	char *error;
};

/**
 * struct policy_dir
 * @files: @by_path has the same; @broken of them have an error
 * @known: the directory could be read at the last scan
 */
struct policy_dir {
	struct policy_engine *p;
	struct agent *agent;
	const char *path;
	struct dir_file *files;
	struct map by_path;
	size_t broken;
	struct dir_watch *watch;
	bool known;
};

/** policy_dir_look - read what has changed, and put it in force; a transaction is open afterwards */
int policy_dir_look(struct policy_dir *d, struct error *e);

/** policy_dir_forget - all files */
void policy_dir_forget(struct policy_dir *d);

#endif
