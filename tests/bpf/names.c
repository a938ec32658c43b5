/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Name tables and what was learned; see names.h. */
#include "tests/bpf/names.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "policy/name_table.h"

static int rows_new(const struct name_table *t)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_RDONLY_PROG);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "axo_name_rows", sizeof(uint32_t),
				sizeof(struct axo_name_row), (uint32_t)t->count, &opts);

	assert_true(fd >= 0);
	for (uint32_t i = 0; i < t->count; i++)
		assert_int_equal(bpf_map_update_elem(fd, &i, &t->rows[i], BPF_ANY), 0);
	return fd;
}

void names_set(struct fixture *x, uint32_t table, const char *const *patterns, size_t count,
	       uint32_t first)
{
	int outer = bpf_map__fd(x->skel->maps.axo_name_table), fd;
	struct name_pattern p[32];
	struct name_table t = {0};

	if (!patterns) {
		bpf_map_delete_elem(outer, &table);
		return;
	}
	for (size_t i = 0; i < count; i++)
		p[i] = (struct name_pattern){.text = patterns[i],
					     .selector = first ? first + (uint32_t)i : 0};
	assert_int_equal(name_table_compile(p, count, 0, &t, NULL, NULL), 0);
	fd = rows_new(&t);
	assert_int_equal(bpf_map_update_elem(outer, &table, &fd, BPF_ANY), 0);
	close(fd);
	name_table_fini(&t);
}

static void clear(struct bpf_map *map)
{
	char key[sizeof(struct axo_fqdn_name_key)];

	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

void names_clear(struct fixture *x)
{
	clear(x->skel->maps.axo_fqdn);
	clear(x->skel->maps.axo_fqdn_name);
	clear(x->skel->maps.axo_fqdn_use);
	clear(x->skel->maps.axo_dns_query);
}

void feature_set(struct fixture *x, uint32_t set, const struct axo_feature_set *value)
{
	assert_int_equal(
		bpf_map_update_elem(bpf_map__fd(x->skel->maps.axo_feature), &set, value, 0), 0);
}

static uint32_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)t.tv_sec;
}

int learned(struct fixture *x, uint32_t endpoint, const char *addr, uint32_t selector)
{
	struct axo_fqdn_key key = {
		.addr = text_addr(addr), .endpoint = endpoint, .mac = 0x0000000a};
	struct axo_fqdn v;

	if (bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.axo_fqdn), &key, &v))
		return -1;
	for (int i = 0; i < AXO_FQDN_SLOTS; i++)
		if (AXO_FQDN_SELECTOR(v.slot[i]) == selector)
			return (int)(AXO_FQDN_EXPIRES_S(v.slot[i]) - now_s());
	return -1;
}

size_t learned_count(struct fixture *x)
{
	int fd = bpf_map__fd(x->skel->maps.axo_fqdn);
	struct axo_fqdn_key key, *prev = NULL;
	size_t n = 0;

	for (; !bpf_map_get_next_key(fd, prev, &key); prev = &key)
		n++;
	return n;
}

void learned_age(struct fixture *x, uint32_t seconds)
{
	int fd = bpf_map__fd(x->skel->maps.axo_fqdn);
	struct axo_fqdn_key key, *prev = NULL;
	struct axo_fqdn v;

	for (; !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		assert_int_equal(bpf_map_lookup_elem(fd, &key, &v), 0);
		for (int i = 0; i < AXO_FQDN_SLOTS; i++)
			if (v.slot[i])
				v.slot[i] -= (uint64_t)seconds << 32;
		assert_int_equal(bpf_map_update_elem(fd, &key, &v, BPF_EXIST), 0);
	}
}
