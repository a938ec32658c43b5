/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axonemed: parse the configuration, then run, check or clean up. */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "loader/agent.h"
#include "loader/options.h"
#include "loader/store.h"
#include "loader/trace.h"

/* A small heap: one arena for both threads, and what is freed goes back to the kernel. */
static void heap_tune(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

static int run(struct options *opt, struct error *e)
{
	if (opt->help) {
		options_usage(stdout);
		return 0;
	}
	if (opt->version) {
		printf("axonemed " AXO_VERSION "\n");
		return 0;
	}
	log_set_level(opt->log_level);
	if (opt->cleanup)
		return traces_remove(opt, e);
	if (opt->check) {
		int r = store_check(opt, e);

		if (r == 0)
			printf("configuration is valid\n");
		return r;
	}
	return agent_run(opt, e);
}

int main(int argc, char **argv)
{
	struct options opt;
	struct error e = {0};
	int r;

	heap_tune();
	r = options_parse(&opt, argc, argv, &e);
	if (r == 0)
		r = run(&opt, &e);
	if (r < 0)
		log_error(e.msg);
	options_fini(&opt);
	return r < 0 ? 1 : 0;
}
