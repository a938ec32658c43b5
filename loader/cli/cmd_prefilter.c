/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme prefilter list, add, delete, groups. */
#include <string.h>

#include "lib/cidr.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/table.h"

static json_t *body_of(char **args, int count)
{
	json_t *body = json_object(), *cidrs = json_array();

	for (int i = 0; i < count; i++)
		json_array_append_new(cidrs, json_string(args[i]));
	json_object_set_new(body, "cidrs", cidrs);
	return body;
}

enum cli_exit cmd_prefilter_add(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *body = body_of(args, count);
	const struct call call = {.method = "PUT", .path = "/v1/prefilter", .body = body};

	if (cli->group)
		json_object_set_new(body, "group", json_string(cli->group));
	return client_change(cli, &call, "applied");
}

enum cli_exit cmd_prefilter_delete(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *body = body_of(args, count);
	const struct call call = {.method = "DELETE", .path = "/v1/prefilter", .body = body};

	return client_change(cli, &call, "deleted");
}

enum cli_exit cmd_prefilter_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {"CIDR", "ACTION", "GROUP", "SOURCE", NULL};
	_cleanup_json_ json_t *items = NULL;
	char path[128] = "/v1/prefilter/entries";
	struct axo_addr addr;
	struct error e;
	const json_t *entry;
	struct table t;
	size_t i;

	if (count && addr_parse(args[0], &addr, &e) < 0)
		return cli_usage(cli, "prefilter list: %s", e.msg);
	if (count)
		snprintf(path, sizeof(path), "/v1/prefilter/entries?address=%.64s", args[0]);
	if (client_get(cli, path, &items))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, items);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(items, i, entry) {
		table_cell(&t, "%s", client_text(entry, "cidr"));
		table_cell(&t, "%s", client_text(entry, "action"));
		table_cell(&t, "%s", client_text(entry, "group"));
		table_cell(&t, "%s", client_text(entry, "source"));
	}
	table_end(&t);
	return CLI_DONE;
}

enum cli_exit cmd_prefilter_groups(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {"GROUP",	 ">DENY",  ">EXCEPT",
					     ">PACKETS", ">BYTES", NULL};
	_cleanup_json_ json_t *all = NULL;
	const json_t *group;
	struct table t;
	size_t i;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/prefilter", &all))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, all);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(json_object_get(all, "groups"), i, group) {
		table_cell(&t, "%s", client_text(group, "name"));
		table_cell(&t, "%lld", client_number(group, "deny"));
		table_cell(&t, "%lld", client_number(group, "except"));
		table_cell(&t, "%lld", client_number(group, "packets"));
		table_cell(&t, "%lld", client_number(group, "bytes"));
	}
	table_end(&t);
	return CLI_DONE;
}
