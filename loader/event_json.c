/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events as JSON; see event_json.h.  Nothing in them needs escaping: a unit test watches that. */
#include "loader/event_json.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <time.h>

#include <event2/buffer.h>

#include "axoneme/drop.h"
#include "axoneme/policy.h"
#include "lib/cidr.h"
#include "loader/proto.h"

const char *drop_reason_name(unsigned int reason, char buf[static 16])
{
	switch (reason) {
#define X(symbol, number, json, text) \
	case number:                  \
		return json;
		AXO_DROP_REASONS(X)
#undef X
	default:
		snprintf(buf, 16, "reason_%u", reason & 0xffff);
		return buf;
	}
}

const char *drop_reason_text(unsigned int reason)
{
	switch (reason) {
#define X(symbol, number, json, text) \
	case number:                  \
		return text;
		AXO_DROP_REASONS(X)
#undef X
	default:
		return "";
	}
}

const char *drop_dir_name(unsigned int dir)
{
	return dir == AXO_DIR_INGRESS ? "ingress" : "egress";
}

void event_time_to_json(uint64_t wall_us, struct evbuffer *out)
{
	time_t seconds = wall_us / 1000000;
	char stamp[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	evbuffer_add_printf(out, "\"time\":\"%s.%06uZ\",", stamp,
			    (unsigned int)(wall_us % 1000000));
}

/* What was not parsed when the packet was dropped is "" or 0. */
static void packet_to_json(const struct axo_event_drop *ev, struct evbuffer *out)
{
	char source[CIDR_STR_MAX] = "";
	char destination[CIDR_STR_MAX] = "";
	char proto[PROTO_STR_MAX];

	if (ev->family) {
		addr_to_str(&ev->saddr, source);
		addr_to_str(&ev->daddr, destination);
	}
	evbuffer_add_printf(out,
			    "\"length\":%u,\"etherType\":\"0x%04x\",\"protocol\":\"%s\","
			    "\"source\":\"%s\",\"destination\":\"%s\",\"sourcePort\":%u,"
			    "\"destinationPort\":%u,",
			    ev->len, ev->ethertype, ev->proto ? proto_to_str(ev->proto, proto) : "",
			    source, destination, ntohs(ev->sport), ntohs(ev->dport));
}

static void rule_to_json(const char *rule, struct evbuffer *out)
{
	if (rule && *rule)
		evbuffer_add_printf(out, "%s,", rule);
}

void event_drop_to_json(const struct axo_event_drop *ev, uint64_t wall_us, const char *rule,
			struct evbuffer *out)
{
	char reason[16];

	evbuffer_add_printf(out, "{\"type\":\"drop\",");
	event_time_to_json(wall_us, out);
	evbuffer_add_printf(out,
			    "\"reason\":\"%s\",\"message\":\"%s\",\"direction\":\"%s\","
			    "\"endpoint\":%u,\"ifindex\":%u,",
			    drop_reason_name(ev->reason, reason), drop_reason_text(ev->reason),
			    drop_dir_name(ev->dir), ev->endpoint, ev->ifindex);
	packet_to_json(ev, out);
	rule_to_json(rule, out);
	evbuffer_add_printf(out, "\"sourceIdentity\":%u,\"destinationIdentity\":%u}\n",
			    ev->src_identity, ev->dst_identity);
}

static const char *verdict_name(unsigned int verdict)
{
	if (verdict == AXO_POL_AUDIT)
		return "audit";
	return verdict == AXO_POL_ALLOW ? "allow" : "deny";
}

void event_verdict_to_json(const struct axo_event_verdict *ev, uint64_t wall_us, const char *rule,
			   struct evbuffer *out)
{
	char source[CIDR_STR_MAX], destination[CIDR_STR_MAX], proto[PROTO_STR_MAX], reason[16];

	evbuffer_add_printf(out, "{\"type\":\"policy-verdict\",");
	event_time_to_json(wall_us, out);
	evbuffer_add_printf(out,
			    "\"verdict\":\"%s\",\"reason\":\"%s\",\"direction\":\"%s\","
			    "\"endpoint\":%u,\"ifindex\":%u,\"protocol\":\"%s\","
			    "\"source\":\"%s\",\"destination\":\"%s\",\"sourcePort\":%u,"
			    "\"destinationPort\":%u,",
			    verdict_name(ev->verdict),
			    ev->reason ? drop_reason_name(ev->reason, reason) : "",
			    drop_dir_name(ev->dir), ev->endpoint, ev->ifindex,
			    proto_to_str(ev->proto, proto), addr_to_str(&ev->saddr, source),
			    addr_to_str(&ev->daddr, destination), ntohs(ev->sport),
			    ntohs(ev->dport));
	rule_to_json(rule, out);
	evbuffer_add_printf(out, "\"sourceIdentity\":%u,\"destinationIdentity\":%u}\n",
			    ev->src_identity, ev->dst_identity);
}
