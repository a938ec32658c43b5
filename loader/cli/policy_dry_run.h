/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `axoneme policy apply --dry-run`: what the agent says would change, for people.
 */
#ifndef LOADER_CLI_POLICY_DRY_RUN_H
#define LOADER_CLI_POLICY_DRY_RUN_H

#include <jansson.h>

#include "loader/cli/cli.h"

/** policy_dry_run_print - @answer of POST /v1/policies/dry-run (docs/api.md) about @file */
void policy_dry_run_print(const struct cli *cli, const char *file, const json_t *answer);

/** policy_warnings_print - `warning: FILE:LINE:COL: ...` on cli->err, as validate writes it */
void policy_warnings_print(const struct cli *cli, const char *file, const json_t *answer);

#endif
