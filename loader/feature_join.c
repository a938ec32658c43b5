/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Joins of feature sets on the host; see feature_join.h. */
#include "loader/feature_join.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "axoneme/feature.h"
#include "loader/datapath.h"

int feature_joins_write(const struct datapath *d, const struct compiled *c, struct error *e)
{
	int fd = datapath_map_fd(d, MAP_SET_JOIN);

	for (size_t i = 0; i < c->join_count; i++) {
		const struct compiled_join *j = &c->joins[i];
		uint32_t both = c->sets.items[j->both - 1].number;
		struct axo_set_join one = {c->sets.items[j->a - 1].number,
					   c->sets.items[j->b - 1].number};
		struct axo_set_join other = {one.b, one.a};

		if (bpf_map_update_elem(fd, &one, &both, BPF_ANY) < 0 ||
		    bpf_map_update_elem(fd, &other, &both, BPF_ANY) < 0)
			return error_set(e, errno, "cannot join feature sets %u and %u: %s", one.a,
					 one.b, strerror(errno));
	}
	return 0;
}

/* The key is remembered before it is deleted: the walk goes on behind it. */
void feature_joins_prune(const struct datapath *d,
			 bool (*is_used)(uint32_t number, const void *ctx), const void *ctx)
{
	int fd = datapath_map_fd(d, MAP_SET_JOIN);
	struct axo_set_join key, gone;
	int r = bpf_map_get_next_key(fd, NULL, &key);

	while (r == 0) {
		uint32_t both = 0;

		bpf_map_lookup_elem(fd, &key, &both);
		gone = key;
		r = bpf_map_get_next_key(fd, &gone, &key);
		if (!is_used(gone.a, ctx) || !is_used(gone.b, ctx) || !is_used(both, ctx))
			bpf_map_delete_elem(fd, &gone);
	}
}
