/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of commands.
 */
#ifndef LOADER_CLI_COMMAND_H
#define LOADER_CLI_COMMAND_H

#include <stddef.h>

#include "loader/cli/cli.h"

/** enum cli_option - options that only some commands have; bits */
enum cli_option {
	OPTION_ENDPOINT = 1,
	OPTION_TYPE = 2,
	OPTION_TRACE = 4, /* --from, --to, --dport, --http */
	OPTION_FILE = 8,
	OPTION_KIND = 16,
	OPTION_DRY_RUN = 32,
	OPTION_ALL = 64,
	OPTION_HISTOGRAM = 128,
	OPTION_GROUP = 1024,
};

/**
 * struct command - one line of the table
 * @name:    one or two words
 * @args:    of them, for people
 * @min, @max: number of words behind the name
 * @options: bits of enum cli_option
 * @help:    what it does
 */
struct command {
	const char *name;
	const char *args;
	int min;
	int max;
	unsigned int options;
	enum cli_exit (*run)(struct cli *cli, char **args, int count);
	const char *help;
};

extern const struct command commands[];
extern const size_t command_count;

/**
 * command_find - the command that @words (of @count) begin with
 * @used: how many words are its name
 * Return: the command, or NULL after a complaint that names the nearest one
 */
const struct command *command_find(const struct cli *cli, char **words, int count, int *used);

/* cmd_*.c */
enum cli_exit cmd_chaos_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_chaos_stats(struct cli *cli, char **args, int count);
enum cli_exit cmd_chaos_stop(struct cli *cli, char **args, int count);
enum cli_exit cmd_conntrack_flush(struct cli *cli, char **args, int count);
enum cli_exit cmd_conntrack_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_endpoint_get(struct cli *cli, char **args, int count);
enum cli_exit cmd_endpoint_audit(struct cli *cli, char **args, int count);
enum cli_exit cmd_endpoint_label(struct cli *cli, char **args, int count);
enum cli_exit cmd_endpoint_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_identity_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_fqdn_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_ip_add(struct cli *cli, char **args, int count);
enum cli_exit cmd_ip_delete(struct cli *cli, char **args, int count);
enum cli_exit cmd_ip_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_monitor(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_apply(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_delete(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_get(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_show(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_trace(struct cli *cli, char **args, int count);
enum cli_exit cmd_policy_validate(struct cli *cli, char **args, int count);
enum cli_exit cmd_prefilter_add(struct cli *cli, char **args, int count);
enum cli_exit cmd_prefilter_delete(struct cli *cli, char **args, int count);
enum cli_exit cmd_prefilter_groups(struct cli *cli, char **args, int count);
enum cli_exit cmd_prefilter_list(struct cli *cli, char **args, int count);
enum cli_exit cmd_status(struct cli *cli, char **args, int count);
enum cli_exit cmd_version(struct cli *cli, char **args, int count);

#endif
