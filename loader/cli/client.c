/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Asking the agent; see client.h. */
#include "loader/cli/client.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/http.h"

#define TIMEOUT_MS 30000

static enum cli_exit connect_to(const struct cli *cli, int timeout_ms, struct http **http)
{
	struct error e = {0};
	int r = http_open(cli->socket, timeout_ms, http, &e);

	switch (r) {
	case 0:
		return CLI_DONE;
	case -ENOENT:
	case -ECONNREFUSED:
		return cli_fail(cli, "cannot reach the agent at %s: %s (is axonemed running?)",
				cli->socket, strerror(-r));
	case -EACCES:
	case -EPERM:
		return cli_fail(cli, "cannot reach the agent at %s: %s (are you root?)",
				cli->socket, strerror(-r));
	default:
		return cli_fail(cli, "cannot reach the agent: %s", e.msg);
	}
}

static enum cli_exit complain(const struct cli *cli, int status, const json_t *answer)
{
	const char *message = client_text(answer, "message");

	if (*message)
		return cli_fail(cli, "%s", message);
	return cli_fail(cli, "the agent answered HTTP status %d without a message", status);
}

/* The HTTP status with *answer, or negative errno with @e. */
static int exchange(struct http *http, const struct call *call, json_t **answer, struct error *e)
{
	_cleanup_free_ char *body = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
	_cleanup_free_ char *text = NULL;
	struct http_response res = {0};
	int r = http_request(http, call->method, call->path, body, &res, e);

	if (r)
		return r < 0 ? r : -r;
	text = res.body;
	*answer = json_loadb(text, res.len, 0, NULL);
	return res.status;
}

int client_try(const struct cli *cli, const struct call *call, json_t **answer)
{
	_cleanup_http_ struct http *http = NULL;
	struct error e;
	int r = http_open(cli->socket, TIMEOUT_MS, &http, &e);

	return r < 0 ? r : exchange(http, call, answer, &e);
}

enum cli_exit client_call(const struct cli *cli, const struct call *call, json_t **answer)
{
	_cleanup_http_ struct http *http = NULL;
	_cleanup_json_ json_t *json = NULL;
	struct error e;
	int status;

	if (connect_to(cli, TIMEOUT_MS, &http))
		return CLI_FAILED;
	status = exchange(http, call, &json, &e);
	if (status < 0)
		return cli_fail(cli, "%s", e.msg);
	if (status != 200)
		return complain(cli, status, json);
	if (!json)
		return cli_fail(cli, "the agent's answer to %s %s is no JSON", call->method,
				call->path);
	*answer = TAKE_PTR(json);
	return CLI_DONE;
}

enum cli_exit client_get(const struct cli *cli, const char *path, json_t **answer)
{
	const struct call call = {.method = "GET", .path = path};

	return client_call(cli, &call, answer);
}

enum cli_exit client_change(const struct cli *cli, const struct call *call, const char *done)
{
	_cleanup_json_ json_t *answer = NULL;

	if (client_call(cli, call, &answer))
		return CLI_FAILED;
	if (cli->json)
		client_print(cli, answer);
	else
		fprintf(cli->out, "%lld %s\n", client_number(answer, done), done);
	return CLI_DONE;
}

enum cli_exit client_lines(const struct cli *cli, const char *path, bool wait,
			   int (*line)(const char *text, void *arg), void *arg)
{
	_cleanup_http_ struct http *http = NULL;
	struct error e = {.msg = "cannot write the answer"};

	if (connect_to(cli, wait ? 0 : TIMEOUT_MS, &http))
		return CLI_FAILED;
	if (http_send(http, "GET", path, NULL, &e) || http_stream(http, line, arg, &e))
		return cli_fail(cli, "%s", e.msg);
	return CLI_DONE;
}

void client_print(const struct cli *cli, const json_t *json)
{
	json_dumpf(json, cli->out, JSON_INDENT(2));
	fputc('\n', cli->out);
}

const char *client_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

json_int_t client_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}
