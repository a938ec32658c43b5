/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme fqdn list. */
#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"
#include "loader/cli/units.h"

static void address_row(struct table *t, const json_t *name, const json_t *address)
{
	_cleanup_free_ char *selectors = join_texts(json_object_get(address, "selectors"));
	bool used = json_is_true(json_object_get(address, "inUse"));
	char expires[UNITS_STR_MAX];

	table_cell(t, "%lld", client_number(name, "endpoint"));
	table_cell(t, "%s", client_text(name, "name"));
	table_cell(t, "%s", client_text(address, "address"));
	table_cell(t, "%s%s", units_seconds(client_number(address, "expiresSeconds"), expires),
		   used ? ", used" : "");
	table_cell(t, "%s", selectors ? selectors : "");
}

enum cli_exit cmd_fqdn_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {">ENDPOINT", "NAME",      "ADDRESS",
					     "EXPIRES",	  "SELECTORS", NULL};
	_cleanup_json_ json_t *items = NULL;
	const json_t *name, *address;
	struct table t;
	size_t i, k;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/fqdns", &items))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, items);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(items, i, name)
		json_array_foreach(json_object_get(name, "addresses"), k, address)
			address_row(&t, name, address);
	table_end(&t);
	return CLI_DONE;
}
