/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policy files on their way to the agent; see policy_file.h. */
#include "loader/cli/policy_file.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "policy/node.h"

json_t *policy_file_read(const struct cli *cli, const char *file)
{
	_cleanup_free_ char *text = NULL;
	json_t *body;
	size_t len = 0;
	int r = file_read(strcmp(file, "-") ? file : "/dev/stdin", NODE_MAX_BYTES, &text, &len);

	if (r == -EFBIG) {
		cli_fail(cli, "%s: larger than %u bytes", file, NODE_MAX_BYTES);
		return NULL;
	}
	if (r < 0) {
		cli_fail(cli, "%s: %s", file, strerror(-r));
		return NULL;
	}
	body = strlen(text) == len ? json_pack("{s:s, s:s}", "file", file, "text", text) : NULL;
	if (!body)
		cli_fail(cli, "%s: expected UTF-8 text", file);
	return body;
}
