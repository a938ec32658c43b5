/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events of HTTP requests as JSON; see event_l7_json.h. */
#include "loader/event_l7_json.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <event2/buffer.h>

#include "axoneme/http.h"
#include "axoneme/policy.h"
#include "lib/cidr.h"
#include "loader/event_json.h"

static const char *reason_name(unsigned int reason)
{
	switch (reason) {
#define X(symbol, number, json, text) \
	case number:                  \
		return json;
		AXO_HTTP_REASONS(X)
#undef X
	default:
		return "unknown";
	}
}

static const char *reason_text(unsigned int reason)
{
	switch (reason) {
#define X(symbol, number, json, text) \
	case number:                  \
		return text;
		AXO_HTTP_REASONS(X)
#undef X
	default:
		return "";
	}
}

/** word - from *at to the next blank, or the end of the line */
static size_t word(const uint8_t *bytes, size_t len, size_t *at)
{
	size_t from = *at;

	while (*at < len && bytes[*at] != ' ' && bytes[*at] != '\r' && bytes[*at] != '\n')
		(*at)++;
	return *at - from;
}

/** line_next - behind the line that @at is in */
static size_t line_next(const uint8_t *bytes, size_t len, size_t at)
{
	const uint8_t *end = memchr(bytes + at, '\n', len - at);

	return end ? (size_t)(end - bytes) + 1 : len;
}

static void find_host(const uint8_t *bytes, size_t len, struct l7_head *h)
{
	static const char name[] = "host:";
	size_t at = line_next(bytes, len, 0);

	for (; at < len; at = line_next(bytes, len, at)) {
		if (len - at < strlen(name) ||
		    strncasecmp((const char *)bytes + at, name, strlen(name)))
			continue;
		at += strlen(name);
		while (at < len && (bytes[at] == ' ' || bytes[at] == '\t'))
			at++;
		h->host = bytes + at;
		h->host_len = word(bytes, len, &at);
		return;
	}
}

void l7_head_parse(const uint8_t *bytes, size_t len, struct l7_head *h)
{
	size_t at = 0;

	*h = (struct l7_head){.method = bytes, .target = bytes, .host = bytes};
	h->method_len = word(bytes, len, &at);
	if (at < len && bytes[at] == ' ')
		at++;
	h->target = bytes + at;
	h->target_len = word(bytes, len, &at);
	find_host(bytes, len, h);
}

/** text_to_json - bytes of a client: what is not plain ASCII becomes \u00xx, and NUL \ufffd */
static void text_to_json(const char *name, const uint8_t *text, size_t len, struct evbuffer *out)
{
	evbuffer_add_printf(out, "\"%s\":\"", name);
	for (size_t i = 0; i < len; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
			evbuffer_add_printf(out, "\\u%04x", text[i] ? text[i] : 0xfffd);
		else
			evbuffer_add(out, text + i, 1);
	}
	evbuffer_add_printf(out, "\",");
}

static void head_to_json(const struct axo_event_l7 *ev, struct evbuffer *out)
{
	size_t len = ev->head_len < sizeof(ev->head) ? ev->head_len : sizeof(ev->head);
	struct l7_head h;

	l7_head_parse(ev->head, len, &h);
	text_to_json("method", h.method, h.method_len, out);
	text_to_json("path", h.target, h.target_len, out);
	text_to_json("host", h.host, h.host_len, out);
}

void event_l7_to_json(const struct axo_event_l7 *ev, uint64_t wall_us, const char *rule,
		      struct evbuffer *out)
{
	char source[CIDR_STR_MAX], destination[CIDR_STR_MAX];
	bool denied = ev->verdict != AXO_POL_ALLOW;

	evbuffer_add_printf(out, "{\"type\":\"l7\",");
	event_time_to_json(wall_us, out);
	evbuffer_add_printf(out, "\"protocol\":\"http\",\"verdict\":\"%s\",",
			    denied ? "deny" : "allow");
	if (denied)
		evbuffer_add_printf(out, "\"reason\":\"%s\",\"message\":\"%s\",",
				    reason_name(ev->reason), reason_text(ev->reason));
	head_to_json(ev, out);
	evbuffer_add_printf(out, "\"status\":%u,", ev->status);
	if (!denied)
		evbuffer_add_printf(out, "\"latencyNs\":%llu,", (unsigned long long)ev->latency_ns);
	evbuffer_add_printf(out,
			    "\"source\":\"%s\",\"destination\":\"%s\",\"sourcePort\":%u,"
			    "\"destinationPort\":%u,",
			    addr_to_str(&ev->saddr, source), addr_to_str(&ev->daddr, destination),
			    ntohs(ev->sport), ntohs(ev->dport));
	if (rule && *rule)
		evbuffer_add_printf(out, "%s,", rule);
	evbuffer_add_printf(out, "\"sourceIdentity\":%u,\"destinationIdentity\":%u}\n",
			    ev->src_identity, ev->dst_identity);
}
