/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Name tables in the kernel; see name_map.h. */
#include "loader/name_map.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/datapath.h"

/* All rows in one call: a table has tens of thousands of them. */
static int rows_write(int fd, const struct name_table *t)
{
	_cleanup_free_ uint32_t *keys = calloc(t->count, sizeof(*keys));
	uint32_t count = (uint32_t)t->count;

	if (!keys)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		keys[i] = i;
	return bpf_map_update_batch(fd, keys, t->rows, &count, NULL) < 0 ? -errno : 0;
}

int name_map_put(const struct datapath *dp, uint32_t number, const struct name_table *t,
		 struct error *e)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_RDONLY_PROG);
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "axo_name_rows",
						sizeof(uint32_t), sizeof(struct axo_name_row),
						(uint32_t)t->count, &opts);
	int r;

	if (fd < 0)
		return error_set(e, errno, "cannot make a table of %zu rows for names: %s",
				 t->count, strerror(errno));
	r = rows_write(fd, t);
	if (r == 0 &&
	    bpf_map_update_elem(datapath_map_fd(dp, MAP_NAME_TABLE), &number, &fd, BPF_ANY) < 0)
		r = -errno;
	if (r < 0)
		return error_set(e, -r, "cannot write name table %u: %s", number, strerror(-r));
	return 0;
}

void name_map_delete(const struct datapath *dp, uint32_t number)
{
	bpf_map_delete_elem(datapath_map_fd(dp, MAP_NAME_TABLE), &number);
}

bool name_map_has(const struct datapath *dp, uint32_t number)
{
	uint32_t id;

	return bpf_map_lookup_elem(datapath_map_fd(dp, MAP_NAME_TABLE), &number, &id) == 0;
}
