/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What was learned for toFQDNs (axoneme/fqdn.h): kept while flows use it, deleted when it ran out.
 *
 * It rides on the walk over the flow tables (loader/flow_gc.h): fqdn_gc_begin() notes what was
 * learned, fqdn_gc_see() which of it a flow uses, fqdn_gc_end() says so in axo_fqdn_use and deletes.
 * Programs enforce the times themselves: without an agent nothing is allowed for longer, only memory
 * is not given back.
 *
 * An entry goes FQDN_GC_LATE_S after its time, so that no program writes to it at that moment; one
 * that was written all the same is put back.
 */
#ifndef LOADER_FQDN_GC_H
#define LOADER_FQDN_GC_H

#include <stdint.h>

#include "axoneme/flow.h"

#define FQDN_GC_LATE_S 30

struct agent;
struct fqdn_gc;

/** fqdn_gc_begin - a walk begins; NULL = nothing was learned */
struct fqdn_gc *fqdn_gc_begin(struct agent *agent);

/** fqdn_gc_see - a live flow */
void fqdn_gc_see(struct fqdn_gc *gc, const struct axo_flow_key *key, const struct axo_flow *flow);

/** fqdn_gc_end - all flows were seen; frees @gc */
void fqdn_gc_end(struct fqdn_gc *gc);
void fqdn_gc_free(struct fqdn_gc *gc);

#endif
