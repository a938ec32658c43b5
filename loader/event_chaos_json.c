/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Faults as lines of the API; see event_json.h. */
#include <arpa/inet.h>
#include <event2/buffer.h>

#include "axoneme/chaos.h"
#include "lib/cidr.h"
#include "loader/event_json.h"
#include "loader/proto.h"

static const char *action_name(uint32_t bit)
{
	switch ((enum axo_chaos_action)bit) {
	case AXO_CHAOS_DELAY_REQUEST:
		return "delay-request";
	case AXO_CHAOS_DELAY_RESPONSE:
		return "delay-response";
	case AXO_CHAOS_CONNECT_DELAY:
		return "connect-delay";
	case AXO_CHAOS_CONNECT_REFUSE:
		return "connect-refuse";
	case AXO_CHAOS_ABORT_RESET:
		return "abort-reset";
	case AXO_CHAOS_ABORT_TIMEOUT:
		return "abort-timeout";
	case AXO_CHAOS_ABORT_503:
		return "abort-503";
	case AXO_CHAOS_LOSS:
		return "loss";
	case AXO_CHAOS_DUPLICATE:
		return "duplicate";
	case AXO_CHAOS_CORRUPT:
		return "corrupt";
	case AXO_CHAOS_RATE:
		return "rate";
	}
	return "unknown";
}

static const char *stage_name(uint8_t done)
{
	static const char *const names[] = {"dry-run", "made", "delivered"};

	return done < 3 ? names[done] : "unknown";
}

void event_chaos_to_json(const struct axo_event_chaos *ev, uint64_t wall_us, const char *rule,
			 struct evbuffer *out)
{
	char client[CIDR_STR_MAX], server[CIDR_STR_MAX], proto[PROTO_STR_MAX];

	evbuffer_add_printf(out, "{\"type\":\"chaos\",");
	event_time_to_json(wall_us, out);
	evbuffer_add_printf(out,
			    "\"stage\":\"%s\",\"fault\":\"%s\",\"experiment\":%u,"
			    "\"index\":%u,\"request\":%llu,\"draw\":%.6f,\"askedUs\":%llu,"
			    "\"actualUs\":%llu,",
			    stage_name(ev->done), action_name(ev->action), ev->experiment, ev->rule,
			    (unsigned long long)ev->ordinal, (double)ev->draw / AXO_CHAOS_ONE,
			    (unsigned long long)ev->asked_ns / 1000,
			    (unsigned long long)ev->actual_ns / 1000);
	evbuffer_add_printf(out,
			    "\"protocol\":\"%s\",\"source\":\"%s\",\"destination\":\"%s\","
			    "\"sourcePort\":%u,\"destinationPort\":%u,",
			    proto_to_str(ev->proto, proto), addr_to_str(&ev->client, client),
			    addr_to_str(&ev->server, server), ntohs(ev->client_port),
			    ntohs(ev->server_port));
	if (rule && *rule)
		evbuffer_add_printf(out, "%s,", rule);
	evbuffer_add_printf(out, "\"sourceIdentity\":%u,\"destinationIdentity\":%u}\n",
			    ev->client_identity, ev->server_identity);
}
