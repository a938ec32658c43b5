/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the prefilter costs: nanoseconds of a dropped packet by BPF_PROG_TEST_RUN, seconds and bytes
 * of a table.  Prints one line of JSON: {"name": value, ...}.
 *
 *      prefilter OBJECT PREFIXES ROUNDS
 *
 * OBJECT is prefilter.bpf.c, linked.  A figure is the least of ROUNDS interleaved rounds.  With
 * many prefixes every source is denied: 0.0.0.0/0 and 2000::/3 are among them, in a group of
 * their own, and the others lie all over, of every usual length.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "axoneme/names.h"
#include "lib/number.h"
#include "loader/prefilter_map.h"

#define REPEAT 200000

static void fail(const char *what)
{
	fprintf(stderr, "prefilter: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Numbers that are the same in every run (splitmix64). */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void rule_add(struct pf_rules *r, const struct cidr *c, uint16_t group)
{
	struct pf_rule rule = {
		.addr = cidr_first(c),
		.bits = (uint8_t)cidr_mapped_bits(c),
		.flags = c->family == 4 ? PF_IPV4 : 0,
		.group = group,
	};

	if (pf_rules_add(r, &rule) < 0)
		fail("no memory");
}

static void rule_text(struct pf_rules *r, const char *text)
{
	struct cidr c;

	if (cidr_parse(text, &c, NULL) < 0)
		fail(text);
	rule_add(r, &c, 0);
}

/* IPv4: /16 to /32; IPv6: /32 to /64 and, one in four, /128. */
static void rules_random(struct pf_rules *r, int family, size_t count)
{
	uint64_t seed = 42;

	for (size_t i = 0; i < count; i++) {
		uint64_t x = random_next(&seed), y = random_next(&seed);
		struct cidr c = {.family = (uint8_t)family};

		if (family == 4) {
			c.addr.b[10] = c.addr.b[11] = 0xff;
			memcpy(c.addr.b + 12, &x, 4);
			c.bits = (uint8_t)(16 + y % 17);
		} else {
			memcpy(c.addr.b, &x, 8);
			memcpy(c.addr.b + 8, &y, 8);
			c.addr.b[0] = 0x20 | (c.addr.b[0] & 0x1f);
			c.bits = (uint8_t)(y % 4 ? 32 + y % 33 : 128);
		}
		rule_add(r, &c, (uint16_t)(1 + i % 8));
	}
}

static double run_ns(int prog, int family)
{
	uint8_t frame[64] = {[12] = 0x08, [14] = 0x45, [17] = 50, [26] = 203, [29] = 7};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = REPEAT);

	if (family == 6) {
		memset(frame, 0, sizeof(frame));
		memcpy(frame + 12, "\x86\xdd\x60\0\0\0\0\x0a\x3b\x40\x20\x01\x0d\xb8", 14);
	}
	if (bpf_prog_test_run_opts(prog, &opts))
		fail("test run");
	if (opts.retval != 1)
		fail("a packet was not dropped");
	return opts.duration;
}

struct lab {
	struct pf_maps maps;
	int fixed, random4, random6, empty;
	double load_s;
	uint64_t bytes;
};

static void install(struct lab *lab, struct pf_rules *r)
{
	double since = now_s();
	struct pf_table t;

	if (pf_rules_sort(r, NULL) < 0 || pf_table_make(r, &t) < 0 ||
	    pf_map_install(&lab->maps, &t, &lab->bytes) < 0)
		fail("table");
	lab->load_s = now_s() - since;
	pf_table_fini(&t);
}

/** struct set - prefixes, and the least that a packet cost */
struct set {
	const char *name;
	int family;
	size_t count;
	double fixed, random, load_s;
	uint64_t bytes;
};

static double least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

static void measure(struct lab *lab, struct set *s)
{
	struct pf_rules r = {0};

	if (s->count > 1) {
		rules_random(&r, s->family, s->count);
		rule_text(&r, s->family == 4 ? "0.0.0.0/0" : "2000::/3");
	} else {
		rule_text(&r, s->family == 4 ? "0.0.0.0/0" : "2000::/3");
	}
	install(lab, &r);
	free(r.items);
	s->fixed = least(s->fixed, run_ns(lab->fixed, s->family));
	s->random =
		least(s->random, run_ns(s->family == 4 ? lab->random4 : lab->random6, s->family));
	s->load_s = least(s->load_s, lab->load_s);
	s->bytes = lab->bytes;
}

static int prog_fd(const struct bpf_object *obj, const char *name)
{
	const struct bpf_program *p = bpf_object__find_program_by_name(obj, name);

	if (!p)
		fail(name);
	return bpf_program__fd(p);
}

static struct bpf_object *lab_open(struct lab *lab, const char *path)
{
	struct bpf_object *obj = bpf_object__open_file(path, NULL);
	struct bpf_map *map;

	if (!obj)
		fail(path);
	bpf_object__for_each_map(map, obj)
		bpf_map__set_pin_path(map, NULL);
	if (bpf_object__load(obj))
		fail("load");
	lab->maps.slots_fd = bpf_object__find_map_fd_by_name(obj, AXO_MAP_PREFILTER);
	lab->maps.head_fd = bpf_object__find_map_fd_by_name(obj, AXO_MAP_PF_HEAD);
	lab->fixed = prog_fd(obj, "xdp_edge");
	lab->random4 = prog_fd(obj, "edge_random4");
	lab->empty = prog_fd(obj, "edge_floor");
	lab->random6 = prog_fd(obj, "edge_random6");
	return obj;
}

int main(int argc, char **argv)
{
	uint64_t many = 0, rounds = 0;
	struct lab lab = {0};
	struct bpf_object *obj;

	if (argc != 4 || number_parse(argv[2], 2, AXO_PF_PREFIXES_MAX, &many) ||
	    number_parse(argv[3], 1, 1000, &rounds)) {
		fprintf(stderr, "usage: prefilter OBJECT PREFIXES ROUNDS\n");
		return 2;
	}
	struct set sets[] = {
		{.name = "one4", .family = 4, .count = 1},
		{.name = "many4", .family = 4, .count = many},
		{.name = "one6", .family = 6, .count = 1},
		{.name = "many6", .family = 6, .count = many},
	};

	double floor = 0;

	obj = lab_open(&lab, argv[1]);
	for (uint64_t n = 0; n < rounds; n++) {
		floor = least(floor, run_ns(lab.empty, 4));
		for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
			measure(&lab, &sets[i]);
	}
	printf("{\"floor_ns\": %.0f, ", floor);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		printf("%s\"%s\": {\"prefixes\": %zu, \"hot_ns\": %.0f, \"random_ns\": %.0f, "
		       "\"load_s\": %.3f, \"bytes\": %llu}",
		       i ? ", " : "", sets[i].name, sets[i].count, sets[i].fixed, sets[i].random,
		       sets[i].load_s, (unsigned long long)sets[i].bytes);
	printf("}\n");
	bpf_object__close(obj);
	return 0;
}
