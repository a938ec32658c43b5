/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme ip list, axoneme identity list. */
#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"

/* GET @path: as JSON, or a table with a row per element. */
static enum cli_exit list(const struct cli *cli, const char *path, const char *const *header,
			  void (*row)(struct table *t, const json_t *item))
{
	_cleanup_json_ json_t *items = NULL;
	const json_t *item;
	struct table t;
	size_t i;

	if (client_get(cli, path, &items))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, items);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(items, i, item)
		row(&t, item);
	table_end(&t);
	return CLI_DONE;
}

static void ip_row(struct table *t, const json_t *ip)
{
	table_cell(t, "%s", client_text(ip, "cidr"));
	table_cell(t, "%lld", client_number(ip, "identity"));
	table_cell(t, "%s", client_text(ip, "source"));
}

enum cli_exit cmd_ip_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {"CIDR", ">IDENTITY", "SOURCE", NULL};

	(void)args;
	(void)count;
	return list(cli, "/v1/ips", header, ip_row);
}

static void identity_row(struct table *t, const json_t *id)
{
	_cleanup_free_ char *labels = join_texts(json_object_get(id, "labels"));

	table_cell(t, "%lld", client_number(id, "id"));
	table_cell(t, "%lld", client_number(id, "endpoints"));
	table_cell(t, "%s", labels ? labels : "");
}

enum cli_exit cmd_identity_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {">ID", ">ENDPOINTS", "LABELS", NULL};

	(void)args;
	(void)count;
	return list(cli, "/v1/identities", header, identity_row);
}
