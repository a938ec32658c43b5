/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reuse of what is pinned.
 *
 * Loading costs a quarter of a second, nearly all of it the verifier's.  An agent that is started
 * again with the same object and configuration gets what its predecessor had: the map axo_build
 * holds a hash over everything that went into the load and over the kernel's ids of what came out
 * of it, so pins that anybody has touched since do not match and are loaded anew.
 */
#include "loader/datapath_internal.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "loader/pin.h"

/** struct stamp - the value of axo_build: a hash over everything that goes into a load */
struct stamp {
	uint64_t hash[2];
};

/* FNV-1a, twice from different starts: no defence, but no accident either. */
static void stamp_add(struct stamp *s, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		s->hash[0] = (s->hash[0] ^ p[i]) * 0x100000001b3ULL;
		s->hash[1] = (s->hash[1] ^ (p[i] + 0x5bULL)) * 0x9e3779b97f4a7c15ULL;
	}
}

static int add_ids(struct stamp *s, const struct datapath *dp)
{
	for (int i = 0; i < MAP_COUNT; i++) {
		struct bpf_map_info info = {0};
		uint32_t len = sizeof(info);

		if (bpf_obj_get_info_by_fd(dp->map_fds[i], &info, &len) < 0)
			return -errno;
		stamp_add(s, &info.id, sizeof(info.id));
	}
	for (int i = 0; i < PROG_COUNT; i++) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (bpf_obj_get_info_by_fd(dp->prog_fds[i], &info, &len) < 0)
			return -errno;
		stamp_add(s, &info.id, sizeof(info.id));
	}
	return 0;
}

/* Over the object, @opt's sizes, @config, and the ids of @dp's maps and programs. */
static int stamp_of(const struct datapath *dp, const struct options *opt,
		    const struct axo_config *config, struct stamp *out)
{
	struct stamp s = {{0xcbf29ce484222325ULL, 0x84222325cbf29ce4ULL}};
	size_t size;
	const void *object = datapath_object(&size);
	int r;

	stamp_add(&s, object, size);
	stamp_add(&s, config, sizeof(*config));
	stamp_add(&s, &opt->flow_max, sizeof(opt->flow_max));
	stamp_add(&s, &opt->flow_lru_max, sizeof(opt->flow_lru_max));
	r = add_ids(&s, dp);
	if (r == 0)
		*out = s;
	return r;
}

int datapath_stamp_pin(const struct datapath *dp, const struct options *opt,
		       const struct axo_config *config)
{
	_cleanup_close_ int fd = -1;
	struct stamp stamp;
	uint32_t key = 0;
	int r = stamp_of(dp, opt, config, &stamp);

	if (r < 0)
		return r;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, AXO_MAP_BUILD, sizeof(key), sizeof(stamp), 1, NULL);
	if (fd < 0 || bpf_map_update_elem(fd, &key, &stamp, BPF_ANY) < 0)
		return -errno;
	return pin_replace(opt->bpffs_dir, AXO_MAP_BUILD, fd);
}

static int stamp_read(const char *bpffs_dir, struct stamp *out)
{
	_cleanup_close_ int fd = pin_get(bpffs_dir, AXO_MAP_BUILD);
	struct bpf_map_info info = {0};
	uint32_t len = sizeof(info), key = 0;

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &len) < 0 || info.value_size != sizeof(*out) ||
	    bpf_map_lookup_elem(fd, &key, out) < 0)
		return -ENOENT;
	return 0;
}

static int open_pins(struct datapath *dp, const char *bpffs_dir)
{
	for (int i = 0; i < MAP_COUNT; i++) {
		dp->map_fds[i] = pin_get(bpffs_dir, datapath_map_name((enum datapath_map)i));
		if (dp->map_fds[i] < 0)
			return dp->map_fds[i];
	}
	for (int i = 0; i < PROG_COUNT; i++) {
		dp->prog_fds[i] = pin_get(bpffs_dir, datapath_prog_names[i]);
		if (dp->prog_fds[i] < 0)
			return dp->prog_fds[i];
	}
	return 0;
}

int datapath_reuse(struct datapath *dp, const struct options *opt, const struct axo_config *config)
{
	struct stamp found, expected;
	int r = stamp_read(opt->bpffs_dir, &found);

	if (r == 0)
		r = open_pins(dp, opt->bpffs_dir);
	if (r == 0)
		r = stamp_of(dp, opt, config, &expected);
	if (r == 0 && memcmp(&found, &expected, sizeof(found)) != 0)
		r = -ESTALE;
	if (r < 0)
		datapath_close_fds(dp);
	return r;
}
