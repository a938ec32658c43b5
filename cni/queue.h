/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The queue of DELs that the agent could not take: one file per attachment, drained by the agent
 * (docs/api.md, last section).  A file is complete or absent, whatever crashes.
 */
#ifndef CNI_QUEUE_H
#define CNI_QUEUE_H

#include "lib/attachment.h"

/** queue_put - durable when it returns; @dir is made if need be.  0 or negative errno */
int queue_put(const char *dir, const struct attachment *a);

#endif
