/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `axoneme policy validate FILE...`: check policy files without an agent.
 */
#ifndef LOADER_CLI_POLICY_VALIDATE_H
#define LOADER_CLI_POLICY_VALIDATE_H

#include "loader/cli/cli.h"

/**
 * policy_validate - check @count files ("-" = standard input)
 *
 * On cli->err the findings, `error: FILE:LINE:COL: ...` or `warning: ...`; on cli->out a line per
 * good file.  With -o json all of it on cli->out, and what cannot be read on cli->err.
 * Return: how many files have errors or cannot be read.
 */
int policy_validate(const struct cli *cli, char *const *files, int count);

#endif
