/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policy files on their way to the agent.
 */
#ifndef LOADER_CLI_POLICY_FILE_H
#define LOADER_CLI_POLICY_FILE_H

#include <jansson.h>

#include "loader/cli/cli.h"

/** policy_file_read - {"file", "text"} of @file ("-" is standard input); NULL after a complaint */
json_t *policy_file_read(const struct cli *cli, const char *file);

#endif
