/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DEL: tell the agent, or leave it a note; the runtime hears success.
 *
 * The attachment is named by (network, container id, interface) and by nothing else: not by an
 * address, not by prevResult, and a namespace that is gone or was never said is no obstacle.
 *
 * When the agent cannot take it, the host's device is removed here, by the name that follows from
 * the attachment: from then on no packet passes, and the pod's namespace is clean for another ADD.
 * It costs a grace period of the kernel (about 24 ms), which the living agent spares us.
 */
#include <errno.h>
#include <string.h>

#include "cni/agent.h"
#include "cni/plugin.h"
#include "cni/poddev.h"
#include "cni/podns.h"
#include "cni/previous.h"
#include "cni/queue.h"
#include "lib/log.h"

/*
 * Rules are the one thing in the pod that does not go with its device; left behind they say
 * nothing any more.  Only where prevResult hints at some: looking would wait for the kernel's lock,
 * which removals of other devices hold for long.
 */
static void forget_rules(const struct call *call)
{
	struct podns ns = PODNS_NONE;
	struct failure f;

	if (podns_enter(call->env.netns, &ns, &f) == 0)
		poddev_forget_rules(ns.nl, call->env.ifname);
	if (ns.nl && podns_leave(&ns) < 0)
		log_warn("cannot return from the pod's namespace", "netns", call->env.netns);
	podns_close(&ns);
}

static int tell_agent(const struct call *call, struct failure *f)
{
	_cleanup_http_ struct http *http = NULL;
	int r = agent_open(call->conf.socket, AGENT_WAIT_DEL_MS, &http, f);

	return r < 0 ? r
		     : agent_call(http, "DELETE", "/v1/attachments", attachment_json(&call->att),
				  f);
}

static void host_device_delete(const struct attachment *a)
{
	_cleanup_netlink_ struct netlink *nl = NULL;
	char device[IFNAMSIZ];
	struct link link;
	int r = netlink_open(&nl);

	attachment_device(a, device);
	if (r == 0)
		r = link_get(nl, device, 0, &link);
	if (r == 0)
		r = link_del(nl, link.ifindex);
	if (r < 0 && r != -ENODEV)
		log_warn("cannot delete the host's device", "device", device, "err", strerror(-r));
}

int del_run(const struct call *call, struct failure *f)
{
	struct failure why;
	int r;

	if (*call->env.netns && previous_is_further(&call->conf, call->env.ifname))
		forget_rules(call);
	r = tell_agent(call, f);
	if (!agent_is_away(r))
		return r;
	why = *f;
	r = queue_put(call->conf.queue_dir, &call->att);
	if (r < 0) {
		failure_set(f, CNI_TRY_LATER, "cannot leave the DEL in %.128s: %s",
			    call->conf.queue_dir, strerror(-r));
		return failure_detail(f, "%s", why.msg);
	}
	host_device_delete(&call->att);
	return 0;
}
