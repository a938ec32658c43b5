/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The prefilter's table in the kernel; see prefilter_map.h. */
#include "loader/prefilter_map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* A map for the words from @t->words + @done on; behind the last one come zeros. */
static int chunk_make(const struct pf_table *t, size_t done)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_RDONLY_PROG);
	_cleanup_free_ struct axo_pf_chunk *chunk = calloc(1, sizeof(*chunk));
	size_t left = t->count - done;
	uint32_t key = 0;
	int fd;

	if (!chunk)
		return -ENOMEM;
	if (left)
		memcpy(chunk, t->words + done,
		       (left < AXO_PF_CHUNK_WORDS ? left : AXO_PF_CHUNK_WORDS) * sizeof(uint64_t));
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "axo_pf_chunk", sizeof(key), sizeof(*chunk), 1,
			    &opts);
	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(fd, &key, chunk, BPF_ANY) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static uint32_t slot_of(uint64_t bank, uint32_t number)
{
	return (bank == AXO_PF_BANK1 ? AXO_PF_SLOTS : 0) + number;
}

static int bank_fill(const struct pf_maps *m, uint64_t bank, const struct pf_table *t)
{
	struct axo_pf_header header = t->header;
	uint32_t key = (uint32_t)bank, number = 0;

	for (size_t done = 0; done < t->count; done += AXO_PF_CHUNK_WORDS, number++) {
		_cleanup_close_ int fd = chunk_make(t, done);
		uint32_t slot = slot_of(bank, number);

		if (fd < 0)
			return fd;
		if (bpf_map_update_elem(m->slots_fd, &slot, &fd, BPF_ANY) < 0)
			return -errno;
	}
	header.bank = bank;
	return bpf_map_update_elem(m->head_fd, &key, &header, BPF_ANY) < 0 ? -errno : 0;
}

/* The chunks of a bank that nobody looks at. */
static void bank_clear(const struct pf_maps *m, uint64_t bank)
{
	for (uint32_t number = 0; number < AXO_PF_SLOTS; number++) {
		uint32_t slot = slot_of(bank, number), id;

		if (bpf_map_lookup_elem(m->slots_fd, &slot, &id) == 0)
			bpf_map_delete_elem(m->slots_fd, &slot);
	}
}

/*
 * Wait for all programs that run now: the kernel does when a map is put into a map of maps
 * (kernel/bpf/syscall.c, maybe_wait_bpf_programs()).  The last slot of @bank is free for that.
 */
static int programs_wait(const struct pf_maps *m, uint64_t bank)
{
	const struct pf_table nothing = {0};
	_cleanup_close_ int fd = chunk_make(&nothing, 0);
	uint32_t slot = slot_of(bank, AXO_PF_SLOTS - 1);

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(m->slots_fd, &slot, &fd, BPF_ANY) < 0)
		return -errno;
	bpf_map_delete_elem(m->slots_fd, &slot);
	return 0;
}

static int activate(const struct pf_maps *m, uint64_t bank)
{
	struct axo_pf_header active = {.bank = bank};
	uint32_t key = AXO_PF_ACTIVE;

	return bpf_map_update_elem(m->head_fd, &key, &active, BPF_ANY) < 0 ? -errno : 0;
}

/* Nothing is denied: no bank, and no memory. */
static int deactivate(const struct pf_maps *m, uint64_t old)
{
	int r = old ? activate(m, 0) : 0;

	if (r == 0 && old && programs_wait(m, old) == 0)
		bank_clear(m, old);
	return r;
}

int pf_map_install(const struct pf_maps *m, const struct pf_table *t, uint64_t *bytes)
{
	size_t chunks = (t->count + AXO_PF_CHUNK_WORDS - 1) / AXO_PF_CHUNK_WORDS;
	struct axo_pf_header active = {0};
	uint32_t key = AXO_PF_ACTIVE;
	uint64_t old, bank;
	int r;

	if (chunks >= AXO_PF_SLOTS)
		return -E2BIG;
	if (bpf_map_lookup_elem(m->head_fd, &key, &active) < 0)
		return -errno;
	old = active.bank;
	*bytes = 0;
	if (!t->header.index4 && !t->header.index6)
		return deactivate(m, old);
	bank = old == AXO_PF_BANK0 ? AXO_PF_BANK1 : AXO_PF_BANK0;
	bank_clear(m, bank);
	r = bank_fill(m, bank, t);
	if (r == 0)
		r = activate(m, bank);
	if (r < 0) {
		bank_clear(m, bank);
		return r;
	}
	if (old && programs_wait(m, bank) == 0)
		bank_clear(m, old);
	*bytes = chunks * sizeof(struct axo_pf_chunk);
	return 0;
}

int pf_map_counts(int count_fd, struct axo_pf_count *out, size_t groups)
{
	int cpus = libbpf_num_possible_cpus();
	_cleanup_free_ struct axo_pf_count *counts = NULL;

	if (cpus < 0)
		return cpus;
	counts = calloc((size_t)cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	for (uint32_t g = 0; g < groups; g++) {
		out[g] = (struct axo_pf_count){0};
		if (bpf_map_lookup_elem(count_fd, &g, counts) < 0)
			return -errno;
		for (int i = 0; i < cpus; i++) {
			out[g].packets += counts[i].packets;
			out[g].bytes += counts[i].bytes;
		}
	}
	return 0;
}
