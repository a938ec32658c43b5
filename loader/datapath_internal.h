/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the datapath share.  Private to loader/datapath*.c.
 */
#ifndef LOADER_DATAPATH_INTERNAL_H
#define LOADER_DATAPATH_INTERNAL_H

#include "axoneme/feature.h"
#include "loader/datapath.h"

/* Programs that hooks run, X(symbol, program); those that are tail-called are in feature.h. */
#define ENTRY_POINTS(X)             \
	X(FROM_POD, from_pod)       \
	X(FROM_HOST, from_host)     \
	X(FROM_NETDEV, from_netdev) \
	X(TO_NETDEV, to_netdev)     \
	X(FROM_DELAY, from_delay)   \
	X(XDP_EDGE, xdp_edge)

/** enum datapath_prog - entry points, then those of axo_progs */
enum datapath_prog {
#define ENTRY(symbol, program) PROG_##symbol,
#define TAIL(symbol, index, program) PROG_##symbol,
	ENTRY_POINTS(ENTRY) AXO_PROGS(TAIL)
#undef ENTRY
#undef TAIL
		PROG_COUNT,
};

/**
 * struct datapath - descriptors, and a copy of axo_state, whose only writer this is
 * @old_progs_fd: axo_progs of the agent before, or -1; see datapath_settle()
 * @audit: datapath_audit()
 */
struct datapath {
	int map_fds[MAP_COUNT];
	int prog_fds[PROG_COUNT];
	int old_progs_fd;
	bool audit;
	struct axo_state state;
};

extern const char *const datapath_prog_names[PROG_COUNT];

/* datapath_load.c */

/** datapath_load - load the embedded object, pin it, and take its descriptors; 0 or error */
int datapath_load(struct datapath *dp, const struct options *opt, const struct axo_config *config,
		  struct error *e);

/** datapath_object - the embedded object's bytes */
const void *datapath_object(size_t *size);

/* datapath_stamp.c: what is pinned, and what it was made from */

/** datapath_stamp_pin - remember the stamp of @dp beside its pins */
int datapath_stamp_pin(const struct datapath *dp, const struct options *opt,
		       const struct axo_config *config);

/**
 * datapath_reuse - take the pinned maps and programs, if they are exactly what a load would give
 * Return: 0; negative errno: something is missing or different
 */
int datapath_reuse(struct datapath *dp, const struct options *opt, const struct axo_config *config);

/** datapath_close_fds - all of them; they are -1 afterwards */
void datapath_close_fds(struct datapath *dp);

#endif
