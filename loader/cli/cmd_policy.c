/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* policy validate */
#include "loader/cli/command.h"
#include "loader/cli/policy_validate.h"

enum cli_exit cmd_policy_validate(struct cli *cli, char **args, int count)
{
	return policy_validate(cli, args, count) ? CLI_FAILED : CLI_DONE;
}
