/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * ADD: reserve addresses with the agent, make the device in the pod, tell the agent, answer.
 *
 * A failed ADD undoes what this call created and nothing else.  The order is the proof:
 *      1. The reservation is ours unless the agent refused (then there is none, or the attachment
 *         is alive and answers CNI_EXISTS) or the interface is there and the outcome is unknown.
 *      2. The device is ours when the kernel made it: it takes no name twice.
 */
#include <errno.h>
#include <string.h>

#include "cni/agent.h"
#include "cni/args.h"
#include "cni/plugin.h"
#include "cni/poddev.h"
#include "cni/podns.h"
#include "cni/queue.h"
#include "cni/mac.h"
#include "cni/request.h"
#include "cni/result.h"
#include "lib/cleanup.h"
#include "lib/log.h"

/* One ADD on its way. */
struct add {
	const struct call *call;
	struct args args;
	struct request req;
	struct podns ns;
	struct http *http;
	struct reservation res;
	struct poddev dev;
	bool reserved; /* or perhaps so */
	bool created;
};

static int prepare(struct add *add, struct failure *f)
{
	const struct call *call = add->call;
	int r = args_parse(call->env.args, &add->args, f);

	if (r == 0)
		r = request_parse(&call->conf, &add->args, &add->req, f);
	if (r == 0)
		r = podns_enter(call->env.netns, &add->ns, f);
	if (r == 0)
		r = agent_open(call->conf.socket, AGENT_WAIT_MS, &add->http, f);
	return r;
}

static json_t *reserve_body(const struct add *add)
{
	json_t *body = attachment_json(&add->call->att);

	if (body && json_array_size(add->req.ips))
		json_object_set(body, "ips", add->req.ips);
	return body;
}

static int reserve(struct add *add, struct failure *f)
{
	json_auto_t *answer = NULL;
	struct failure ignored;
	bool exists = true;
	int r = agent_send(add->http, "POST", "/v1/attachments", reserve_body(add), f);

	if (r < 0)
		return r;
	r = agent_receive(add->http, &answer, f);
	/* No answer may be a reservation; but where the interface is, it may also be alive. */
	if (r == -ENOLINK)
		poddev_exists(add->ns.nl, add->call->env.ifname, &exists, &ignored);
	add->reserved = r == 0 || (r == -ENOLINK && !exists);
	return r < 0 ? r : reservation_parse(answer, &add->res, f);
}

/*
 * A removal that was answered may be on its way still: let it end, and try once more.  Which of
 * the two names is taken is asked only then: the answer might be of before the removal's end.
 */
static int create_again(struct add *add, struct failure *f)
{
	const char *name = add->call->env.ifname;
	struct failure ignored;
	bool exists = false;
	int r = agent_call(add->http, "POST", "/v1/attachments/flush", json_object(), f);

	if (r == 0)
		r = poddev_create(&add->ns, name, add->req.mac, &add->res, f);
	if (r == -EEXIST && poddev_exists(add->ns.nl, name, &exists, &ignored) == 0 && exists)
		r = failure_set(f, CNI_EXISTS, "interface %s exists in %.200s already", name,
				add->call->env.netns);
	return r;
}

static int make_device(struct add *add, struct failure *f)
{
	const char *name = add->call->env.ifname;
	int r = poddev_create(&add->ns, name, add->req.mac, &add->res, f);

	if (r == -EEXIST)
		r = create_again(add, f);
	add->created = r == 0;
	if (r == 0)
		r = poddev_configure(&add->ns, name, &add->res, &add->dev, f);
	return r;
}

static json_t *publish_body(const struct add *add)
{
	json_t *body = attachment_json(&add->call->att);
	char mac[MAC_STR_MAX];

	json_object_set_new(body, "mac", json_string(mac_to_str(add->dev.mac, mac)));
	json_object_set_new(body, "mtu", json_integer(add->dev.mtu));
	json_object_set_new(body, "netns", json_string(add->call->env.netns));
	if (add->req.pod_namespace)
		json_object_set_new(body, "namespace", json_string(add->req.pod_namespace));
	if (add->req.pod_name)
		json_object_set_new(body, "name", json_string(add->req.pod_name));
	json_object_set(body, "labels", add->req.labels);
	json_object_set(body, "ports", add->req.ports);
	return body;
}

static int publish(struct add *add, struct failure *f)
{
	return agent_call(add->http, "PUT", "/v1/attachments", publish_body(add), f);
}

static int answer(const struct add *add, json_t **output, struct failure *f)
{
	json_t *result = result_new(add->call->conf.prev_result);
	size_t pod;

	if (!result)
		return failure_set(
			f, CNI_INVALID_CONFIG,
			"prevResult: expected interfaces, ips and routes to be arrays of objects");
	result_add_interface(result, add->res.host_device, add->res.host_mac, add->dev.mtu, NULL);
	pod = result_add_interface(result, add->call->env.ifname, add->dev.mac, add->dev.mtu,
				   add->call->env.netns);
	for (int i = 0; i < add->res.count; i++) {
		const struct pod_address *a = &add->res.addrs[i];

		result_add_ip(result, &a->address, &a->gateway, pod);
		if (add->dev.is_default[i])
			result_add_default(result, &a->gateway, 0);
		if (add->dev.table)
			result_add_default(result, &a->gateway, add->dev.table);
	}
	result_set_dns(result, add->req.dns);
	result_finish(result, add->call->conf.version);
	*output = result;
	return 0;
}

/* On a connection of its own: the other one may have an answer under way. */
void add_undo(const struct call *call)
{
	_cleanup_http_ struct http *http = NULL;
	struct failure f;
	int r = agent_open(call->conf.socket, AGENT_WAIT_DEL_MS, &http, &f);

	if (r == 0)
		r = agent_call(http, "DELETE", "/v1/attachments", attachment_json(&call->att), &f);
	if (agent_is_away(r))
		r = queue_put(call->conf.queue_dir, &call->att);
	if (r < 0)
		log_warn("cannot release the reservation", "network", call->att.network,
			 "container", call->att.container_id, "ifname", call->att.ifname, "err",
			 f.msg);
}

static void undo(const struct add *add)
{
	/* The one thing in the pod that does not go with its device. */
	if (add->created && add->dev.table)
		poddev_forget_rules(add->ns.nl, add->call->env.ifname);
	if (add->created)
		poddev_delete(add->ns.nl, add->call->env.ifname);
	if (add->reserved)
		add_undo(add->call);
}

static void add_fini(struct add *add)
{
	http_close(add->http);
	podns_close(&add->ns);
	request_free(&add->req);
	args_free(&add->args);
}

int add_run(const struct call *call, json_t **output, struct failure *f)
{
	struct add add = {.call = call, .ns = PODNS_NONE};
	int r = prepare(&add, f);

	if (r == 0)
		r = reserve(&add, f);
	if (r == 0)
		r = make_device(&add, f);
	if (r == 0)
		r = publish(&add, f);
	if (r == 0)
		r = answer(&add, output, f);
	if (r < 0)
		undo(&add);
	add_fini(&add);
	return r;
}
