/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * axoneme conntrack list, flush.
 *
 * The flow table may be large: it is read line by line (docs/api.md says that there is one flow
 * per line) and never held.
 */
#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/endpoint.h"
#include "loader/cli/table.h"
#include "loader/cli/units.h"

/* "/v1/flows", or that with the endpoint that the user means. */
static enum cli_exit flows_path(const struct cli *cli, char *path, size_t size)
{
	_cleanup_json_ json_t *ep = NULL;
	enum cli_exit r;

	if (!cli->endpoint) {
		snprintf(path, size, "/v1/flows");
		return CLI_DONE;
	}
	r = endpoint_find(cli, cli->endpoint, &ep);
	if (r)
		return r;
	snprintf(path, size, "/v1/flows?endpoint=%lld", client_number(ep, "id"));
	return CLI_DONE;
}

static void flow_row(struct table *t, const json_t *f)
{
	char source[UNITS_STR_MAX];
	char destination[UNITS_STR_MAX];
	char idle[UNITS_STR_MAX];
	char expires[UNITS_STR_MAX];

	table_cell(t, "%s", client_text(f, "proto"));
	table_cell(t, "%s", client_text(f, "state"));
	table_cell(t, "%s",
		   units_end(client_text(f, "source"), client_number(f, "sourcePort"), source));
	table_cell(t, "%s",
		   units_end(client_text(f, "destination"), client_number(f, "destinationPort"),
			     destination));
	table_cell(t, "%s", client_text(f, "verdict"));
	table_cell(t, "%lld", client_number(f, "packets"));
	table_cell(t, "%lld", client_number(f, "bytes"));
	table_cell(t, "%lld", client_number(f, "replyPackets"));
	table_cell(t, "%lld", client_number(f, "replyBytes"));
	table_cell(t, "%s", units_seconds(client_number(f, "idleSeconds"), idle));
	table_cell(t, "%s", units_seconds(client_number(f, "expiresSeconds"), expires));
}

static int print_line(const char *text, void *arg)
{
	const struct cli *cli = arg;

	return fprintf(cli->out, "%s\n", text) < 0 ? -EIO : 0;
}

/* A line is a flow and perhaps a comma; others are the array's brackets. */
static int print_flow(const char *text, void *arg)
{
	const char *start = strchr(text, '{');
	_cleanup_json_ json_t *flow = NULL;

	if (!start)
		return 0;
	flow = json_loads(start, JSON_DISABLE_EOF_CHECK, NULL);
	if (flow)
		flow_row(arg, flow);
	return 0;
}

enum cli_exit cmd_conntrack_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {"PROTO",	     "STATE",	 "SOURCE",   "DESTINATION",
					     "VERDICT",	     ">PACKETS", ">BYTES",   ">REPLIES",
					     ">REPLY BYTES", ">IDLE",	 ">EXPIRES", NULL};
	struct table t;
	char path[64];
	enum cli_exit r;

	(void)args;
	(void)count;
	r = flows_path(cli, path, sizeof(path));
	if (r)
		return r;
	if (cli->json)
		return client_lines(cli, path, false, print_line, cli);
	table_begin(&t, cli->out, header);
	r = client_lines(cli, path, false, print_flow, &t);
	/* After a failure the header alone would look like an empty answer. */
	if (r && !t.flushed && !t.held_count)
		table_drop(&t);
	else
		table_end(&t);
	return r;
}

enum cli_exit cmd_conntrack_flush(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *answer = NULL;
	struct call call = {.method = "DELETE"};
	char path[64];
	enum cli_exit r;

	(void)args;
	(void)count;
	r = flows_path(cli, path, sizeof(path));
	if (r)
		return r;
	call.path = path;
	if (client_call(cli, &call, &answer))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, answer);
	else
		fprintf(cli->out, "%lld flows removed\n", client_number(answer, "removed"));
	return CLI_DONE;
}
