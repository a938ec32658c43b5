/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs and maps as the agent has them; see datapath.h. */
#include "loader/datapath.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/datapath_internal.h"
#include "loader/pin.h"

static const char *const map_names[MAP_COUNT] = {
	[MAP_ENDPOINT] = AXO_MAP_ENDPOINT,
	[MAP_ADDRESS] = AXO_MAP_ADDRESS,
	[MAP_IPCACHE] = AXO_MAP_IPCACHE,
	[MAP_FLOW] = AXO_MAP_FLOW,
	[MAP_FLOW_LRU] = AXO_MAP_FLOW_LRU,
	[MAP_FRAG] = AXO_MAP_FRAG,
	[MAP_DROPS] = AXO_MAP_DROPS,
	[MAP_STATE] = AXO_MAP_STATE,
	[MAP_EVENTS] = AXO_MAP_EVENTS,
	[MAP_COUNTS] = AXO_MAP_COUNTS,
	[MAP_ICMP_BUCKET] = AXO_MAP_ICMP_BUCKET,
	[MAP_POL_PEER] = AXO_MAP_POL_PEER,
	[MAP_POL_ENTRY] = AXO_MAP_POL_ENTRY,
	[MAP_POL_HITS] = AXO_MAP_POL_HITS,
	[MAP_ROUTE] = AXO_MAP_ROUTE,
	[MAP_HOST] = AXO_MAP_HOST,
	[MAP_FEATURE] = AXO_MAP_FEATURE,
	[MAP_SET_JOIN] = AXO_MAP_SET_JOIN,
	[MAP_NAME_TABLE] = AXO_MAP_NAME_TABLE,
	[MAP_FQDN] = AXO_MAP_FQDN,
	[MAP_FQDN_NAME] = AXO_MAP_FQDN_NAME,
	[MAP_FQDN_USE] = AXO_MAP_FQDN_USE,
	[MAP_DNS_QUERY] = AXO_MAP_DNS_QUERY,
	[MAP_DNS_FLOW] = AXO_MAP_DNS_FLOW,
	[MAP_SNI_FLOW] = AXO_MAP_SNI_FLOW,
	[MAP_PROGS] = AXO_MAP_PROGS,
	[MAP_CHAOS] = AXO_MAP_CHAOS,
	[MAP_CHAOS_LEASE] = AXO_MAP_CHAOS_LEASE,
	[MAP_CHAOS_RUN] = AXO_MAP_CHAOS_RUN,
	[MAP_CHAOS_STAT] = AXO_MAP_CHAOS_STAT,
	[MAP_CHAOS_FLOW] = AXO_MAP_CHAOS_FLOW,
	[MAP_CHAOS_ASK] = AXO_MAP_CHAOS_ASK,
	[MAP_DELAY] = AXO_MAP_DELAY,
	[MAP_DELAY_LOST] = AXO_MAP_DELAY_LOST,
	[MAP_L7_POOL] = AXO_MAP_L7_POOL,
	[MAP_HTTP_FLOW] = AXO_MAP_HTTP_FLOW,
	[MAP_HTTP_SUMS] = AXO_MAP_HTTP_SUMS,
	[MAP_PREFILTER] = AXO_MAP_PREFILTER,
	[MAP_PF_HEAD] = AXO_MAP_PF_HEAD,
	[MAP_PF_COUNT] = AXO_MAP_PF_COUNT,
	[MAP_XDP_SAMPLE] = AXO_MAP_XDP_SAMPLE,
};

#define ENTRY(symbol, program) #program,
#define TAIL(symbol, index, program) #program,
const char *const datapath_prog_names[PROG_COUNT] = {ENTRY_POINTS(ENTRY) AXO_PROGS(TAIL)};

/* Generation in the pinned axo_state, whatever else is in it; 0 = there is none. */
static uint32_t old_generation(const char *bpffs_dir)
{
	_cleanup_close_ int fd = pin_get(bpffs_dir, AXO_MAP_STATE);
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info), key = 0;
	union {
		struct axo_state state;
		char room[4096];
	} value = {0};

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0 ||
	    info.value_size > sizeof(value) || info.key_size != sizeof(key) ||
	    bpf_map_lookup_elem(fd, &key, &value) < 0)
		return 0;
	return value.state.generation;
}

static int state_write(struct datapath *dp)
{
	uint32_t key = 0;

	return bpf_map_update_elem(dp->map_fds[MAP_STATE], &key, &dp->state, BPF_ANY) < 0 ? -errno
											  : 0;
}

/* The map may be new: then it goes on where the one before was. */
static int state_open(struct datapath *dp, uint32_t generation, struct error *e)
{
	uint32_t key = 0;
	int r = bpf_map_lookup_elem(dp->map_fds[MAP_STATE], &key, &dp->state) < 0 ? -errno : 0;

	if (r == 0 && dp->state.generation == 0) {
		dp->state.generation = generation + 1 ? generation + 1 : 1;
		r = state_write(dp);
	}
	return r < 0 ? error_set(e, r, "cannot read " AXO_MAP_STATE ": %s", strerror(-r)) : 0;
}

static int datapath_make(struct datapath *dp, const struct options *opt,
			 const struct axo_config *config, struct error *e)
{
	uint32_t generation = old_generation(opt->bpffs_dir);
	int r;

	if (datapath_reuse(dp, opt, config) == 0) {
		log_debug("programs and maps are those of the last start");
		return state_open(dp, generation, e);
	}
	r = datapath_load(dp, opt, config, e);
	if (r == 0)
		r = state_open(dp, generation, e);
	if (r < 0)
		return r;
	r = datapath_stamp_pin(dp, opt, config);
	return r < 0 ? error_set(e, r, "cannot pin " AXO_MAP_BUILD ": %s", strerror(-r)) : 0;
}

int datapath_open(struct datapath **out, const struct options *opt, const struct axo_config *config,
		  struct error *e)
{
	struct datapath *dp = calloc(1, sizeof(*dp));
	int r;

	if (!dp)
		return error_set(e, ENOMEM, "no memory");
	memset(dp->map_fds, 0xff, sizeof(dp->map_fds));
	memset(dp->prog_fds, 0xff, sizeof(dp->prog_fds));
	/* The kernel empties a program array that has neither pin nor descriptor. */
	dp->old_progs_fd = pin_get(opt->bpffs_dir, AXO_MAP_PROGS);
	dp->audit = opt->policy_audit;
	r = datapath_make(dp, opt, config, e);
	if (r < 0) {
		datapath_close(dp);
		return r;
	}
	*out = dp;
	return 0;
}

void datapath_close_fds(struct datapath *dp)
{
	for (size_t i = 0; i < MAP_COUNT; i++) {
		cleanup_close(&dp->map_fds[i]);
		dp->map_fds[i] = -1;
	}
	for (size_t i = 0; i < PROG_COUNT; i++) {
		cleanup_close(&dp->prog_fds[i]);
		dp->prog_fds[i] = -1;
	}
}

void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	datapath_settle(dp);
	datapath_close_fds(dp);
	free(dp);
}

void datapath_settle(struct datapath *dp)
{
	cleanup_close(&dp->old_progs_fd);
	dp->old_progs_fd = -1;
}

bool datapath_audit(const struct datapath *dp)
{
	return dp->audit;
}

int datapath_map_fd(const struct datapath *dp, enum datapath_map map)
{
	return dp->map_fds[map];
}

const char *datapath_map_name(enum datapath_map map)
{
	return map_names[map];
}

int datapath_prog_fd(const struct datapath *dp, const char *name)
{
	for (size_t i = 0; i < PROG_COUNT; i++) {
		if (!strcmp(datapath_prog_names[i], name))
			return dp->prog_fds[i];
	}
	return -ENOENT;
}

bool datapath_is_program(const char *name)
{
	for (size_t i = 0; i < PROG_COUNT; i++) {
		if (!strcmp(datapath_prog_names[i], name))
			return true;
	}
	return false;
}

/* "memlock" of fdinfo is what the kernel charges for the map (kernel/bpf/syscall.c, bpf_map_show_fdinfo). */
static uint64_t map_bytes(int fd)
{
	_cleanup_file_ FILE *f = NULL;
	unsigned long long bytes = 0;
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	}
	return bytes;
}

int datapath_map_info(const struct datapath *dp, enum datapath_map map,
		      struct datapath_map_info *out)
{
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info);
	const char *type;

	if (bpf_obj_get_info_by_fd(dp->map_fds[map], &info, &len) < 0)
		return -errno;
	type = libbpf_bpf_map_type_str(info.type);
	*out = (struct datapath_map_info){.max_entries = info.max_entries};
	snprintf(out->name, sizeof(out->name), "%s", map_names[map]);
	snprintf(out->type, sizeof(out->type), "%s", type ? type : "?");
	out->bytes = map_bytes(dp->map_fds[map]);
	return 0;
}

const struct axo_state *datapath_state(const struct datapath *dp)
{
	return &dp->state;
}

void datapath_set_events(struct datapath *dp, uint32_t mask)
{
	int r;

	if (dp->state.events == mask)
		return;
	dp->state.events = mask;
	r = state_write(dp);
	if (r < 0)
		log_err(r, "cannot write " AXO_MAP_STATE);
}

/* The system call orders: what was written to the maps before is seen by whoever sees this. */
void datapath_bump(struct datapath *dp)
{
	int r;

	if (++dp->state.generation == 0)
		dp->state.generation = 1;
	r = state_write(dp);
	if (r < 0)
		log_err(r, "cannot write " AXO_MAP_STATE);
}
