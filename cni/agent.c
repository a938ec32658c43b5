/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests to the agent; see agent.h. */
#include "cni/agent.h"

#include <errno.h>
#include <string.h>

#include "cni/mac.h"
#include "lib/cleanup.h"

bool agent_is_away(int r)
{
	return r == -EAGAIN || r == -ENOLINK;
}

static int later(struct failure *f, const struct error *e, int result)
{
	failure_set(f, CNI_TRY_LATER, "%s", e->msg);
	return result;
}

int agent_open(const char *socket, int timeout_ms, struct http **h, struct failure *f)
{
	struct error e;

	return http_open(socket, timeout_ms, h, &e) < 0 ? later(f, &e, -EAGAIN) : 0;
}

json_t *attachment_json(const struct attachment *a)
{
	return json_pack("{s:s, s:s, s:s}", "network", a->network, "containerId", a->container_id,
			 "ifname", a->ifname);
}

int agent_send(struct http *h, const char *method, const char *path, json_t *body,
	       struct failure *f)
{
	_cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	bool lost = body && !text;
	struct error e;

	json_decref(body);
	if (lost)
		return failure_set(f, CNI_IO, "out of memory");
	return http_send(h, method, path, text, &e) < 0 ? later(f, &e, -EAGAIN) : 0;
}

/* The agent's own words, or the status when it had none. */
static int refusal(const struct http_response *res, const json_t *body, struct failure *f)
{
	const char *message = json_string_value(json_object_get(body, "message"));
	json_int_t code = json_integer_value(json_object_get(body, "code"));

	if (message && code > 0 && code < 1000)
		failure_set(f, (int)code, "%s", message);
	else
		failure_set(f, res->status == 503 ? CNI_TRY_LATER : CNI_IO,
			    "the agent answered with status %d", res->status);
	return res->status == 503 ? -EAGAIN : -ECANCELED;
}

int agent_receive(struct http *h, json_t **answer, struct failure *f)
{
	struct http_response res = {.body = NULL};
	json_auto_t *body = NULL;
	struct error e;

	if (http_receive(h, &res, &e) < 0)
		return later(f, &e, -ENOLINK);
	body = json_loadb(res.body, res.len, 0, NULL);
	free(res.body);
	if (res.status < 200 || res.status > 299)
		return refusal(&res, body, f);
	if (answer && !json_is_object(body)) {
		failure_set(f, CNI_IO, "the agent's answer is no JSON object");
		return -ENOLINK;
	}
	if (answer)
		*answer = json_incref(body);
	return 0;
}

int agent_call(struct http *h, const char *method, const char *path, json_t *body,
	       struct failure *f)
{
	int r = agent_send(h, method, path, body, f);

	return r < 0 ? r : agent_receive(h, NULL, f);
}

static bool address_parse(const json_t *entry, struct pod_address *out)
{
	const char *address = json_string_value(json_object_get(entry, "address"));
	const char *gateway = json_string_value(json_object_get(entry, "gateway"));

	return address && gateway && cidr_parse_host(address, &out->address, NULL) == 0 &&
	       addr_parse(gateway, &out->gateway, NULL) == 0 &&
	       addr_family(&out->gateway) == out->address.family;
}

static bool addresses_parse(const json_t *list, struct reservation *r)
{
	json_t *entry;
	size_t i;

	if (json_array_size(list) < 1 || json_array_size(list) > ARRAY_SIZE(r->addrs))
		return false;
	json_array_foreach(list, i, entry) {
		if (!address_parse(entry, &r->addrs[r->count++]))
			return false;
	}
	return r->count == 1 || r->addrs[0].address.family != r->addrs[1].address.family;
}

int reservation_parse(const json_t *answer, struct reservation *r, struct failure *f)
{
	const char *device = json_string_value(json_object_get(answer, "hostDevice"));
	const char *mac = json_string_value(json_object_get(answer, "hostMac"));
	json_int_t mtu = json_integer_value(json_object_get(answer, "mtu"));
	struct reservation got = {.count = 0};

	if (!device || !attachment_is_device(device) || !mac || mac_parse(mac, got.host_mac) < 0 ||
	    mtu < 68 || mtu > 65535 || !addresses_parse(json_object_get(answer, "addresses"), &got))
		return failure_set(
			f, CNI_IO,
			"the agent's reservation is incomplete: expected hostDevice, hostMac, "
			"mtu and one or two addresses with gateways");
	memcpy(got.host_device, device, strlen(device));
	got.mtu = (uint32_t)mtu;
	*r = got;
	return 0;
}
