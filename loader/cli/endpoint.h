/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which endpoint a word of the command line means.
 */
#ifndef LOADER_CLI_ENDPOINT_H
#define LOADER_CLI_ENDPOINT_H

#include <jansson.h>

#include "loader/cli/cli.h"

/**
 * endpoint_find - the endpoint that @text means: its number, NAMESPACE/NAME, or an address of it
 * @endpoint: a new reference, when CLI_DONE
 * Return: CLI_DONE; CLI_FAILED after a complaint: none, or several (a pod with two interfaces);
 * CLI_USAGE: @text has none of the three forms
 */
enum cli_exit endpoint_find(const struct cli *cli, const char *text, json_t **endpoint);

#endif
