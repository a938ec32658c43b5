/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Datapath: the embedded BPF object, opened, configured, loaded with pinned maps, and what the
 * agent does with its maps.
 */
#ifndef LOADER_DATAPATH_H
#define LOADER_DATAPATH_H

#include <stdbool.h>
#include <stdint.h>

#include "axoneme/config.h"
#include "axoneme/names.h"
#include "axoneme/state.h"
#include "lib/error.h"
#include "loader/options.h"

struct datapath;

/** enum datapath_map - the maps, in the order of axoneme/names.h */
enum datapath_map {
	MAP_ENDPOINT,
	MAP_ADDRESS,
	MAP_IPCACHE,
	MAP_FLOW,
	MAP_FLOW_LRU,
	MAP_FRAG,
	MAP_DROPS,
	MAP_STATE,
	MAP_EVENTS,
	MAP_COUNTS,
	MAP_ICMP_BUCKET,
	MAP_POL_PEER,
	MAP_POL_ENTRY,
	MAP_POL_HITS,
	MAP_ROUTE,
	MAP_HOST,
	MAP_FEATURE,
	MAP_SET_JOIN,
	MAP_NAME_TABLE,
	MAP_FQDN,
	MAP_FQDN_NAME,
	MAP_FQDN_USE,
	MAP_DNS_QUERY,
	MAP_DNS_FLOW,
	MAP_SNI_FLOW,
	MAP_PROGS,
	MAP_CHAOS,
	MAP_CHAOS_LEASE,
	MAP_CHAOS_RUN,
	MAP_CHAOS_STAT,
	MAP_CHAOS_FLOW,
	MAP_CHAOS_ASK,
	MAP_DELAY,
	MAP_DELAY_LOST,
	MAP_L7_POOL,
	MAP_HTTP_FLOW,
	MAP_HTTP_SUMS,
	MAP_PREFILTER,
	MAP_PF_HEAD,
	MAP_PF_COUNT,
	MAP_XDP_SAMPLE,
	MAP_COUNT,
};

/** struct datapath_map_info - for status and metrics; @bytes = kernel memory (fdinfo memlock) */
struct datapath_map_info {
	char name[16];
	char type[24];
	uint32_t max_entries;
	uint64_t bytes;
};

/** datapath_reads_kernel - may programs read the kernel's memory?  A locked-down kernel says no */
bool datapath_reads_kernel(void);

/**
 * datapath_open - open, configure, load, pin
 *
 * Maps pinned below opt->bpffs_dir are reused if their layout is the same, else replaced (the
 * generation is carried over, so it never goes back).  When everything that goes into a load is
 * as it was at the last one, the pinned programs are taken as they are.  What stays in memory are
 * descriptors.
 *
 * Programs that run may be older ones: they stay whole, with those that they tail-call, until
 * datapath_settle().
 */
int datapath_open(struct datapath **dp, const struct options *opt, const struct axo_config *config,
		  struct error *e);
void datapath_close(struct datapath *dp);

/** datapath_settle - every hook has the programs of @dp: those of the agent before may go */
void datapath_settle(struct datapath *dp);

/** datapath_map_fd - borrowed */
int datapath_map_fd(const struct datapath *dp, enum datapath_map map);

/** datapath_map_name - as in axoneme/names.h, of which it is also the pin */
const char *datapath_map_name(enum datapath_map map);
int datapath_map_info(const struct datapath *dp, enum datapath_map map,
		      struct datapath_map_info *out);

/** datapath_audit - do policies deny nothing, as the options say? */
bool datapath_audit(const struct datapath *dp);

/** datapath_prog_fd - borrowed; @name: of an entry point, as "from_pod"; -ENOENT */
int datapath_prog_fd(const struct datapath *dp, const char *name);

/** datapath_is_program - is @name that of a program, hence of a pin? */
bool datapath_is_program(const char *name);

/** datapath_state - the entry of axo_state, as the agent, its only writer, wrote it last */
const struct axo_state *datapath_state(const struct datapath *dp);

/** datapath_set_events - which types of events programs produce (bits of enum axo_event_type) */
void datapath_set_events(struct datapath *dp, uint32_t mask);

/** datapath_bump - new generation, after the data it stands for was changed */
void datapath_bump(struct datapath *dp);

#endif
