/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Loading the embedded object.  The only file that knows the skeleton.
 */
#include "loader/datapath_internal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "axoneme.skel.h"
#include "lib/cleanup.h"
#include "lib/log.h"
#include "loader/pin.h"

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

/* Pins of another layout make room for the new map. */
static int pins_check(struct bpf_object *obj, const char *bpffs_dir, struct error *e)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		const char *name = bpf_map__name(map);
		struct bpf_map_info info = {0};
		uint32_t len = sizeof(info);
		/* Those without a path are pinned by the agent, when they replace the old ones. */
		_cleanup_close_ int fd = bpf_map__pin_path(map) ? pin_get(bpffs_dir, name)
								: -ENOENT;
		int r;

		if (fd == -ENOENT)
			continue;
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
		    same_layout(map, &info))
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
		int fd = bpf_object__find_map_fd_by_name(obj,
							 datapath_map_name((enum datapath_map)i));

		dp->map_fds[i] = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (dp->map_fds[i] < 0)
			return error_set(e, ENOENT, "the object has no map %s",
					 datapath_map_name((enum datapath_map)i));
	}
	for (size_t i = 0; i < PROG_COUNT; i++) {
		const struct bpf_program *p =
			bpf_object__find_program_by_name(obj, datapath_prog_names[i]);

		dp->prog_fds[i] = p ? fcntl(bpf_program__fd(p), F_DUPFD_CLOEXEC, 3) : -1;
		if (dp->prog_fds[i] < 0)
			return error_set(e, ENOENT, "the object has no program %s",
					 datapath_prog_names[i]);
	}
	return 0;
}

static int fill_progs(const struct datapath *dp, struct error *e)
{
	static const struct {
		uint32_t index;
		enum datapath_prog prog;
	} all[] = {
#define X(symbol, index, program) {index, PROG_##symbol},
		AXO_PROGS(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (bpf_map_update_elem(dp->map_fds[MAP_PROGS], &all[i].index,
					&dp->prog_fds[all[i].prog], BPF_ANY) < 0)
			return error_set(e, errno, "cannot fill " AXO_MAP_PROGS ": %s",
					 strerror(errno));
	return 0;
}

/*
 * Pinned programs are for people and tests (bpftool); hooks hold the ones that run.  The pin of
 * axo_progs keeps what they tail-call.
 */
static int pin_programs(const struct datapath *dp, const char *bpffs_dir, struct error *e)
{
	int r = pin_replace(bpffs_dir, AXO_MAP_PROGS, dp->map_fds[MAP_PROGS]);

	if (r < 0)
		return error_set(e, r, "cannot pin " AXO_MAP_PROGS ": %s", strerror(-r));
	for (size_t i = 0; i < PROG_COUNT; i++) {
		r = pin_replace(bpffs_dir, datapath_prog_names[i], dp->prog_fds[i]);

		if (r < 0)
			return error_set(e, r, "cannot pin program %s: %s", datapath_prog_names[i],
					 strerror(-r));
	}
	return 0;
}

static int load(struct datapath *dp, struct axoneme_bpf *skel, const struct options *opt,
		struct error *e)
{
	int r = map_sizes(skel, opt, e);

	if (r == 0)
		r = pins_check(skel->obj, opt->bpffs_dir, e);
	if (r < 0)
		return r;
	r = axoneme_bpf__load(skel);
	if (r < 0)
		return error_set(
			e, r, "the kernel refused the programs: %s (--log-level debug shows why)",
			strerror(-r));
	r = take_fds(dp, skel->obj, e);
	if (r == 0)
		r = fill_progs(dp, e);
	return r < 0 ? r : pin_programs(dp, opt->bpffs_dir, e);
}

int datapath_load(struct datapath *dp, const struct options *opt, const struct axo_config *config,
		  struct error *e)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = opt->bpffs_dir);
	struct axoneme_bpf *skel;
	int r;

	libbpf_set_print(libbpf_print);
	skel = axoneme_bpf__open_opts(&opts);
	if (!skel)
		return error_set(e, errno, "cannot open the embedded programs: %s",
				 strerror(errno));
	skel->rodata->axo_cfg = *config;
	r = load(dp, skel, opt, e);
	axoneme_bpf__destroy(skel);
	return r;
}

bool datapath_reads_kernel(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_probe_read_kernel, NULL) ==
	       1;
}

const void *datapath_object(size_t *size)
{
	return axoneme_bpf__elf_bytes(size);
}
