/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme: the operator's command line.  See axoneme(8) and docs/api.md. */
#include <stdio.h>

#include "loader/cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv, stdout, stderr);
}
