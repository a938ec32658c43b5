/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPAM driven by bytes: the first chooses pools, the others are operations of two bytes.  After
 * each operation what must always hold is checked:
 *
 *      - no address is held twice, none outside of its pool, none that is never handed out
 *      - counts agree with the leases; what the store would have agrees with the pools
 *      - what the store would have, restored, is the same again
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipam/ipam.h"
#include "lib/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OWNERS 24
#define DISK_MAX 32 /* the largest pools are a /27 and a /124 */

/* The rows of the store: one per address of both pools, by its last byte. */
struct disk {
	struct pool_record rows[2][DISK_MAX];
	struct attachment owners[2][DISK_MAX];
};

struct world {
	struct ipam_config config;
	struct cidr reserved[2];
	struct ipam *ipam;
	struct disk disk;
	int64_t now_ms;
};

#define require(condition)                                                                    \
	do {                                                                                  \
		if (!(condition)) {                                                           \
			fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
			abort();                                                              \
		}                                                                             \
	} while (0)

static struct cidr cidr_of(const char *text)
{
	struct cidr cidr;

	require(cidr_parse(text, &cidr, NULL) == 0);
	return cidr;
}

static struct attachment owner_of(unsigned int n)
{
	struct attachment a;
	char id[8];

	snprintf(id, sizeof(id), "c%u", n % OWNERS);
	require(attachment_set(&a, n & 1 ? "net" : "other", id, "eth0", NULL) == 0);
	return a;
}

static void world_init(struct world *w, uint8_t flags)
{
	memset(w, 0, sizeof(*w));
	w->config.cooldown_ms = flags & 1 ? 0 : 100;
	w->config.tracked_max = flags & 2 ? 2 : 0;
	if (flags & 4 || !(flags & 8))
		w->config.v4 = cidr_of(flags & 16 ? "10.0.0.0/29" : "10.0.0.0/27");
	if (flags & 8)
		w->config.v6 = cidr_of(flags & 16 ? "fd00::/126" : "fd00::/124");
	w->reserved[0] = w->config.v4.family ? cidr_of("10.0.0.4/31") : cidr_of("fd00::3/128");
	w->config.reserved = w->reserved;
	w->config.reserved_len = flags & 32 ? 1 : 0;
	require(ipam_new(&w->config, &w->ipam, NULL) == 0);
}

/* Write the changes into @disk as the store does. */
static void flush(struct world *w)
{
	struct pool_record record;

	for (int family = 4; family <= 6; family += 2) {
		struct pool *pool = ipam_pool(w->ipam, family);

		while (pool && pool_change_next(pool, &record)) {
			uint8_t i = record.addr.b[15];

			w->disk.rows[family == 6][i] = record;
			if (record.owner)
				w->disk.owners[family == 6][i] = *record.owner;
		}
	}
}

static void check_lease(const struct world *w, const struct ipam_lease *lease,
			const struct axo_addr *addr)
{
	const struct cidr *cidr = addr_family(addr) == 4 ? &w->config.v4 : &w->config.v6;
	uint8_t i = addr->b[15];

	if (addr_is_zero(addr))
		return;
	require(cidr_contains(cidr, addr));
	require(i > 1);
	require(cidr->family == 6 || i < (1 << (32 - cidr->bits)) - 1);
	require(!w->config.reserved_len || !cidr_contains(&w->reserved[0], addr));
	require(ipam_find_address(w->ipam, addr) == lease);
}

static void check_leases(const struct world *w)
{
	uint64_t live[2] = {0}, releasing[2] = {0};

	for (const struct ipam_lease *l = NULL; (l = ipam_next(w->ipam, l));) {
		check_lease(w, l, &l->v4);
		check_lease(w, l, &l->v6);
		require(ipam_find(w->ipam, &l->owner) == l);
		(l->releasing ? releasing : live)[0] += !addr_is_zero(&l->v4);
		(l->releasing ? releasing : live)[1] += !addr_is_zero(&l->v6);
	}
	for (int f = 0; f < 2; f++) {
		struct pool_stats s;

		if (!ipam_stats(w->ipam, f ? 6 : 4, w->now_ms, &s))
			continue;
		require(s.used == live[f] && s.releasing == releasing[f]);
		require(s.records >= s.used + s.releasing + s.cooling && s.records <= s.size);
	}
}

static void check_disk(struct world *w)
{
	for (int f = 0; f < 2; f++) {
		for (int i = 0; i < DISK_MAX; i++) {
			const struct pool_record *row = &w->disk.rows[f][i];
			struct pool_record now;

			if (addr_is_zero(&row->addr))
				continue;
			now = pool_find(ipam_pool(w->ipam, f ? 6 : 4), &row->addr);
			require(now.state == row->state && now.owner == row->owner);
			require(now.state != POOL_RELEASED || now.seq == row->seq);
		}
	}
}

static int seq_cmp(const void *a, const void *b)
{
	const struct pool_record *x = a, *y = b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

/* Restart: a new struct ipam from the disk takes over, and must look the same. */
static void reload(struct world *w)
{
	struct ipam *old = w->ipam;
	struct pool_cursor cursor;

	require(ipam_new(&w->config, &w->ipam, NULL) == 0);
	for (int f = 0; f < 2; f++) {
		struct pool_record rows[DISK_MAX];

		memcpy(rows, w->disk.rows[f], sizeof(rows));
		qsort(rows, DISK_MAX, sizeof(rows[0]), seq_cmp);
		for (int i = 0; i < DISK_MAX; i++) {
			const struct attachment *owner = &w->disk.owners[f][rows[i].addr.b[15]];

			if (rows[i].state == POOL_FREE)
				continue;
			require(ipam_restore(w->ipam, &rows[i], owner, NULL) == 0);
		}
		if (ipam_pool(old, f ? 6 : 4) &&
		    pool_cursor_get(ipam_pool(old, f ? 6 : 4), &cursor))
			pool_cursor_set(ipam_pool(w->ipam, f ? 6 : 4), &cursor);
		/* The owners have moved with the leases. */
		for (int i = 0; i < DISK_MAX; i++) {
			struct pool_record *row = &w->disk.rows[f][i];

			if (row->owner)
				row->owner =
					pool_find(ipam_pool(w->ipam, f ? 6 : 4), &row->addr).owner;
		}
	}
	ipam_free(old);
}

static void take(struct world *w, uint8_t arg, size_t wanted_len)
{
	struct attachment owner = owner_of(arg);
	bool known = ipam_find(w->ipam, &owner) != NULL;
	struct axo_addr wanted[2];
	struct ipam_lease lease;
	struct error e = {.code = 0};
	int r;

	wanted[0] = addr_from_bytes(4, (uint8_t[]){10, 0, 0, arg >> 2});
	wanted[1] = cidr_of("fd00::/64").addr;
	wanted[1].b[15] = arg >> 3;
	r = ipam_take(w->ipam, &owner, wanted, wanted_len, w->now_ms, &lease, &e);
	require(r == e.code);
	require((ipam_find(w->ipam, &owner) != NULL) == (known || r == 0));
	if (r < 0) {
		require(e.msg[0]);
		return;
	}
	require(attachment_equal(&lease.owner, &owner));
	require(addr_is_zero(&lease.v4) == !w->config.v4.family);
	require(addr_is_zero(&lease.v6) == !w->config.v6.family);
	require(wanted_len < 1 || !addr_cmp(&lease.v4, &wanted[0]));
	require(wanted_len < 2 || !addr_cmp(&lease.v6, &wanted[1]));
}

static void operate(struct world *w, uint8_t op, uint8_t arg)
{
	struct attachment owner = owner_of(arg);

	switch (op % 8) {
	case 0:
	case 1:
		take(w, arg, 0);
		break;
	case 2:
	case 3:
		take(w, arg, op % 8 - 1);
		break;
	case 4:
		require((ipam_release(w->ipam, &owner) == 0) ==
			(ipam_find(w->ipam, &owner) != NULL));
		break;
	case 5:
		if (ipam_released(w->ipam, &owner, w->now_ms) == 0)
			require(!ipam_find(w->ipam, &owner));
		break;
	case 6:
		w->now_ms += arg;
		break;
	default:
		flush(w);
		check_disk(w);
		reload(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;

	if (!size)
		return 0;
	world_init(&w, data[0]);
	for (size_t i = 1; i + 1 < size && i < 600; i += 2) {
		operate(&w, data[i], data[i + 1]);
		check_leases(&w);
	}
	/* Sometimes end with unsaved changes. */
	if (data[0] & 64) {
		flush(&w);
		check_disk(&w);
	}
	ipam_free(w.ipam);
	return 0;
}
