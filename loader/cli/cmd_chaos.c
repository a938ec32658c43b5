/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme chaos list, stats, stop. */
#include <inttypes.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"
#include "loader/cli/units.h"

#define BAR_WIDTH 50

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static const char *left_text(const json_t *x, char buf[static UNITS_STR_MAX])
{
	json_int_t left = client_number(x, "remainingSeconds");

	return left ? units_seconds((uint64_t)left, buf) : "-";
}

static void list_table(const struct cli *cli, const json_t *list)
{
	static const char *const header[] = {"NAME",	  "STATE", "LEFT",     ">PODS", ">REQUESTS",
					     ">INFLIGHT", "SEED",  "SAMPLING", NULL};
	const json_t *x;
	struct table t;
	size_t i;

	table_begin(&t, cli->out, header);
	json_array_foreach(list, i, x) {
		char left[UNITS_STR_MAX];

		table_cell(&t, "%s", client_text(x, "name"));
		table_cell(&t, "%s%s", client_text(x, "state"),
			   is_true(x, "dryRun") ? " (dry run)" : "");
		table_cell(&t, "%s", left_text(x, left));
		table_cell(&t, "%lld%s", client_number(x, "endpoints"),
			   is_true(x, "wide") ? " (wide)" : "");
		table_cell(&t, "%lld", client_number(x, "requests"));
		table_cell(&t, "%lld", client_number(x, "inFlight"));
		table_cell(&t, "%s", client_text(x, "seed"));
		table_cell(&t, "%s", client_text(x, "sampling"));
	}
	table_end(&t);
}

enum cli_exit cmd_chaos_list(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *list = NULL;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/chaos", &list))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, list);
	else
		list_table(cli, list);
	return CLI_DONE;
}

static bool is_meant(const json_t *x, char **args, int count)
{
	return !count || !strcmp(client_text(x, "policy"), args[0]) ||
	       !strcmp(client_text(x, "name"), args[0]);
}

static void late_cell(struct table *t, const json_t *late, const char *key)
{
	if (client_number(late, "maxUs"))
		table_cell(t, "%.3f", (double)client_number(late, key) / 1000);
	else
		table_cell(t, "-");
}

/* "method GET, path /a" */
static void filter_cell(struct table *t, const json_t *filter)
{
	_cleanup_json_ json_t *texts = json_array();
	_cleanup_free_ char *text = NULL;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)filter, key, value) {
		if (json_is_string(value))
			json_array_append_new(texts,
					      json_sprintf("%s %s", key, json_string_value(value)));
		else
			json_array_append_new(texts, json_sprintf("%s %lld", key,
								  json_integer_value(value)));
	}
	text = join_texts(texts);
	table_cell(t, "%s", text && *text ? text : "-");
}

/* Shares are of what the rule's filter matched. */
static void rule_row(struct table *t, const json_t *rule)
{
	_cleanup_free_ char *faults = join_texts(json_object_get(rule, "faults"));
	json_int_t matched = client_number(rule, "matched"), drawn = client_number(rule, "drawn");
	const json_t *late = json_object_get(rule, "late");

	table_cell(t, "%g", json_real_value(json_object_get(rule, "probability")));
	table_cell(t, "%s", faults ? faults : "");
	filter_cell(t, json_object_get(rule, "filter"));
	table_cell(t, "%lld", matched);
	table_cell(t, "%lld", drawn);
	if (matched)
		table_cell(t, "%.4f", (double)drawn / (double)matched);
	else
		table_cell(t, "-");
	table_cell(t, "%lld", client_number(rule, "delayed"));
	table_cell(t, "%lld", client_number(rule, "aborted") + client_number(rule, "refused"));
	table_cell(t, "%lld",
		   client_number(rule, "lost") + client_number(rule, "duplicated") +
			   client_number(rule, "corrupted"));
	table_cell(t, "%lld",
		   client_number(rule, "dry") + client_number(rule, "limited") +
			   client_number(rule, "yielded") + client_number(rule, "failed"));
	late_cell(t, late, "p50Us");
	late_cell(t, late, "p99Us");
	late_cell(t, late, "maxUs");
}

static void histogram(const struct cli *cli, const json_t *rule, size_t number)
{
	const json_t *classes = json_object_get(json_object_get(rule, "late"), "classes"), *c;
	json_int_t most = 0;
	size_t i;

	if (!json_array_size(classes))
		return;
	fprintf(cli->out, "\nlateness of rule %zu, actual minus asked delay\n", number);
	json_array_foreach(classes, i, c)
		most = client_number(c, "count") > most ? client_number(c, "count") : most;
	json_array_foreach(classes, i, c) {
		json_int_t n = client_number(c, "count");
		int width = (int)((n * BAR_WIDTH + most - 1) / most);

		fprintf(cli->out, "%10.3f ms %8lld |%.*s\n",
			(double)client_number(c, "fromUs") / 1000, n, width,
			"##################################################");
	}
}

static void stats_one(const struct cli *cli, const json_t *x)
{
	static const char *const header[] = {">SHARE", "FAULT",	    "FILTER",	 ">MATCHED",
					     ">DRAWN", ">ACTUAL",   ">DELAYED",	 ">ABORTED",
					     ">LOSSY", ">NOT DONE", ">LATE P50", ">P99 ms",
					     ">MAX",   NULL};
	const json_t *rules = json_object_get(x, "rules"), *rule;
	char left[UNITS_STR_MAX];
	struct table t;
	size_t i;

	fprintf(cli->out, "%s: %s%s, %lld requests, %lld connections, %lld in flight, left: %s\n",
		client_text(x, "name"), client_text(x, "state"),
		is_true(x, "dryRun") ? " (dry run)" : "", client_number(x, "requests"),
		client_number(x, "connections"), client_number(x, "inFlight"), left_text(x, left));
	if (*client_text(x, "why"))
		fprintf(cli->out, "ended by its guard: %s\n", client_text(x, "why"));
	table_begin(&t, cli->out, header);
	json_array_foreach(rules, i, rule)
		rule_row(&t, rule);
	table_end(&t);
	json_array_foreach(rules, i, rule)
		if (cli->histogram)
			histogram(cli, rule, i);
}

enum cli_exit cmd_chaos_stats(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *list = NULL;
	_cleanup_json_ json_t *meant = json_array();
	const json_t *x;
	size_t i;

	if (client_get(cli, "/v1/chaos", &list))
		return CLI_FAILED;
	json_array_foreach(list, i, x)
		if (is_meant(x, args, count))
			json_array_append(meant, (json_t *)x);
	if (count && !json_array_size(meant))
		return cli_fail(cli, "there is no experiment %s", args[0]);
	if (cli->json) {
		client_print(cli, meant);
		return CLI_DONE;
	}
	json_array_foreach(meant, i, x) {
		if (i)
			fputc('\n', cli->out);
		stats_one(cli, x);
	}
	return CLI_DONE;
}

enum cli_exit cmd_chaos_stop(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *body = json_object();
	_cleanup_json_ json_t *answer = NULL;
	const struct call call = {.method = "POST", .path = "/v1/chaos/stop", .body = body};

	if (cli->all == (count == 1))
		return cli_usage(cli, "chaos stop: expected NAME or --all");
	if (count && json_object_set_new(body, "name", json_string(args[0])) < 0)
		return cli_usage(cli, "chaos stop: expected UTF-8");
	if (client_call(cli, &call, &answer))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, answer);
	else
		fprintf(cli->out, "%lld stopped, %lld packets still held\n",
			client_number(answer, "stopped"), client_number(answer, "draining"));
	return CLI_DONE;
}
