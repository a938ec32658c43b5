/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * axoneme monitor: a line per event until SIGINT or SIGTERM, which is a success.  Every line is
 * flushed, so that it can be piped.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/units.h"

/* What was written is flushed, and there is nothing else to do. */
static void on_signal(int number)
{
	(void)number;
	_exit(CLI_DONE);
}

static void catch_signals(void)
{
	const struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* "12:00:00.123456" of "2026-01-31T12:00:00.123456Z" */
static void print_time(FILE *out, const json_t *event)
{
	const char *time = client_text(event, "time");
	const char *clock = strchr(time, 'T');

	clock = clock ? clock + 1 : time;
	fprintf(out, "%.*s ", (int)strcspn(clock, "Z"), clock);
}

static void print_packet(FILE *out, const json_t *d)
{
	char source[UNITS_STR_MAX];
	char destination[UNITS_STR_MAX];
	const char *protocol = client_text(d, "protocol");

	if (*client_text(d, "source"))
		fprintf(out, "%s%s%s -> %s", protocol, *protocol ? " " : "",
			units_end(client_text(d, "source"), client_number(d, "sourcePort"), source),
			units_end(client_text(d, "destination"),
				  client_number(d, "destinationPort"), destination));
	else
		fprintf(out, "ethertype %s", client_text(d, "etherType"));
}

/* " (shop/web#ingress[0], web.yaml:7)", when a policy decided. */
static void print_rule(FILE *out, const json_t *event)
{
	if (!*client_text(event, "rule"))
		return;
	fprintf(out, " (%s", client_text(event, "rule"));
	if (*client_text(event, "file"))
		fprintf(out, ", %s:%lld", client_text(event, "file"), client_number(event, "line"));
	fputc(')', out);
}

static void print_drop(FILE *out, const json_t *d)
{
	print_time(out, d);
	fprintf(out, "drop %s %s ", client_text(d, "reason"), client_text(d, "direction"));
	if (client_number(d, "endpoint"))
		fprintf(out, "endpoint %lld ", client_number(d, "endpoint"));
	else
		fprintf(out, "device %lld ", client_number(d, "ifindex"));
	print_packet(out, d);
	fprintf(out, ", %lld bytes: %s", client_number(d, "length"), client_text(d, "message"));
	print_rule(out, d);
	fputc('\n', out);
}

static void print_verdict(FILE *out, const json_t *v)
{
	print_time(out, v);
	fprintf(out, "policy-verdict %s %s endpoint %lld ", client_text(v, "verdict"),
		client_text(v, "direction"), client_number(v, "endpoint"));
	print_packet(out, v);
	print_rule(out, v);
	fputc('\n', out);
}

static void print_chaos(FILE *out, const json_t *c)
{
	print_time(out, c);
	fprintf(out, "chaos %s %s ", client_text(c, "fault"), client_text(c, "stage"));
	print_packet(out, c);
	fprintf(out, " request %lld, draw %.6f, rule %lld", client_number(c, "request"),
		json_real_value(json_object_get(c, "draw")), client_number(c, "index"));
	if (client_number(c, "askedUs"))
		fprintf(out, ", asked %.3f ms", (double)client_number(c, "askedUs") / 1000);
	if (client_number(c, "actualUs"))
		fprintf(out, ", was %.3f ms", (double)client_number(c, "actualUs") / 1000);
	print_rule(out, c);
	fputc('\n', out);
}

static void print_l7(FILE *out, const json_t *e)
{
	print_time(out, e);
	fprintf(out, "l7 %s %s %s ", client_text(e, "verdict"), client_text(e, "method"),
		client_text(e, "path"));
	print_packet(out, e);
	if (*client_text(e, "host"))
		fprintf(out, " host %s", client_text(e, "host"));
	fprintf(out, ": %lld", client_number(e, "status"));
	if (*client_text(e, "message"))
		fprintf(out, ", %s", client_text(e, "message"));
	else
		fprintf(out, " after %.3f ms", (double)client_number(e, "latencyNs") / 1e6);
	print_rule(out, e);
	fputc('\n', out);
}

static void print_event(FILE *out, const char *text, const json_t *event)
{
	const char *type = client_text(event, "type");

	if (!strcmp(type, "drop"))
		print_drop(out, event);
	else if (!strcmp(type, "policy-verdict"))
		print_verdict(out, event);
	else if (!strcmp(type, "chaos"))
		print_chaos(out, event);
	else if (!strcmp(type, "l7"))
		print_l7(out, event);
	else if (!strcmp(type, "lost"))
		fprintf(out, "lost %lld events: the output is too slow\n",
			client_number(event, "count"));
	else
		fprintf(out, "%s\n", text);
}

static int on_line(const char *text, void *arg)
{
	const struct cli *cli = arg;
	_cleanup_json_ json_t *event = NULL;

	if (cli->json) {
		fprintf(cli->out, "%s\n", text);
	} else {
		event = json_loads(text, 0, NULL);
		if (event)
			print_event(cli->out, text, event);
	}
	return fflush(cli->out) ? -EIO : 0;
}

enum cli_exit cmd_monitor(struct cli *cli, char **args, int count)
{
	char path[128];
	enum cli_exit r;

	(void)args;
	(void)count;
	if (cli->type &&
	    strspn(cli->type, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(cli->type))
		return cli_usage(cli, "--type %s: expected the name of a type", cli->type);
	snprintf(path, sizeof(path), "/v1/events?type=%.64s", cli->type ? cli->type : "all");
	catch_signals();
	r = client_lines(cli, path, true, on_line, cli);
	return r ? r : cli_fail(cli, "the agent has ended the stream");
}
