/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Asking the agent: one request, and what is wrong said to the user.
 */
#ifndef LOADER_CLI_CLIENT_H
#define LOADER_CLI_CLIENT_H

#include <jansson.h>

#include "loader/cli/cli.h"

/** struct call - one request; @body: JSON, borrowed, or NULL */
struct call {
	const char *method;
	const char *path;
	const json_t *body;
};

/**
 * client_call - send @call
 * @answer: a new reference, when CLI_DONE
 * Return: CLI_DONE; CLI_FAILED after a complaint: no agent, or what the agent said
 */
enum cli_exit client_call(const struct cli *cli, const struct call *call, json_t **answer);

/**
 * client_try - send @call, and complain of nothing
 * @answer: a new reference, NULL = it is no JSON
 * Return: the HTTP status, or a negative number: there is no agent
 */
int client_try(const struct cli *cli, const struct call *call, json_t **answer);

/** client_get - client_call() of GET @path */
enum cli_exit client_get(const struct cli *cli, const char *path, json_t **answer);

/**
 * client_change - client_call() of what changes a number of things
 * @done: key of that number in the answer, and the word for what was done; printed
 */
enum cli_exit client_change(const struct cli *cli, const struct call *call, const char *done);

/**
 * client_lines - GET @path, line by line as it comes
 * @line: a negative return value ends it
 * @wait: lines may take any time (else 30 seconds)
 */
enum cli_exit client_lines(const struct cli *cli, const char *path, bool wait,
			   int (*line)(const char *text, void *arg), void *arg);

/** client_print - @json as the agent wrote it, but readable */
void client_print(const struct cli *cli, const json_t *json);

static inline void cleanup_json(json_t **json)
{
	json_decref(*json);
}
#define _cleanup_json_ __attribute__((cleanup(cleanup_json)))

/** client_text, client_number - of @key in @object; "" and 0 when it is not there */
const char *client_text(const json_t *object, const char *key);
json_int_t client_number(const json_t *object, const char *key);

#endif
