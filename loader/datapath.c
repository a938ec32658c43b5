/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The embedded object; see datapath.h.  The only file that knows the skeleton. */
#include "loader/datapath.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "axoneme.skel.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/pin.h"

static const char *const map_names[MAP_COUNT] = {
	[MAP_ENDPOINT] = AXO_MAP_ENDPOINT, [MAP_ADDRESS] = AXO_MAP_ADDRESS,
	[MAP_IPCACHE] = AXO_MAP_IPCACHE,   [MAP_FLOW] = AXO_MAP_FLOW,
	[MAP_FLOW_LRU] = AXO_MAP_FLOW_LRU, [MAP_FRAG] = AXO_MAP_FRAG,
	[MAP_DROPS] = AXO_MAP_DROPS,	   [MAP_STATE] = AXO_MAP_STATE,
	[MAP_EVENTS] = AXO_MAP_EVENTS,	   [MAP_COUNTS] = AXO_MAP_COUNTS,
	[MAP_ICMP_BUCKET] = AXO_MAP_ICMP_BUCKET,
};

static const char *const prog_names[] = {"from_pod", "from_host"};

struct datapath {
	int map_fds[MAP_COUNT];
	int prog_fds[ARRAY_SIZE(prog_names)];
	struct axo_state *state;
};

/* libbpf's own words are for developers; the agent says what they mean. */
static int libbpf_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char text[1024];
	size_t len;

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(text, sizeof(text), fmt, ap);
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	log_debug("libbpf", "text", text);
	return 0;
}

static int map_sizes(struct axoneme_bpf *skel, const struct options *opt, struct error *e)
{
	int r = bpf_map__set_max_entries(skel->maps.axo_flow, (uint32_t)opt->flow_max);

	if (r == 0)
		r = bpf_map__set_max_entries(skel->maps.axo_flow_lru, (uint32_t)opt->flow_lru_max);
	return r < 0 ? error_set(e, r, "cannot size the flow table: %s", strerror(-r)) : 0;
}

static bool same_layout(const struct bpf_map *map, const struct bpf_map_info *pinned)
{
	return pinned->type == bpf_map__type(map) && pinned->key_size == bpf_map__key_size(map) &&
	       pinned->value_size == bpf_map__value_size(map) &&
	       pinned->max_entries == bpf_map__max_entries(map) &&
	       pinned->map_flags == bpf_map__map_flags(map);
}

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

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) < 0 || info.value_size > sizeof(value) ||
	    info.key_size != sizeof(key) || bpf_map_lookup_elem(fd, &key, &value) < 0)
		return 0;
	return value.state.generation;
}

/* Pins of another layout make room for the new map. */
static int pins_check(struct bpf_object *obj, const char *bpffs_dir, struct error *e)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		const char *name = bpf_map__name(map);
		struct bpf_map_info info = {0};
		uint32_t len = sizeof(info);
		_cleanup_close_ int fd = bpf_map__is_internal(map) ? -ENOENT : pin_get(bpffs_dir, name);
		int r;

		if (fd == -ENOENT)
			continue;
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 && same_layout(map, &info))
			continue;
		log_warn("map is replaced: its layout has changed", "map", name);
		r = pin_remove(bpffs_dir, name);
		if (r < 0)
			return error_set(e, r, "cannot remove pin %s: %s", name, strerror(-r));
	}
	return 0;
}

static int take_fds(struct datapath *dp, const struct bpf_object *obj, struct error *e)
{
	for (size_t i = 0; i < MAP_COUNT; i++) {
		int fd = bpf_object__find_map_fd_by_name(obj, map_names[i]);

		dp->map_fds[i] = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (dp->map_fds[i] < 0)
			return error_set(e, ENOENT, "the object has no map %s", map_names[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(prog_names); i++) {
		const struct bpf_program *p = bpf_object__find_program_by_name(obj, prog_names[i]);

		dp->prog_fds[i] = p ? fcntl(bpf_program__fd(p), F_DUPFD_CLOEXEC, 3) : -1;
		if (dp->prog_fds[i] < 0)
			return error_set(e, ENOENT, "the object has no program %s", prog_names[i]);
	}
	return 0;
}

/* Pinned programs are for people and tests (bpftool); hooks hold the ones that run. */
static int pin_programs(const struct datapath *dp, const char *bpffs_dir, struct error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(prog_names); i++) {
		int r = pin_replace(bpffs_dir, prog_names[i], dp->prog_fds[i]);

		if (r < 0)
			return error_set(e, r, "cannot pin program %s: %s", prog_names[i], strerror(-r));
	}
	return 0;
}

static int map_state(struct datapath *dp, uint32_t generation, struct error *e)
{
	void *p = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
		       dp->map_fds[MAP_STATE], 0);

	if (p == MAP_FAILED)
		return error_set(e, errno, "cannot map %s: %s", AXO_MAP_STATE, strerror(errno));
	dp->state = p;
	if (dp->state->generation < generation)
		dp->state->generation = generation;
	if (dp->state->generation == 0)
		dp->state->generation = 1;
	return 0;
}

static int load(struct datapath *dp, struct axoneme_bpf *skel, const struct options *opt,
		struct error *e)
{
	uint32_t generation = old_generation(opt->bpffs_dir);
	int r = map_sizes(skel, opt, e);

	if (r == 0)
		r = pins_check(skel->obj, opt->bpffs_dir, e);
	if (r < 0)
		return r;
	r = axoneme_bpf__load(skel);
	if (r < 0)
		return error_set(e, r, "the kernel refused the programs: %s (--log-level debug shows why)",
				 strerror(-r));
	r = take_fds(dp, skel->obj, e);
	if (r == 0)
		r = map_state(dp, generation, e);
	return r < 0 ? r : pin_programs(dp, opt->bpffs_dir, e);
}

int datapath_open(struct datapath **out, const struct options *opt, const struct axo_config *config,
		  struct error *e)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = opt->bpffs_dir);
	struct datapath *dp = calloc(1, sizeof(*dp));
	struct axoneme_bpf *skel;
	int r;

	if (!dp)
		return error_set(e, ENOMEM, "no memory");
	memset(dp->map_fds, 0xff, sizeof(dp->map_fds));
	memset(dp->prog_fds, 0xff, sizeof(dp->prog_fds));
	libbpf_set_print(libbpf_print);
	skel = axoneme_bpf__open_opts(&opts);
	if (!skel) {
		r = error_set(e, errno, "cannot open the embedded programs: %s", strerror(errno));
	} else {
		skel->rodata->axo_cfg = *config;
		r = load(dp, skel, opt, e);
	}
	axoneme_bpf__destroy(skel);
	if (r < 0) {
		datapath_close(dp);
		return r;
	}
	*out = dp;
	return 0;
}

void datapath_close(struct datapath *dp)
{
	if (!dp)
		return;
	if (dp->state)
		munmap(dp->state, (size_t)sysconf(_SC_PAGESIZE));
	for (size_t i = 0; i < MAP_COUNT; i++)
		cleanup_close(&dp->map_fds[i]);
	for (size_t i = 0; i < ARRAY_SIZE(prog_names); i++)
		cleanup_close(&dp->prog_fds[i]);
	free(dp);
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
	for (size_t i = 0; i < ARRAY_SIZE(prog_names); i++) {
		if (!strcmp(prog_names[i], name))
			return dp->prog_fds[i];
	}
	return -ENOENT;
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

int datapath_map_info(const struct datapath *dp, enum datapath_map map, struct datapath_map_info *out)
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

struct axo_state *datapath_state(struct datapath *dp)
{
	return dp->state;
}

void datapath_bump(struct datapath *dp)
{
	uint32_t next = dp->state->generation + 1;

	/* Release: what was written to the maps before is seen by whoever sees the generation. */
	__atomic_store_n(&dp->state->generation, next ? next : 1, __ATOMIC_RELEASE);
}
