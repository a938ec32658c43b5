/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* policy validate, apply, delete, list, get */
#include <string.h>

#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/policy_file.h"
#include "loader/cli/policy_validate.h"
#include "loader/cli/table.h"

#define PATH_SIZE 768

enum cli_exit cmd_policy_validate(struct cli *cli, char **args, int count)
{
	return policy_validate(cli, args, count) ? CLI_FAILED : CLI_DONE;
}

/* Send a file; "FILE: 2 applied". */
static enum cli_exit send_file(const struct cli *cli, const char *method, const char *file,
			       const char *done)
{
	_cleanup_json_ json_t *body = policy_file_read(cli, file);
	_cleanup_json_ json_t *answer = NULL;
	const struct call call = {.method = method, .path = "/v1/policies", .body = body};

	if (!body || client_call(cli, &call, &answer))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, answer);
	else
		fprintf(cli->out, "%s: %lld %s\n", file, client_number(answer, done), done);
	return CLI_DONE;
}

enum cli_exit cmd_policy_apply(struct cli *cli, char **args, int count)
{
	enum cli_exit worst = CLI_DONE;

	for (int i = 0; i < count; i++) {
		if (send_file(cli, "PUT", args[i], "applied"))
			worst = CLI_FAILED;
	}
	return worst;
}

/* @name: NAMESPACE/NAME or NAME. */
static enum cli_exit path_of(const struct cli *cli, const char *name, char path[static PATH_SIZE])
{
	const char *slash = strchr(name, '/');

	if (!*name || strlen(name) > 512 || *name == '/' || strpbrk(name, "?#%& ") ||
	    (slash && (!slash[1] || strchr(slash + 1, '/'))))
		return cli_usage(cli,
				 "policy '%.64s': expected NAMESPACE/NAME, or NAME of a "
				 "clusterwide one",
				 name);
	snprintf(path, PATH_SIZE, "/v1/policies/%s%s%s", name, cli->kind ? "?kind=" : "",
		 cli->kind ? cli->kind : "");
	return CLI_DONE;
}

enum cli_exit cmd_policy_delete(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *answer = NULL;
	char path[PATH_SIZE];
	struct call call = {.method = "DELETE", .path = path};

	if (cli->file && !count)
		return send_file(cli, "DELETE", cli->file, "deleted");
	if (cli->file || !count)
		return cli_usage(cli, "policy delete: expected NAMESPACE/NAME or -f FILE");
	if (path_of(cli, args[0], path))
		return CLI_USAGE;
	if (client_call(cli, &call, &answer))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, answer);
	else
		fprintf(cli->out, "%s: deleted\n", args[0]);
	return CLI_DONE;
}

static void policy_row(struct table *t, const json_t *policy)
{
	table_cell(t, "%s", client_text(policy, "kind"));
	table_cell(t, "%s", client_text(policy, "namespace"));
	table_cell(t, "%s", client_text(policy, "name"));
	table_cell(t, "%lld", client_number(policy, "rules"));
	table_cell(t, "%lld", client_number(policy, "endpoints"));
	table_cell(t, "%s", client_text(policy, "source"));
	table_cell(t, "%s:%lld", client_text(policy, "file"), client_number(policy, "line"));
}

enum cli_exit cmd_policy_list(struct cli *cli, char **args, int count)
{
	static const char *const header[] = {"KIND",	   "NAMESPACE", "NAME", ">RULES",
					     ">ENDPOINTS", "SOURCE",	"FILE", NULL};
	_cleanup_json_ json_t *list = NULL;
	const json_t *policy;
	struct table t;
	size_t i;

	(void)args;
	(void)count;
	if (client_get(cli, "/v1/policies", &list))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, list);
		return CLI_DONE;
	}
	table_begin(&t, cli->out, header);
	json_array_foreach(list, i, policy)
		policy_row(&t, policy);
	table_end(&t);
	return CLI_DONE;
}

enum cli_exit cmd_policy_get(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *policy = NULL;
	char path[PATH_SIZE];

	(void)count;
	if (path_of(cli, args[0], path))
		return CLI_USAGE;
	if (client_get(cli, path, &policy))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, policy);
	else
		fputs(client_text(policy, "text"), cli->out);
	return CLI_DONE;
}
