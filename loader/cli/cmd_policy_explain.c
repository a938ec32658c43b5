/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* policy show, trace: why */
#include <string.h>

#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/endpoint.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"

#define PEERS_TEXT 256

/* "anybody", or identities and what stands for many. */
static void peers_text(const json_t *entry, char *buf, size_t size)
{
	json_int_t more = client_number(entry, "peerCount");
	const json_t *peer;
	size_t i, len = 0;

	*buf = '\0';
	json_array_foreach(json_object_get(entry, "peers"), i, peer) {
		if (len + 32 > size)
			break;
		if (json_is_string(peer)) {
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "," : "",
						json_string_value(peer));
		} else {
			len += (size_t)snprintf(buf + len, size - len, "%s%lld", len ? "," : "",
						json_integer_value(peer));
			more--;
		}
	}
	if (more > 0 && len < size)
		snprintf(buf + len, size - len, " and %lld more", more);
}

static void place_cell(struct table *t, const json_t *rule)
{
	if (*client_text(rule, "file"))
		table_cell(t, "%s:%lld", client_text(rule, "file"), client_number(rule, "line"));
	else
		table_cell(t, "-");
}

/* "allow", or with what an allowed packet meets: "allow (http, chaos)". */
static void verdict_cell(struct table *t, const char *verdict, const json_t *features)
{
	_cleanup_free_ char *names = json_array_size(features) ? join_texts(features) : NULL;

	table_cell(t, names ? "%s (%s)" : "%s", verdict, names);
}

static void entry_row(struct table *t, const json_t *entry)
{
	char peers[PEERS_TEXT];

	peers_text(entry, peers, sizeof(peers));
	table_cell(t, "%s", client_text(entry, "direction"));
	verdict_cell(t, client_text(entry, "verdict"), json_object_get(entry, "features"));
	table_cell(t, "%s", client_text(entry, "protocol"));
	table_cell(t, "%s", client_text(entry, "port"));
	table_cell(t, "%s", peers);
	table_cell(t, "%lld", client_number(entry, "hits"));
	table_cell(t, "%s", client_text(entry, "rule"));
	place_cell(t, entry);
}

static void show_table(const struct cli *cli, const json_t *policy)
{
	static const char *const header[] = {"DIRECTION", "VERDICT", "PROTOCOL", "PORT", "PEERS",
					     ">HITS",	  "RULE",    "FILE",	 NULL};
	const json_t *entry;
	struct table t;
	size_t i;

	fprintf(cli->out, "ingress: %s, %lld denied by default\n", client_text(policy, "ingress"),
		client_number(policy, "ingressDefaultDenied"));
	fprintf(cli->out, "egress: %s, %lld denied by default\n", client_text(policy, "egress"),
		client_number(policy, "egressDefaultDenied"));
	table_begin(&t, cli->out, header);
	json_array_foreach(json_object_get(policy, "entries"), i, entry)
		entry_row(&t, entry);
	table_end(&t);
}

enum cli_exit cmd_policy_show(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *ep = NULL;
	_cleanup_json_ json_t *policy = NULL;
	char path[64] = "/v1/host/policy";
	enum cli_exit r;

	(void)args;
	(void)count;
	if (!cli->endpoint)
		return cli_usage(cli, "policy show: expected --endpoint ENDPOINT, or host");
	if (strcmp(cli->endpoint, "host") != 0) {
		r = endpoint_find(cli, cli->endpoint, &ep);
		if (r)
			return r;
		snprintf(path, sizeof(path), "/v1/endpoints/%lld/policy", client_number(ep, "id"));
	}
	if (client_get(cli, path, &policy))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, policy);
	else
		show_table(cli, policy);
	return CLI_DONE;
}

/* "*" stands at the rules that the verdict names. */
static void trace_row(struct table *t, const json_t *rule, bool allowed)
{
	bool denies = !strcmp(client_text(rule, "action"), "deny");

	table_cell(t, "%s", json_is_true(json_object_get(rule, "decides")) ? "*" : "");
	table_cell(t, "%s", client_text(rule, "direction"));
	verdict_cell(t,
		     denies    ? "denies"
		     : allowed ? "allows"
			       : "would allow",
		     json_object_get(rule, "features"));
	if (*client_text(rule, "fqdn"))
		table_cell(t, "%s (%s)", client_text(rule, "rule"), client_text(rule, "fqdn"));
	else
		table_cell(t, "%s", client_text(rule, "rule"));
	place_cell(t, rule);
}

/* The names that the receiver's address has, if the sender learned any. */
static void trace_names(const struct cli *cli, const json_t *trace)
{
	const json_t *names = json_object_get(json_object_get(trace, "to"), "names");
	_cleanup_free_ char *text = json_array_size(names) ? join_texts(names) : NULL;

	if (text)
		fprintf(cli->out, "to: %s\n", text);
}

static void trace_table(const struct cli *cli, const json_t *trace)
{
	static const char *const header[] = {"", "DIRECTION", "ACTION", "RULE", "FILE", NULL};
	const json_t *rules = json_object_get(trace, "rules"), *rule;
	bool allowed = !strcmp(client_text(trace, "verdict"), "allow");
	_cleanup_free_ char *features = NULL;
	struct table t;
	size_t i;

	features = json_array_size(json_object_get(trace, "features"))
			   ? join_texts(json_object_get(trace, "features"))
			   : NULL;
	fprintf(cli->out, "%s: %s (%s)%s%s\n", client_text(trace, "verdict"),
		client_text(trace, "message"), client_text(trace, "direction"),
		features ? "; then " : "", features ? features : "");
	trace_names(cli, trace);
	if (!json_array_size(rules))
		return;
	table_begin(&t, cli->out, header);
	json_array_foreach(rules, i, rule)
		trace_row(&t, rule, allowed);
	table_end(&t);
}

/* What HTTP rules say of the request that was asked about. */
static void trace_http(const struct cli *cli, const json_t *http)
{
	const json_t *rules = json_object_get(http, "rules"), *rule;
	size_t i;

	fprintf(cli->out, "http: %s: %s%s\n", client_text(http, "verdict"),
		client_text(http, "message"),
		json_is_true(json_object_get(http, "mismatch"))
			? " (a header with mismatch LOG does not match)"
			: "");
	json_array_foreach(rules, i, rule)
		fprintf(cli->out, "http: %s: %s\n", client_text(rule, "direction"),
			client_text(rule, "rule"));
}

enum cli_exit cmd_policy_trace(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *body = NULL;
	_cleanup_json_ json_t *trace = NULL;
	struct call call = {.method = "POST", .path = "/v1/policies/trace"};

	(void)args;
	(void)count;
	if (!cli->from || !cli->to || !cli->dport)
		return cli_usage(cli,
				 "policy trace: expected --from A --to B --dport PORT/PROTOCOL");
	body = json_pack("{s:s, s:s, s:s}", "from", cli->from, "to", cli->to, "dport", cli->dport);
	if (!body || (cli->http && json_object_set_new(body, "http", json_string(cli->http))))
		return cli_usage(cli, "policy trace: expected UTF-8");
	call.body = body;
	if (client_call(cli, &call, &trace))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, trace);
	else
		trace_table(cli, trace);
	if (!cli->json && json_object_get(trace, "http"))
		trace_http(cli, json_object_get(trace, "http"));
	return CLI_DONE;
}
