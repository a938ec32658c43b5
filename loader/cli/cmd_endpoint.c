/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme endpoint list, get, label, audit. */
#include <string.h>

#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/endpoint.h"
#include "loader/cli/join.h"
#include "loader/cli/table.h"

static void endpoint_row(struct table *t, const json_t *ep)
{
	_cleanup_free_ char *labels = join_texts(json_object_get(ep, "labels"));

	table_cell(t, "%lld", client_number(ep, "id"));
	table_cell(t, "%s", client_text(ep, "namespace"));
	table_cell(t, "%s", client_text(ep, "name"));
	table_cell(t, "%s", client_text(ep, "ifname"));
	table_cell(t, "%s", client_text(ep, "ipv4"));
	table_cell(t, "%s", client_text(ep, "ipv6"));
	table_cell(t, "%lld", client_number(ep, "identity"));
	table_cell(t, "%s", client_text(ep, "state"));
	table_cell(t, "%s", labels ? labels : "");
}

enum cli_exit cmd_endpoint_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {">ID",  "NAMESPACE", "NAME",  "INTERFACE", "IPV4",
					     "IPV6", ">IDENTITY", "STATE", "LABELS",	NULL};
	_cleanup_json_ json_t *list = NULL;
	const json_t *ep;
	struct table t;
	size_t i;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/endpoints", &list))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, list);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(list, i, ep)
		endpoint_row(&t, ep);
	table_end(&t);
	return CLI_DONE;
}

static void port_row(struct table *t, const json_t *port)
{
	table_cell(t, "port");
	table_cell(t, "%s %lld/%s", client_text(port, "name"), client_number(port, "port"),
		   client_text(port, "protocol"));
}

/* The keys in the order of the answer; lists take a line per element. */
static void print_endpoint(const struct cli *cli, json_t *ep)
{
	static const char *const header[] = {"KEY", "VALUE", NULL};
	const json_t *item;
	const char *key;
	struct table t;
	json_t *value;
	size_t i;

	table_begin(&t, cli->out, header);
	json_object_foreach(ep, key, value) {
		if (json_is_string(value)) {
			table_cell(&t, "%s", key);
			table_cell(&t, "%s", json_string_value(value));
		} else if (json_is_integer(value)) {
			table_cell(&t, "%s", key);
			table_cell(&t, "%lld", json_integer_value(value));
		} else if (!strcmp(key, "labels")) {
			json_array_foreach(value, i, item) {
				table_cell(&t, "label");
				table_cell(&t, "%s", json_string_value(item));
			}
		} else if (!strcmp(key, "ports")) {
			json_array_foreach(value, i, item)
				port_row(&t, item);
		}
	}
	table_end(&t);
}

static enum cli_exit show(const struct cli *cli, json_t *ep)
{
	if (cli->json)
		client_print(cli, ep);
	else
		print_endpoint(cli, ep);
	return CLI_DONE;
}

enum cli_exit cmd_endpoint_get(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *ep = NULL;
	enum cli_exit r;

	(void)count;
	r = endpoint_find(cli, args[0], &ep);
	return r ? r : show(cli, ep);
}

/* "key=value" adds, "key-" removes; a key may stand in only one of them. */
static enum cli_exit put_label(const struct cli *cli, char *word, json_t *add, json_t *remove)
{
	size_t len = strlen(word);
	char *equals = strchr(word, '=');

	if (equals == word || (!equals && (len < 2 || word[len - 1] != '-')))
		return cli_usage(cli, "label '%s': expected KEY=VALUE or KEY-", word);
	if (equals) {
		*equals = '\0';
		if (json_object_get(add, word))
			return cli_usage(cli, "label '%s' stands there twice", word);
		if (json_object_set_new(add, word, json_string(equals + 1)))
			return cli_usage(cli, "label '%s': expected UTF-8", word);
		return CLI_DONE;
	}
	word[len - 1] = '\0';
	if (json_array_append_new(remove, json_string(word)))
		return cli_usage(cli, "label '%s': expected UTF-8", word);
	return CLI_DONE;
}

static enum cli_exit labels_parse(const struct cli *cli, char **words, int count, json_t *patch)
{
	json_t *add = json_object_get(patch, "add");
	json_t *remove = json_object_get(patch, "remove");
	const json_t *key;
	size_t i;

	for (int w = 0; w < count; w++)
		if (put_label(cli, words[w], add, remove))
			return CLI_USAGE;
	json_array_foreach(remove, i, key)
		if (json_object_get(add, json_string_value(key)))
			return cli_usage(cli, "label '%s' is to be set and removed",
					 json_string_value(key));
	return CLI_DONE;
}

/* PATCH @patch to @what of the endpoint that @word means, and show what it is then. */
static enum cli_exit patch_send(struct cli *cli, const char *word, const char *what,
				const json_t *patch)
{
	_cleanup_json_ json_t *before = NULL;
	_cleanup_json_ json_t *after = NULL;
	struct call call = {.method = "PATCH", .body = patch};
	char path[64];
	enum cli_exit r = endpoint_find(cli, word, &before);

	if (r)
		return r;
	snprintf(path, sizeof(path), "/v1/endpoints/%lld/%s", client_number(before, "id"), what);
	call.path = path;
	r = client_call(cli, &call, &after);
	return r ? r : show(cli, after);
}

enum cli_exit cmd_endpoint_label(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *patch = json_pack("{s:{}, s:[]}", "add", "remove");
	enum cli_exit r = labels_parse(cli, args + 1, count - 1, patch);

	return r ? r : patch_send(cli, args[0], "labels", patch);
}

enum cli_exit cmd_endpoint_audit(struct cli *cli, char **args, int count)
{
	bool on = !strcmp(args[1], "on");
	_cleanup_json_ json_t *patch = json_pack("{s:b}", "audit", on);

	(void)count;
	if (!on && strcmp(args[1], "off") != 0)
		return cli_usage(cli, "audit '%s': expected on or off", args[1]);
	return patch_send(cli, args[0], "audit", patch);
}
