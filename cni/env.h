/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The environment of a call: CNI_COMMAND and the variables that each command needs (CNI
 * specification, section 2).
 */
#ifndef CNI_ENV_H
#define CNI_ENV_H

#include "cni/failure.h"

enum cni_command { CNI_ADD, CNI_DEL, CNI_CHECK, CNI_VERSION, CNI_STATUS, CNI_GC, CNI_COMMANDS };

/**
 * struct env - borrowed from the process's environment; a variable that is not set is ""
 * @command:      CNI_COMMAND
 * @container_id: CNI_CONTAINERID, checked for ADD, DEL and CHECK
 * @netns:        CNI_NETNS; there for ADD and CHECK
 * @ifname:       CNI_IFNAME, checked like the container id
 * @args:         CNI_ARGS, unread (cni/args.h)
 */
struct env {
	enum cni_command command;
	const char *container_id;
	const char *netns;
	const char *ifname;
	const char *args;
};

/**
 * env_read - read and check
 * @get: getenv(), or a test's own
 *
 * A missing or invalid variable is CNI_INVALID_ENVIRONMENT and named.  What a command does not
 * need is not looked at: runtimes call VERSION with dummies and GC with empty values.
 */
int env_read(char *(*get)(const char *name), struct env *env, struct failure *f);

#endif
