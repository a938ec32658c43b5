/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* STATUS: can ADD be served?  The agent knows; without it: no. */

#include "cni/agent.h"
#include "cni/plugin.h"

int status_run(const struct call *call, struct failure *f)
{
	_cleanup_http_ struct http *http = NULL;
	int r = agent_open(call->conf.socket, AGENT_WAIT_STATUS_MS, &http, f);

	if (r == 0)
		r = agent_call(http, "GET", "/v1/attachments/status", NULL, f);
	if (agent_is_away(r) && f->code == CNI_TRY_LATER)
		f->code = CNI_NOT_AVAILABLE;
	return r;
}
