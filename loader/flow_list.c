/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow tables, read in slices; see flow_list.h. */
#include "loader/flow_list.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/cleanup.h"

#define SLICE 512
#define SLICE_MAX 65536

/**
 * struct flow_list
 * @fd:      maps to walk
 * @map:     the one that is being walked
 * @begun:   @cursor is valid
 * @cursor:  where the kernel goes on (number of a bucket)
 * @room:    entries that the arrays hold
 */
struct flow_list {
	int fd[2];
	unsigned int map;
	bool begun;
	uint32_t cursor;
	uint32_t room;
	struct axo_flow_key *keys;
	struct axo_flow *flows;
};

static int make_room(struct flow_list *l, uint32_t room)
{
	struct axo_flow_key *keys = calloc(room, sizeof(*keys));
	struct axo_flow *flows = calloc(room, sizeof(*flows));

	if (!keys || !flows) {
		free(keys);
		free(flows);
		return -ENOMEM;
	}
	free(l->keys);
	free(l->flows);
	l->keys = keys;
	l->flows = flows;
	l->room = room;
	return 0;
}

struct flow_list *flow_list_new(const int fds[static 2])
{
	struct flow_list *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->fd[0] = fds[0];
	l->fd[1] = fds[1];
	if (make_room(l, SLICE)) {
		free(l);
		return NULL;
	}
	return l;
}

void flow_list_free(struct flow_list *l)
{
	if (!l)
		return;
	free(l->keys);
	free(l->flows);
	free(l);
}

/* The kernel hands out whole buckets: -ENOSPC = the next one has more entries than fit. */
static int lookup(struct flow_list *l, uint32_t *count)
{
	uint32_t next;
	int r;

	for (;;) {
		*count = l->room;
		r = bpf_map_lookup_batch(l->fd[l->map], l->begun ? &l->cursor : NULL, &next,
					 l->keys, l->flows, count, NULL);
		if (r != -ENOSPC)
			break;
		if (l->room >= SLICE_MAX)
			return -ENOSPC;
		r = make_room(l, l->room * 2);
		if (r)
			return r;
	}
	if (!r) {
		l->cursor = next;
		l->begun = true;
	}
	return r;
}

int flow_list_next(struct flow_list *l, struct flow_slice *slice)
{
	uint32_t count;
	int r;

	if (l->map >= ARRAY_SIZE(l->fd))
		return 0;
	r = lookup(l, &count);
	if (r && r != -ENOENT)
		return r;
	slice->map = l->map;
	if (r == -ENOENT) {
		l->map++;
		l->begun = false;
	}
	slice->keys = l->keys;
	slice->flows = l->flows;
	slice->count = count;
	return 1;
}
