/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What HTTP rules cost: compiling 1 and 500 of them, and a verdict in BPF_PROG_TEST_RUN.
 *
 *	http_head OBJECT [ROUNDS]
 *
 * Prints lines of "key value".  Rounds go over all programs in turn; a figure is the smallest, for
 * others can only add to it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "policy/http_engine.h"

#define RULES 500
#define HEADERS 54
#define REPEAT 500

static const char request[] = "GET /api/v1/svc120/users/42 HTTP/1.1\r\n"
			      "Host: svc120.default.svc.cluster.local\r\n"
			      "User-Agent: curl/7.88.1\r\n"
			      "Accept: */*\r\n"
			      "Accept-Encoding: gzip\r\n"
			      "X-Request-Id: 0123456789abcdef0123456789ab\r\n\r\n";
_Static_assert(sizeof(request) - 1 == 185, "the figure is about a head of 185 bytes");

static struct http_rule rules[RULES];
static const struct http_rule *refs[RULES];
static char paths[RULES][64];

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void rules_make(void)
{
	static const char *const methods[] = {"GET", "POST|PUT", "GET|HEAD", "DELETE"};
	static const char *const formats[] = {
		"/api/v1/svc%d/users/[0-9]+",
		"/api/v2/tenants/[a-z0-9-]+/svc%d/.*",
		"/static/app%d/[^/]+\\.(js|css)",
		"/svc%d/health",
	};

	for (int i = 0; i < RULES; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(paths[i], sizeof(paths[i]), formats[i % 4], i);
#pragma GCC diagnostic pop
		rules[i].method = methods[i / 4 % 4];
		rules[i].path = paths[i];
		refs[i] = &rules[i];
	}
}

/* @count rules from @first on, into the pool; the table's number. */
static __u32 table_make(struct http_pool *pool, int first, int count)
{
	const struct http_source source = {
		.rules = refs + first, .rule_count = count, .enforce = true};
	struct http_tables t = {0};
	struct error e = {0};
	double best = 1e9;
	uint32_t blame;
	__u32 number;

	for (int i = 0; i < 5; i++) {
		double start = now_ms(), took;

		http_tables_fini(&t);
		if (http_compile(&source, &t, &blame, &e))
			errx(1, "%s", e.msg);
		took = now_ms() - start;
		best = took < best ? took : best;
	}
	printf("compile_ms_%d %.2f\nstates_%d %u\nclasses_%d %u\nbytes_%d %zu\n", count, best,
	       count, t.states, count, t.classes, count, t.words * sizeof(uint32_t));
	number = http_pool_add(pool, &t);
	http_tables_fini(&t);
	return number;
}

static double program_run(int fd, int expected)
{
	char packet[HEADERS + sizeof(request)] = {[12] = 8};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet) - 1,
		    .repeat = REPEAT);

	memcpy(packet + HEADERS, request, sizeof(request));
	if (bpf_prog_test_run_opts(fd, &opts))
		err(1, "cannot run a program");
	if ((int)opts.retval != expected)
		errx(1, "a program returned %u, expected %d", opts.retval, expected);
	return opts.duration;
}

static int map_fd(struct bpf_object *o, const char *name)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, o)
		if (strstr(bpf_map__name(m), name))
			return bpf_map__fd(m);
	errx(1, "no map %s", name);
}

static void table_choose(struct bpf_object *o, __u32 table)
{
	__u32 zero = 0;

	if (bpf_map_update_elem(map_fd(o, ".bss"), &zero, &table, BPF_ANY))
		err(1, "cannot write .bss");
}

static void programs_run(struct bpf_object *o, const __u32 tables[2], int rounds)
{
	int judge = bpf_program__fd(bpf_object__find_program_by_name(o, "judge"));
	int nothing = bpf_program__fd(bpf_object__find_program_by_name(o, "nothing"));
	double best[3] = {1e9, 1e9, 1e9};

	for (int i = 0; i < rounds; i++) {
		double ns[3] = {program_run(nothing, 1)};

		for (int k = 0; k < 2; k++) {
			table_choose(o, tables[k]);
			ns[k + 1] = program_run(judge, 2);
		}
		for (int k = 0; k < 3; k++)
			best[k] = ns[k] < best[k] ? ns[k] : best[k];
	}
	printf("nothing_ns %.0f\nverdict_ns_1 %.0f\nverdict_ns_500 %.0f\n", best[0], best[1],
	       best[2]);
}

int main(int argc, char **argv)
{
	struct bpf_object *o = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	struct bpf_map *m = o ? bpf_object__find_map_by_name(o, "axo_l7_pool") : NULL;
	struct http_pool pool;
	__u32 tables[2];
	void *words;

	if (!m)
		errx(2, "expected: OBJECT [ROUNDS]");
	rules_make();
	http_pool_init(&pool);
	tables[0] = table_make(&pool, 120, 1);
	tables[1] = table_make(&pool, 0, RULES);
	bpf_map__set_pin_path(m, NULL);
	if (bpf_object__load(o))
		err(1, "cannot load %s", argv[1]);
	words = mmap(NULL, (size_t)pool.used * 4, PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(m), 0);
	if (words == MAP_FAILED)
		err(1, "cannot map the pool");
	memcpy(words, pool.words, (size_t)pool.used * 4);
	programs_run(o, tables, argc > 2 ? atoi(argv[2]) : 2000);
	bpf_object__close(o);
	http_pool_fini(&pool);
	return 0;
}
