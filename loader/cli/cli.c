/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Options and commands in any order; see cli.h.  Options are taken out of the words first, so
 * they may stand anywhere; "--" ends them.
 */
#include "loader/cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "lib/nearest.h"
#include "loader/cli/command.h"

/**
 * struct words - the command line on its way to a command
 * @argv, @argc, @at: what comes in, and how far it is read
 * @word, @count:     what is no option
 * @given:            bits of enum cli_option seen
 */
struct words {
	char **argv;
	int argc;
	int at;
	char **word;
	int count;
	unsigned int given;
	bool help;
	bool version;
};

static void complain(const struct cli *cli, const char *fmt, va_list ap)
{
	if (!cli->err)
		return;
	fputs("axoneme: ", cli->err);
	vfprintf(cli->err, fmt, ap);
	fputc('\n', cli->err);
}

enum cli_exit cli_fail(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(cli, fmt, ap);
	va_end(ap);
	return CLI_FAILED;
}

enum cli_exit cli_usage(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(cli, fmt, ap);
	va_end(ap);
	return CLI_USAGE;
}

static bool set_socket(struct cli *cli, const char *value)
{
	cli->socket = value;
	return true;
}

static bool set_output(struct cli *cli, const char *value)
{
	cli->json = !strcmp(value, "json");
	if (cli->json || !strcmp(value, "table"))
		return true;
	cli_usage(cli, "option -o %s: expected table or json", value);
	return false;
}

static bool set_endpoint(struct cli *cli, const char *value)
{
	cli->endpoint = value;
	return true;
}

static bool set_type(struct cli *cli, const char *value)
{
	cli->type = value;
	return true;
}

static bool set_from(struct cli *cli, const char *value)
{
	cli->from = value;
	return true;
}

static bool set_to(struct cli *cli, const char *value)
{
	cli->to = value;
	return true;
}

static bool set_dport(struct cli *cli, const char *value)
{
	cli->dport = value;
	return true;
}

static bool set_http(struct cli *cli, const char *value)
{
	cli->http = value;
	return true;
}

static bool set_file(struct cli *cli, const char *value)
{
	cli->file = value;
	return true;
}

static bool set_kind(struct cli *cli, const char *value)
{
	cli->kind = value;
	return true;
}

static bool set_group(struct cli *cli, const char *value)
{
	cli->group = value;
	return true;
}

/* Options with a value; @bit 0 = every command has it. */
static const struct {
	const char *name;
	const char *letter;
	unsigned int bit;
	bool (*set)(struct cli *cli, const char *value);
} options[] = {
	{"--socket", "-s", 0, set_socket},
	{"--output", "-o", 0, set_output},
	{"--endpoint", "-e", OPTION_ENDPOINT, set_endpoint},
	{"--type", "-t", OPTION_TYPE, set_type},
	{"--from", "-F", OPTION_TRACE, set_from},
	{"--to", "-T", OPTION_TRACE, set_to},
	{"--dport", "-p", OPTION_TRACE, set_dport},
	{"--http", "-H", OPTION_TRACE, set_http},
	{"--file", "-f", OPTION_FILE, set_file},
	{"--kind", "-k", OPTION_KIND, set_kind},
	{"--group", "-g", OPTION_GROUP, set_group},
};

/* Options without a value. */
static const struct {
	const char *name;
	unsigned int bit;
	size_t offset; /* of a bool in struct cli */
} switches[] = {
	{"--dry-run", OPTION_DRY_RUN, offsetof(struct cli, dry_run)},
	{"--all", OPTION_ALL, offsetof(struct cli, all)},
	{"--histogram", OPTION_HISTOGRAM, offsetof(struct cli, histogram)},
};

static const char *option_name(unsigned int bits)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (switches[i].bit & bits)
			return switches[i].name;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].bit & bits)
			return options[i].name;
	return "";
}

static bool unknown_option(const struct cli *cli, const char *arg)
{
	static const char *const others[] = {"--help", "--version"};
	const char *names[ARRAY_SIZE(options) + ARRAY_SIZE(others) + ARRAY_SIZE(switches)];
	char text[64];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		names[i] = options[i].name;
	memcpy(names + ARRAY_SIZE(options), others, sizeof(others));
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		names[ARRAY_SIZE(options) + ARRAY_SIZE(others) + i] = switches[i].name;
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(arg, "="), arg);
	near = nearest_word(text, names, ARRAY_SIZE(names));
	if (near)
		cli_usage(cli, "unknown option %s (nearest: %s)", text, near);
	else
		cli_usage(cli, "unknown option %s (see axoneme help)", text);
	return false;
}

/* The value of option @i in @arg ("--name=V", "-oV") or in the next word; NULL = not this option. */
static const char *option_value(struct words *w, size_t i, const char *arg, bool *missing)
{
	size_t len = strlen(options[i].name);

	if (!strncmp(arg, options[i].name, len) && arg[len] == '=')
		return arg + len + 1;
	if (!strncmp(arg, options[i].letter, 2) && arg[2])
		return arg + 2;
	if (strcmp(arg, options[i].name) && strcmp(arg, options[i].letter))
		return NULL;
	*missing = w->at >= w->argc;
	return *missing ? NULL : w->argv[w->at++];
}

static bool take_option(struct cli *cli, struct words *w, const char *arg)
{
	if (!strcmp(arg, "--help") || !strcmp(arg, "-h")) {
		w->help = true;
		return true;
	}
	if (!strcmp(arg, "--version")) {
		w->version = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if (strcmp(arg, switches[i].name) != 0)
			continue;
		w->given |= switches[i].bit;
		*(bool *)((char *)cli + switches[i].offset) = true;
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		bool missing = false;
		const char *value = option_value(w, i, arg, &missing);

		if (missing) {
			cli_usage(cli, "option %s: a value is missing", arg);
			return false;
		}
		if (!value)
			continue;
		w->given |= options[i].bit;
		return options[i].set(cli, value);
	}
	return unknown_option(cli, arg);
}

static bool take_words(struct cli *cli, struct words *w)
{
	bool ended = false;

	while (w->at < w->argc) {
		char *arg = w->argv[w->at++];

		if (ended || arg[0] != '-' || !arg[1]) {
			w->word[w->count++] = arg;
		} else if (!strcmp(arg, "--")) {
			ended = true;
		} else if (!take_option(cli, w, arg)) {
			return false;
		}
	}
	return true;
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: axoneme [--socket PATH] [-o table|json] COMMAND\n\n");
	for (size_t i = 0; i < command_count; i++) {
		int n = fprintf(out, "  %s %s", commands[i].name, commands[i].args);

		fprintf(out, "%*s  %s\n", n < 48 ? 48 - n : 0, "", commands[i].help);
	}
	fprintf(out,
		"\n"
		"ENDPOINT is a number, NAMESPACE/NAME or an address.\n\n"
		"  -s, --socket PATH         socket of the agent (default " AXO_DEFAULT_SOCKET ")\n"
		"  -o, --output table|json   for people (default) or for programs\n"
		"  -h, --help                this text\n"
		"      --version             version of this program\n\n"
		"Exit status: 0 done, 1 failed, 2 wrong usage.  See axoneme(8).\n");
}

static enum cli_exit check_and_run(struct cli *cli, const struct words *w)
{
	unsigned int foreign;
	const struct command *c;
	int used;
	int count;

	c = command_find(cli, w->word, w->count, &used);
	if (!c)
		return CLI_USAGE;
	count = w->count - used;
	foreign = w->given & ~c->options;
	if (foreign)
		return cli_usage(cli, "%s does not take option %s", c->name, option_name(foreign));
	if (count < c->min || count > c->max)
		return cli_usage(cli, "%s: %s, expected: axoneme %s%s%s", c->name,
				 count < c->min ? "a word is missing" : "too many words", c->name,
				 *c->args ? " " : "", c->args);
	return c->run(cli, w->word + used, count);
}

enum cli_exit cli_main(int argc, char **argv, FILE *out, FILE *err)
{
	struct cli cli = {.socket = AXO_DEFAULT_SOCKET, .out = out, .err = err};
	_cleanup_free_ char **word = calloc(argc + 1, sizeof(*word));
	struct words w = {.argv = argv, .argc = argc, .at = 1, .word = word};
	enum cli_exit result;

	if (!word)
		return cli_fail(&cli, "no memory");
	if (!take_words(&cli, &w))
		return CLI_USAGE;
	if (w.version) {
		fprintf(out, "axoneme %s\n", AXO_VERSION);
		return CLI_DONE;
	}
	if (w.help || (w.count && !strcmp(w.word[0], "help"))) {
		print_help(out);
		return CLI_DONE;
	}
	if (!w.count)
		return cli_usage(&cli, "a command is missing (see axoneme help)");
	result = check_and_run(&cli, &w);
	if (fflush(out) && result == CLI_DONE)
		return cli_fail(&cli, "cannot write the answer");
	return result;
}
