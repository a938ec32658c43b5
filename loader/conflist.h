/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The network configuration list that runtimes read: written when the agent is ready.
 */
#ifndef LOADER_CONFLIST_H
#define LOADER_CONFLIST_H

#include "lib/error.h"
#include "loader/options.h"

#define CONFLIST_NAME "05-axoneme.conflist"

/** conflist_text - the JSON text for @opt, owned by the caller; NULL = no memory; pure */
char *conflist_text(const struct options *opt);

/** conflist_write - into opt->cni_conf_dir, by temp file and rename; nothing if that is not set */
int conflist_write(const struct options *opt, struct error *e);

/** conflist_remove - 0 also when there is none, or no directory is set */
int conflist_remove(const struct options *opt);

#endif
