// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every program loads under every combination of its switches, and stays within its budget.
 *
 * What it costs is printed as a comment.  How long it runs is another question: with
 * kernel.bpf_stats_enabled=1, `bpftool prog show` gives run_time_ns and run_cnt of each program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "axoneme/config.h"
#include "axoneme.skel.h"

struct budget {
	const char *program;
	uint32_t verified;
	uint32_t translated;
};

static const struct budget budgets[] = {
#define BUDGET(program, verified, translated) {#program, verified, translated},
#include "tests/verifier/budget"
#undef BUDGET
};

static const struct budget *budget_of(const char *program)
{
	for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++)
		if (!strcmp(budgets[i].program, program))
			return &budgets[i];
	return NULL;
}

/** config_of - bits of @switches: IPv4, IPv6, native, handover, reads; no addresses of what is off */
static struct axo_config config_of(unsigned int switches)
{
	struct axo_config c = {
		.ifindex_net = 3,
		.ifindex_host = 4,
		.mac = {2, 0, 0, 0, 0, 1},
		.native = switches >> 2 & 1,
		.handover = switches >> 3 & 1,
		.kernel_reads = switches >> 4,
	};

	if (switches & 1) {
		c.ipv4 = 1;
		c.pod_bits4 = 24;
		c.pod_net4 = (struct axo_addr){{[10] = 0xff, 0xff, 10, 1, 0, 0}};
		c.gateway4 = (struct axo_addr){{[10] = 0xff, 0xff, 10, 1, 0, 1}};
	}
	if (switches & 2) {
		c.ipv6 = 1;
		c.pod_bits6 = 64;
		c.pod_net6 = (struct axo_addr){{0xfd, 1}};
		c.gateway6 = (struct axo_addr){{0xfd, 1, [15] = 1}};
	}
	return c;
}

static void assert_within_budget(const struct bpf_program *prog, unsigned int switches)
{
	const char *name = bpf_program__name(prog);
	const struct budget *b = budget_of(name);
	struct bpf_prog_info info = {};
	uint32_t len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len), 0);
	printf("# %s ipv4=%u ipv6=%u native=%u handover=%u reads=%u: %u verified, %u translated, "
	       "%u bytes of code\n",
	       name, switches & 1, switches >> 1 & 1, switches >> 2 & 1, switches >> 3 & 1,
	       switches >> 4, info.verified_insns, info.xlated_prog_len / 8, info.jited_prog_len);
	if (!b)
		fail_msg("%s has no line in tests/verifier/budget", name);
	assert_in_range(info.verified_insns, 1, b->verified);
	assert_in_range(info.xlated_prog_len / 8, 1, b->translated);
}

static void load_with(unsigned int switches)
{
	struct axoneme_bpf *skel = axoneme_bpf__open();
	struct bpf_program *prog;
	struct bpf_map *map;
	unsigned int programs = 0;

	assert_non_null(skel);
	bpf_object__for_each_map(map, skel->obj)
		bpf_map__set_pin_path(map, NULL);
	bpf_map__set_max_entries(skel->maps.axo_flow_lru, 1024);
	bpf_map__set_max_entries(skel->maps.axo_pol_peer, 1024);
	skel->rodata->axo_cfg = config_of(switches);
	assert_int_equal(axoneme_bpf__load(skel), 0);
	bpf_object__for_each_program(prog, skel->obj) {
		assert_within_budget(prog, switches);
		programs++;
	}
	assert_int_equal(programs, sizeof(budgets) / sizeof(budgets[0]));
	axoneme_bpf__destroy(skel);
}

static void loads_with_everything_off(void **state)
{
	(void)state;
	load_with(0);
}

static void loads_with_ipv4_only(void **state)
{
	(void)state;
	load_with(1);
}

static void loads_with_ipv6_only(void **state)
{
	(void)state;
	load_with(2);
}

static void loads_with_both_families(void **state)
{
	(void)state;
	load_with(3);
}

static void loads_with_native_routing(void **state)
{
	(void)state;
	for (unsigned int families = 1; families < 4; families++)
		load_with(1 << 2 | families);
}

static void loads_with_handover(void **state)
{
	(void)state;
	load_with(1 << 3 | 3);
	load_with(1 << 3 | 1 << 2 | 3);
}

static void loads_where_the_kernel_can_be_read(void **state)
{
	(void)state;
	load_with(1 << 4 | 3);
	load_with(1 << 4 | 1 << 3 | 1 << 2 | 3);
}

static void agent_owned_maps_are_read_only_to_programs(void **state)
{
	struct axoneme_bpf *skel = axoneme_bpf__open();

	(void)state;
	assert_non_null(skel);
	assert_true(bpf_map__map_flags(skel->maps.axo_endpoint) & BPF_F_RDONLY_PROG);
	assert_true(bpf_map__map_flags(skel->maps.axo_address) & BPF_F_RDONLY_PROG);
	assert_true(bpf_map__map_flags(skel->maps.axo_ipcache) & BPF_F_RDONLY_PROG);
	assert_true(bpf_map__map_flags(skel->maps.axo_state) & BPF_F_RDONLY_PROG);
	assert_true(bpf_map__map_flags(skel->maps.axo_pol_peer) & BPF_F_RDONLY_PROG);
	assert_true(bpf_map__map_flags(skel->maps.axo_pol_entry) & BPF_F_RDONLY_PROG);
	assert_true(bpf_map__map_flags(skel->maps.axo_pf_head) & BPF_F_RDONLY_PROG);
	axoneme_bpf__destroy(skel);
}

/* The file is merged line by line: a program that is there twice has the budget that comes first. */
static void every_program_has_one_budget(void **state)
{
	size_t n = sizeof(budgets) / sizeof(budgets[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		if (budget_of(budgets[i].program) != &budgets[i])
			fail_msg("%s has two lines in tests/verifier/budget, expected one",
				 budgets[i].program);
}

/* A map whose key or value has no BTF type dumps as bytes. */
static void every_map_has_types_for_bpftool(void **state)
{
	struct axoneme_bpf *skel = axoneme_bpf__open();
	struct bpf_map *map;

	(void)state;
	assert_non_null(skel);
	bpf_object__for_each_map(map, skel->obj) {
		if (bpf_map__is_internal(map) || bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
		    bpf_map__type(map) == BPF_MAP_TYPE_ARRAY_OF_MAPS)
			continue;
		if (!bpf_map__btf_key_type_id(map) || !bpf_map__btf_value_type_id(map))
			fail_msg("%s has no types", bpf_map__name(map));
	}
	axoneme_bpf__destroy(skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_program_has_one_budget),
		cmocka_unit_test(loads_with_everything_off),
		cmocka_unit_test(loads_with_ipv4_only),
		cmocka_unit_test(loads_with_ipv6_only),
		cmocka_unit_test(loads_with_both_families),
		cmocka_unit_test(loads_with_native_routing),
		cmocka_unit_test(loads_with_handover),
		cmocka_unit_test(loads_where_the_kernel_can_be_read),
		cmocka_unit_test(agent_owned_maps_are_read_only_to_programs),
		cmocka_unit_test(every_map_has_types_for_bpftool),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
