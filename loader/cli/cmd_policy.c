/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* policy validate, apply, delete, list, get */
#include <string.h>

#include "loader/cli/client.h"
#include "loader/cli/command.h"
#include "loader/cli/policy_dry_run.h"
#include "loader/cli/policy_file.h"
#include "loader/cli/policy_validate.h"
#include "loader/cli/table.h"

#define PATH_SIZE 768

enum cli_exit cmd_policy_validate(struct cli *cli, char **args, int count)
{
	return policy_validate(cli, args, count) ? CLI_FAILED : CLI_DONE;
}

/** struct sending - of a text to the agent; @done: key of the answer, and how it is said */
struct sending {
	const char *method;
	const char *done;
};

static const struct sending put = {"PUT", "applied"}, delete = {"DELETE", "deleted"};

/* A text and its file; "FILE: 2 applied". */
static enum cli_exit send_text(const struct cli *cli, const struct sending *how, json_t *body)
{
	_cleanup_json_ json_t *answer = NULL;
	const char *file = client_text(body, "file");
	struct call call = {.method = how->method, .path = "/v1/policies", .body = body};

	if (cli->dry_run) {
		call.method = "POST";
		call.path = "/v1/policies/dry-run";
		json_object_set_new(body, "delete", json_boolean(how == &delete));
	}
	if (client_call(cli, &call, &answer))
		return CLI_FAILED;
	if (cli->json) {
		client_print(cli, answer);
	} else if (cli->dry_run) {
		policy_dry_run_print(cli, file, answer);
	} else {
		policy_warnings_print(cli, file, answer);
		fprintf(cli->out, "%s: %lld %s\n", file, client_number(answer, how->done),
			how->done);
	}
	return CLI_DONE;
}

static enum cli_exit send_file(const struct cli *cli, const struct sending *how, const char *file)
{
	_cleanup_json_ json_t *body = policy_file_read(cli, file);

	return body ? send_text(cli, how, body) : CLI_FAILED;
}

enum cli_exit cmd_policy_apply(struct cli *cli, char **args, int count)
{
	enum cli_exit worst = CLI_DONE;

	for (int i = 0; i < count; i++) {
		if (send_file(cli, &put, args[i]))
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

static enum cli_exit delete_try(const struct cli *cli, const char *name)
{
	_cleanup_json_ json_t *body = json_pack("{s:s}", "policy", name);
	_cleanup_json_ json_t *answer = NULL;
	const struct call call = {"POST", "/v1/policies/dry-run", body};

	if (cli->kind)
		json_object_set_new(body, "kind", json_string(cli->kind));
	if (client_call(cli, &call, &answer))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, answer);
	else
		policy_dry_run_print(cli, name, answer);
	return CLI_DONE;
}

enum cli_exit cmd_policy_delete(struct cli *cli, char **args, int count)
{
	_cleanup_json_ json_t *answer = NULL;
	char path[PATH_SIZE];
	struct call call = {.method = "DELETE", .path = path};

	if (cli->file && !count)
		return send_file(cli, &delete, cli->file);
	if (cli->file || !count)
		return cli_usage(cli, "policy delete: expected NAMESPACE/NAME or -f FILE");
	if (path_of(cli, args[0], path))
		return CLI_USAGE;
	if (cli->dry_run)
		return delete_try(cli, args[0]);
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
