/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An endpoint as the API shows it (docs/api.md, "Endpoints"). */
#include "lib/cidr.h"
#include "loader/api.h"
#include "loader/endpoint.h"
#include "loader/endpoint_text.h"
#include "loader/proto.h"

static json_t *ports_to_json(const struct endpoint *ep)
{
	json_t *ports = json_array();
	char proto[PROTO_STR_MAX];

	for (size_t i = 0; i < ep->port_count; i++) {
		const struct endpoint_port *p = &ep->ports[i];

		json_array_append_new(ports, json_pack("{s:s, s:i, s:s}", "name", p->name, "port",
						       (int)p->port, "protocol",
						       proto_to_str(p->proto, proto)));
	}
	return ports;
}

static json_t *labels_to_json(const struct endpoint *ep)
{
	json_t *labels = json_array();

	for (size_t i = 0; i < ep->label_count; i++)
		json_array_append_new(labels, json_string(ep->labels[i]));
	return labels;
}

static const char *addr_or_empty(const struct axo_addr *addr, char buf[static CIDR_STR_MAX])
{
	return addr_is_zero(addr) ? "" : addr_to_str(addr, buf);
}

json_t *api_endpoint_json(const struct endpoint *ep)
{
	char ipv4[CIDR_STR_MAX];
	char ipv6[CIDR_STR_MAX];
	char mac[MAC_STR_MAX];

	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:o, "
			 "s:o, s:s, s:b}",
			 "id", (json_int_t)ep->id, "namespace", ep->namespace_, "name", ep->name,
			 "containerId", ep->attachment.container_id, "network",
			 ep->attachment.network, "ifname", ep->attachment.ifname, "hostDevice",
			 ep->device, "ifindex", ep->ifindex, "ipv4", addr_or_empty(&ep->ipv4, ipv4),
			 "ipv6", addr_or_empty(&ep->ipv6, ipv6), "mac", mac_to_str(ep->mac, mac),
			 "mtu", (json_int_t)ep->mtu, "identity", (json_int_t)ep->identity, "labels",
			 labels_to_json(ep), "ports", ports_to_json(ep), "state",
			 ep->state == ENDPOINT_READY ? "ready" : "lost", "audit", (int)ep->audit);
}
