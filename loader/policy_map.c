/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiled policies in the maps; see policy_map.h. */
#include "loader/policy_map.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "axoneme/policy.h"
#include "loader/datapath.h"
#include "policy/compile.h"

#define BATCH 512

/** struct batch - keys and values on their way into a map; both maps have values of 8 bytes */
struct batch {
	int fd;
	size_t key_size;
	uint32_t count;
	_Alignas(8) char keys[BATCH * sizeof(struct axo_pol_key)];
	_Alignas(8) char values[BATCH * 8];
};
_Static_assert(sizeof(struct axo_pol_entry) == 8 && sizeof(struct axo_pol_peer) == 8,
	       "values of a batch have one size");

static void batch_init(struct batch *b, const struct datapath *dp, enum datapath_map map)
{
	b->fd = datapath_map_fd(dp, map);
	b->key_size = map == MAP_POL_ENTRY ? sizeof(struct axo_pol_key)
					   : sizeof(struct axo_pol_peer_key);
	b->count = 0;
}

static int batch_write(struct batch *b)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t count = b->count;

	b->count = 0;
	if (!count || bpf_map_update_batch(b->fd, b->keys, b->values, &count, &opts) == 0)
		return 0;
	return -errno;
}

/* One that is not there ends a batch: go on behind it. */
static void batch_delete(struct batch *b)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t at = 0;

	while (at < b->count) {
		uint32_t count = b->count - at;

		if (bpf_map_delete_batch(b->fd, b->keys + at * b->key_size, &count, &opts) == 0)
			break;
		if (errno != ENOENT)
			break;
		at += count + 1;
	}
	b->count = 0;
}

static void *batch_key(struct batch *b)
{
	return b->keys + b->count * b->key_size;
}

static void batch_entry(struct batch *b, uint32_t number, const struct compiled *c, size_t i)
{
	struct axo_pol_key key = compiled_key(&c->entries[i], number);
	struct axo_pol_entry value = compiled_value(c, &c->entries[i]);

	memcpy(batch_key(b), &key, sizeof(key));
	memcpy(b->values + b->count++ * sizeof(value), &value, sizeof(value));
}

static void batch_peer(struct batch *b, uint32_t number, const struct compiled_peer *p)
{
	struct axo_pol_peer_key key = {.policy = number, .identity = p->identity};
	struct axo_pol_peer value = {.class_ = {p->class_[0], p->class_[1]}};

	memcpy(batch_key(b), &key, sizeof(key));
	memcpy(b->values + b->count++ * sizeof(value), &value, sizeof(value));
}

static int write_entries(struct datapath *dp, uint32_t number, const struct compiled *c,
			 size_t first)
{
	struct batch b;
	int r = 0;

	batch_init(&b, dp, MAP_POL_ENTRY);
	for (size_t i = first; i < c->entry_count && r == 0; i++) {
		batch_entry(&b, number, c, i);
		if (b.count == BATCH)
			r = batch_write(&b);
	}
	return r < 0 ? r : batch_write(&b);
}

static int write_peers(struct datapath *dp, uint32_t number, const struct compiled_peer *p,
		       size_t count)
{
	struct batch b;
	int r = 0;

	batch_init(&b, dp, MAP_POL_PEER);
	for (size_t i = 0; i < count && r == 0; i++) {
		batch_peer(&b, number, &p[i]);
		if (b.count == BATCH)
			r = batch_write(&b);
	}
	return r < 0 ? r : batch_write(&b);
}

static int fail(uint32_t number, int r, struct error *e)
{
	return error_set(e, r, "cannot write policy %u into the maps: %s", number, strerror(-r));
}

int policy_map_write(struct datapath *dp, uint32_t number, const struct compiled *c,
		     struct error *e)
{
	int r = write_entries(dp, number, c, 0);

	if (r == 0)
		r = write_peers(dp, number, c->peers, c->peer_count);
	if (r == 0)
		return 0;
	policy_map_delete(dp, number, c);
	return fail(number, r, e);
}

int policy_map_write_delta(struct datapath *dp, uint32_t number, const struct compiled *c,
			   const struct compiled_delta *delta, struct error *e)
{
	int r = write_entries(dp, number, c, delta->first_entry);

	if (r == 0 && delta->has_peer)
		r = write_peers(dp, number, &delta->peer, 1);
	return r < 0 ? fail(number, r, e) : 0;
}

void policy_map_delete(struct datapath *dp, uint32_t number, const struct compiled *c)
{
	struct batch b;

	batch_init(&b, dp, MAP_POL_PEER);
	for (size_t i = 0; i < c->peer_count; i++) {
		batch_peer(&b, number, &c->peers[i]);
		if (b.count == BATCH)
			batch_delete(&b);
	}
	batch_delete(&b);
	batch_init(&b, dp, MAP_POL_ENTRY);
	for (size_t i = 0; i < c->entry_count; i++) {
		batch_entry(&b, number, c, i);
		if (b.count == BATCH)
			batch_delete(&b);
	}
	batch_delete(&b);
}

void policy_map_delete_delta(struct datapath *dp, uint32_t number, const struct compiled *c,
			     const struct compiled_delta *delta)
{
	struct batch b;

	batch_init(&b, dp, MAP_POL_ENTRY);
	for (size_t i = 0; i < delta->entry_count; i++) {
		batch_entry(&b, number, c, delta->first_entry + i);
		if (b.count == BATCH)
			batch_delete(&b);
	}
	batch_delete(&b);
}

void policy_map_delete_peer(struct datapath *dp, uint32_t number, uint32_t identity)
{
	struct axo_pol_peer_key key = {.policy = number, .identity = identity};

	bpf_map_delete_elem(datapath_map_fd(dp, MAP_POL_PEER), &key);
}

static uint32_t number_of(enum datapath_map map, const void *key)
{
	const struct axo_pol_peer_key *peer = key;
	const struct axo_pol_key *entry = key;

	return map == MAP_POL_ENTRY ? ntohl(entry->policy) : peer->policy;
}

/*
 * Walk over all keys; those of numbers up to @last are deleted.  The next key is fetched before
 * one is deleted; a walk that starts over because of it ends all the same, as that key is gone.
 */
static uint32_t walk(const struct datapath *dp, enum datapath_map map, uint32_t last,
		     uint32_t *highest)
{
	_Alignas(8) char keys[2][sizeof(struct axo_pol_key)];
	int fd = datapath_map_fd(dp, map);
	char *key = keys[0], *next = keys[1];
	bool more = bpf_map_get_next_key(fd, NULL, key) == 0;
	uint32_t removed = 0;

	while (more) {
		uint32_t number = number_of(map, key);
		char *spare = key;

		if (number > *highest)
			*highest = number;
		more = bpf_map_get_next_key(fd, key, next) == 0;
		if (number <= last && bpf_map_delete_elem(fd, key) == 0)
			removed++;
		key = next;
		next = spare;
	}
	return removed;
}

uint32_t policy_map_highest(const struct datapath *dp)
{
	uint32_t highest = 0;

	walk(dp, MAP_POL_ENTRY, 0, &highest);
	walk(dp, MAP_POL_PEER, 0, &highest);
	return highest;
}

uint32_t policy_map_prune(struct datapath *dp, uint32_t last)
{
	uint32_t highest = 0;
	uint32_t removed = walk(dp, MAP_POL_PEER, last, &highest);

	return removed + walk(dp, MAP_POL_ENTRY, last, &highest);
}

uint64_t policy_map_hits(const struct datapath *dp, uint32_t number, uint32_t rule, int dir)
{
	struct axo_pol_hits_key key = {.policy = number, .rule = rule, .dir = (uint8_t)dir};
	struct axo_pol_hits hits = {0};

	bpf_map_lookup_elem(datapath_map_fd(dp, MAP_POL_HITS), &key, &hits);
	return hits.judged;
}
