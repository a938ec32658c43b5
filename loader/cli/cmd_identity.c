/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme identity list. */
#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"

static void identity_row(struct table *t, const json_t *id)
{
	_cleanup_free_ char *labels = join_texts(json_object_get(id, "labels"));

	table_cell(t, "%lld", client_number(id, "id"));
	table_cell(t, "%lld", client_number(id, "endpoints"));
	table_cell(t, "%lld", client_number(id, "prefixes"));
	table_cell(t, "%s", labels ? labels : "");
}

enum cli_exit cmd_identity_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {">ID", ">ENDPOINTS", ">PREFIXES", "LABELS", NULL};
	_cleanup_json_ json_t *items = NULL;
	const json_t *id;
	struct table t;
	size_t i;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/identities", &items))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, items);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(items, i, id)
		identity_row(&t, id);
	table_end(&t);
	return CLI_DONE;
}
