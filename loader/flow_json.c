/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A flow as JSON; see flow_json.h. */
#include "loader/flow_json.h"

#include <arpa/inet.h>

#include <event2/buffer.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "loader/proto.h"

static const char *state_to_str(uint8_t state)
{
	static const char *const names[] = {
		[AXO_FLOW_NEW] = "new",
		[AXO_FLOW_REPLIED] = "replied",
		[AXO_FLOW_ESTABLISHED] = "established",
		[AXO_FLOW_CLOSING] = "closing",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static const char *verdict_to_str(uint8_t verdict)
{
	static const char *const names[] = {
		[AXO_VERDICT_NONE] = "none",
		[AXO_VERDICT_ALLOW] = "allow",
		[AXO_VERDICT_DENY] = "deny",
	};

	return verdict < ARRAY_SIZE(names) ? names[verdict] : "unknown";
}

/* Programs use a coarse clock of their own: a stamp may be ahead of ours. */
static uint32_t seconds_since(uint32_t then_s, uint32_t now_s)
{
	return now_s > then_s ? now_s - then_s : 0;
}

static void ends_to_json(const struct axo_flow_key *key, const struct axo_flow *flow,
			 struct evbuffer *out)
{
	unsigned int from = flow->originator & 1;
	char source[CIDR_STR_MAX];
	char destination[CIDR_STR_MAX];

	evbuffer_add_printf(out,
			    "\"source\":\"%s\",\"sourcePort\":%u,\"destination\":\"%s\","
			    "\"destinationPort\":%u,\"sourceIdentity\":%u,"
			    "\"destinationIdentity\":%u,",
			    addr_to_str(&key->addr[from], source), ntohs(key->port[from]),
			    addr_to_str(&key->addr[!from], destination), ntohs(key->port[!from]),
			    flow->identity[from], flow->identity[!from]);
}

static void counts_to_json(const struct axo_flow *flow, struct evbuffer *out)
{
	const struct axo_flow_side *there = &flow->side[flow->originator & 1];
	const struct axo_flow_side *back = &flow->side[!(flow->originator & 1)];

	evbuffer_add_printf(out,
			    "\"packets\":%llu,\"bytes\":%llu,\"replyPackets\":%llu,"
			    "\"replyBytes\":%llu,",
			    there->packets, there->bytes, back->packets, back->bytes);
}

void flow_to_json(const struct axo_flow_key *key, const struct axo_flow *flow, uint32_t now_s,
		  uint32_t generation, struct evbuffer *out)
{
	uint32_t idle_s = seconds_since(flow->seen_s, now_s);
	uint32_t timeout_s = axo_flow_timeout_s(key->proto, flow->state);
	char proto[PROTO_STR_MAX];

	evbuffer_add_printf(out, "{\"proto\":\"%s\",\"state\":\"%s\",\"verdict\":\"%s\",",
			    proto_to_str(key->proto, proto), state_to_str(flow->state),
			    verdict_to_str(flow->verdict));
	ends_to_json(key, flow, out);
	counts_to_json(flow, out);
	evbuffer_add_printf(out,
			    "\"ageSeconds\":%u,\"idleSeconds\":%u,\"expiresSeconds\":%u,"
			    "\"current\":%s}",
			    seconds_since(flow->created_s, now_s), idle_s,
			    timeout_s > idle_s ? timeout_s - idle_s : 0,
			    flow->generation == generation ? "true" : "false");
}
