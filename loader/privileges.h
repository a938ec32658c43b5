/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Privileges: which capabilities the agent needs, and giving up all others once it has started.
 */
#ifndef LOADER_PRIVILEGES_H
#define LOADER_PRIVILEGES_H

#include <stdbool.h>

#include "lib/error.h"

/** struct privilege_facts - capabilities in effect */
struct privilege_facts {
	bool bpf;
	bool perfmon;
	bool net_admin;
};

void privileges_probe(struct privilege_facts *facts);

/** privileges_judge - 0, or -EPERM with @e naming all that are missing; pure */
int privileges_judge(const struct privilege_facts *facts, struct error *e);

/**
 * privileges_drop - keep CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN in the permitted and effective
 * sets, empty the inheritable, ambient and bounding sets of all others, and forbid gaining any
 *
 * Capabilities belong to threads: those that there are give up theirs by privileges_drop_all().
 */
int privileges_drop(struct error *e);

/** privileges_drop_all - this thread keeps none, and can gain none */
void privileges_drop_all(void);

#endif
