/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The plugin: one call from environment and stdin to stdout and exit status.
 */
#ifndef CNI_PLUGIN_H
#define CNI_PLUGIN_H

#include <jansson.h>

#include "cni/env.h"
#include "cni/netconf.h"
#include "lib/attachment.h"

/**
 * struct call - what a command is called with
 * @att: filled for ADD, DEL and CHECK
 */
struct call {
	struct env env;
	struct netconf conf;
	struct attachment att;
};

/** plugin_main - serve the call; @in is stdin, @out stdout.  Return: the exit status, 0 or 1 */
int plugin_main(int in, int out);

/*
 * The commands, one file each.  *output (a new reference) is printed; it stays NULL when the
 * command prints nothing.
 */
int add_run(const struct call *call, json_t **output, struct failure *f);
int del_run(const struct call *call, struct failure *f);
int check_run(const struct call *call, struct failure *f);
int status_run(const struct call *call, struct failure *f);
int gc_run(const struct call *call, struct failure *f);

/** add_undo - what a failed ADD leaves to do after its output could not be printed: release everything */
void add_undo(const struct call *call);

#endif
