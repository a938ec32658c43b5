/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Host policy: the host as a subject of policies with a nodeSelector.
 *
 *      1. Its labels are reserved:host and those of the option node-label.
 *      2. It has no endpoint: programs find its policy in axo_host.  While there is one, the host's
 *         devices have from_netdev and to_netdev (loader/netdev.h).
 *      3. A policy that would cut ssh is refused, unless one of the host's policies is annotated
 *         axoneme.io/host-policy-lockdown: "true": if nobody could reach TCP port 22, or if the other
 *         end of an established session could not.
 *      4. A host policy that does not fit, or that is found to cut ssh at a start of the agent, is
 *         not in force; an error in the log says so.
 */
#ifndef LOADER_POLICY_HOST_H
#define LOADER_POLICY_HOST_H

#include <stdbool.h>

#include "axoneme/drop.h"
#include "lib/error.h"

struct compiled;
struct policy_engine;

/** policy_host_enforced - is a policy in force for the host?  @p may be NULL */
bool policy_host_enforced(const struct policy_engine *p);

/** policy_host_enforces - the same of one direction */
bool policy_host_enforces(const struct policy_engine *p, enum axo_dir dir);

/* The engine's own. */

/** policy_host_load - make the subject, with the labels of the options */
void policy_host_load(struct policy_engine *p);

/** policy_host_check - would @c, compiled for the host, cut ssh?  -EACCES with whom it would cut */
int policy_host_check(const struct policy_engine *p, const struct compiled *c, struct error *e);

/** policy_host_switch - hooks and axo_host as the subject says; does not bump */
void policy_host_switch(struct policy_engine *p);

#endif
