/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme ip list, add, delete. */
#include <string.h>

#include "lib/cleanup.h"
#include "lib/number.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/table.h"

enum cli_exit cmd_ip_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {"CIDR", ">IDENTITY", "SOURCE", NULL};
	_cleanup_json_ json_t *items = NULL;
	const json_t *ip;
	struct table t;
	size_t i;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/ips", &items))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, items);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(items, i, ip) {
		table_cell(&t, "%s", client_text(ip, "cidr"));
		table_cell(&t, "%lld", client_number(ip, "identity"));
		table_cell(&t, "%s", client_text(ip, "source"));
	}
	table_end(&t);
	return CLI_DONE;
}

/* One number, or labels: "app=web", "app=web,tier=db", "reserved:remote-node". */
static json_t *entry_of(char **args, int count)
{
	json_t *entry = json_pack("{s:s}", "cidr", args[0]);
	json_t *labels;
	uint64_t number;

	if (count == 2 && !number_parse(args[1], 0, UINT32_MAX, &number)) {
		json_object_set_new(entry, "identity", json_integer((json_int_t)number));
		return entry;
	}
	labels = json_array();
	for (int i = 1; i < count; i++)
		json_array_append_new(labels, json_string(args[i]));
	json_object_set_new(entry, "labels", labels);
	return entry;
}

enum cli_exit cmd_ip_add(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *body = json_pack("{s:[o]}", "entries", entry_of(args, count));
	const struct call call = {.method = "PUT", .path = "/v1/ips", .body = body};

	if (!body)
		return cli_usage(cli, "ip add: expected words in UTF-8");
	return client_change(cli, &call, "applied");
}

enum cli_exit cmd_ip_delete(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *body = json_object();
	const struct call call = {.method = "DELETE", .path = "/v1/ips", .body = body};
	json_t *cidrs = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(cidrs, json_string(args[i]));
	json_object_set_new(body, "cidrs", cidrs);
	return client_change(cli, &call, "deleted");
}
