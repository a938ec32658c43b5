/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme status, axoneme version. */
#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"
#include "loader/cli/units.h"

/* By fq the kernel holds what is held, and counts it nowhere. */
static void print_delay_line(const struct cli *cli, const json_t *d)
{
	char bytes[UNITS_STR_MAX];

	fprintf(cli->out, "Delay line:  %s", client_text(d, "by"));
	if (client_number(d, "in"))
		fprintf(cli->out, ", holds %lld packets (%s), %lld passed, %lld early",
			client_number(d, "held"), units_bytes(client_number(d, "bytes"), bytes),
			client_number(d, "out"), client_number(d, "early"));
	fputc('\n', cli->out);
}

static void print_chaos(const struct cli *cli, const json_t *c)
{
	const json_t *wide = json_object_get(c, "wide"), *w;
	size_t i;

	if (client_number(c, "experiments"))
		fprintf(cli->out, "Chaos:       %lld experiments, %lld running\n",
			client_number(c, "experiments"), client_number(c, "running"));
	json_array_foreach(wide, i, w)
		fprintf(cli->out,
			"Warning:     %s selects %lld of the %lld endpoints of namespace %s\n",
			client_text(w, "name"), client_number(w, "selected"),
			client_number(w, "total"), client_text(w, "namespace"));
}

static void print_policies(const struct cli *cli, const json_t *p)
{
	bool in = json_is_true(json_object_get(p, "hostIngress"));
	bool out = json_is_true(json_object_get(p, "hostEgress"));

	fprintf(cli->out, "Policies:    %lld, for the host %s%s\n", client_number(p, "count"),
		in && out ? "both directions"
		: in	  ? "ingress"
		: out	  ? "egress"
			  : "none",
		json_is_true(json_object_get(p, "audit")) ? ", audit: nothing is denied" : "");
}

static void print_devices(const struct cli *cli, const json_t *devices)
{
	static const char *const header[] = {"DEVICE", "PRESENT", "HOOKS", NULL};
	const json_t *d;
	struct table t;
	size_t i;

	if (!json_array_size(devices))
		return;
	fputc('\n', cli->out);
	table_begin(&t, cli->out, header);
	json_array_foreach(devices, i, d) {
		_cleanup_free_ char *hooks = join_texts(json_object_get(d, "hooks"));

		table_cell(&t, "%s", client_text(d, "device"));
		table_cell(&t, "%s", json_is_true(json_object_get(d, "present")) ? "yes" : "no");
		table_cell(&t, "%s", hooks && *hooks ? hooks : "none");
	}
	table_end(&t);
}

static void print_agent(const struct cli *cli, const json_t *s)
{
	const json_t *hooks = json_object_get(s, "hooks");
	const json_t *memory = json_object_get(s, "memory");
	char uptime[UNITS_STR_MAX];
	char maps[UNITS_STR_MAX];
	char rss[UNITS_STR_MAX];

	fprintf(cli->out, "Agent:       %s, version %s, node %s, pid %lld, up %s\n",
		client_text(s, "state"), client_text(s, "version"), client_text(s, "nodeName"),
		client_number(s, "pid"), units_seconds(client_number(s, "uptimeSeconds"), uptime));
	fprintf(cli->out, "Kernel:      %s\n", client_text(s, "kernel"));
	fprintf(cli->out, "Hooks:       pods %s, host %s\n", client_text(hooks, "pod"),
		client_text(hooks, "host"));
	fprintf(cli->out, "Endpoints:   %lld, identities %lld, removals pending %lld\n",
		client_number(s, "endpoints"), client_number(s, "identities"),
		client_number(s, "removalsPending"));
	fprintf(cli->out, "Generation:  %lld\n", client_number(s, "generation"));
	fprintf(cli->out, "Routing:     %s\n", client_text(s, "routing"));
	fprintf(cli->out, "Masquerade:  %s\n", client_text(s, "masquerade"));
	print_policies(cli, json_object_get(s, "policies"));
	print_chaos(cli, json_object_get(s, "chaos"));
	print_delay_line(cli, json_object_get(s, "delayLine"));
	fprintf(cli->out, "Memory:      agent %s, maps %s\n",
		units_bytes(client_number(memory, "rssBytes"), rss),
		units_bytes(client_number(memory, "mapsBytes"), maps));
}

/* The agent stops counting at the largest number that JSON readers agree on. */
static void size_cell(struct table *t, json_int_t size)
{
	if (size > 1LL << 53)
		table_cell(t, ">2^53");
	else
		table_cell(t, "%lld", size);
}

static void print_pools(const struct cli *cli, const json_t *pools)
{
	static const char *const header[] = {"POOL",	 ">SIZE",	  ">USED",   ">RELEASING",
					     ">COOLING", ">REUSED EARLY", "GATEWAY", NULL};
	const json_t *p;
	struct table t;
	size_t i;

	table_begin(&t, cli->out, header);
	json_array_foreach(pools, i, p) {
		table_cell(&t, "%s", client_text(p, "cidr"));
		size_cell(&t, client_number(p, "size"));
		table_cell(&t, "%lld", client_number(p, "used"));
		table_cell(&t, "%lld", client_number(p, "releasing"));
		table_cell(&t, "%lld", client_number(p, "cooling"));
		table_cell(&t, "%lld", client_number(p, "reusedEarly"));
		table_cell(&t, "%s", client_text(p, "gateway"));
	}
	table_end(&t);
}

static void print_maps(const struct cli *cli, const json_t *maps)
{
	static const char *const header[] = {"MAP", "TYPE", ">MAX ENTRIES", ">MEMORY", NULL};
	char bytes[UNITS_STR_MAX];
	const json_t *m;
	struct table t;
	size_t i;

	table_begin(&t, cli->out, header);
	json_array_foreach(maps, i, m) {
		table_cell(&t, "%s", client_text(m, "name"));
		table_cell(&t, "%s", client_text(m, "type"));
		table_cell(&t, "%lld", client_number(m, "maxEntries"));
		table_cell(&t, "%s", units_bytes(client_number(m, "bytes"), bytes));
	}
	table_end(&t);
}

static void print_xdp(const struct cli *cli, const json_t *devices)
{
	static const char *const header[] = {"DEVICE", "XDP", "ERROR", NULL};
	const json_t *d;
	struct table t;
	size_t i;

	if (!json_array_size(devices))
		return;
	table_begin(&t, cli->out, header);
	json_array_foreach(devices, i, d) {
		table_cell(&t, "%s", client_text(d, "device"));
		table_cell(&t, "%s", client_text(d, "mode"));
		table_cell(&t, "%s", client_text(d, "error"));
	}
	table_end(&t);
	fputc('\n', cli->out);
}

enum cli_exit cmd_status(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *status = NULL;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/status", &status))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, status);
		return CLI_DONE;
	}
	print_agent(cli, status);
	fputc('\n', cli->out);
	print_pools(cli, json_object_get(status, "pools"));
	fputc('\n', cli->out);
	print_devices(cli, json_object_get(status, "devices"));
	print_xdp(cli, json_object_get(status, "xdp"));
	print_maps(cli, json_object_get(status, "maps"));
	return CLI_DONE;
}

static void print_version(const struct cli *cli, const json_t *agent)
{
	fprintf(cli->out, "axoneme   %s\n", AXO_VERSION);
	if (agent)
		fprintf(cli->out, "axonemed  %s (API %lld)\n", client_text(agent, "version"),
			client_number(agent, "api"));
	else
		fprintf(cli->out, "axonemed  not reachable at %s\n", cli->socket);
}

/* An agent that is not there is an answer, too, and no failure. */
enum cli_exit cmd_version(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *agent = NULL;
	struct cli quiet = *cli;

	(void)args;
	(void)count;
	quiet.err = NULL;
	if (client_get(&quiet, "/v1/version", &agent) && cli->json)
		agent = json_pack("{s:n, s:n}", "version", "api");
	if (!cli->json) {
		print_version(cli, agent);
		return CLI_DONE;
	}
	json_object_set_new(agent, "client", json_string(AXO_VERSION));
	client_print(cli, agent);
	return CLI_DONE;
}
