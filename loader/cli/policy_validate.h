/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `axoneme policy validate FILE...`: check policy files without an agent.
 */
#ifndef LOADER_CLI_POLICY_VALIDATE_H
#define LOADER_CLI_POLICY_VALIDATE_H

#include <stdio.h>

/**
 * policy_validate - check @count files ("-" = standard input)
 * @out: one line per file
 * @err: findings, `error: FILE:LINE:COL: ...` or `warning: ...`
 * Return: how many files have errors or cannot be read.
 */
int policy_validate(char *const *files, int count, FILE *out, FILE *err);

#endif
