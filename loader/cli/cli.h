/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: what every command gets.
 *
 * A command writes its answer to @out and complaints to @err, one line each, and returns how the
 * program ends.
 */
#ifndef LOADER_CLI_CLI_H
#define LOADER_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

/** enum cli_exit - 0 = done, 1 = it failed and stderr says why, 2 = usage */
enum cli_exit { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/**
 * struct cli - options, and where to write
 * @socket:   of the agent
 * @json:     -o json
 * @endpoint: --endpoint, or NULL
 * @type:     --type, or NULL
 * @from, @to, @dport, @http, @file, @kind: of policy commands, or NULL
 * @group:    --group, or NULL
 * @dry_run:  --dry-run
 * @all:      --all
 * @histogram: --histogram
 * @err:      NULL = complaints are not wanted
 */
struct cli {
	const char *socket;
	bool json;
	const char *endpoint;
	const char *type;
	const char *from;
	const char *to;
	const char *dport;
	const char *http;
	const char *file;
	const char *kind;
	const char *group;
	bool dry_run;
	bool all;
	bool histogram;
	FILE *out;
	FILE *err;
};

/** cli_main - the whole program: parse @argv, run the command */
enum cli_exit cli_main(int argc, char **argv, FILE *out, FILE *err);

/** cli_fail - "axoneme: MESSAGE" on cli->err; CLI_FAILED */
enum cli_exit cli_fail(const struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** cli_usage - the same; CLI_USAGE */
enum cli_exit cli_usage(const struct cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
