/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* toPorts: ports, protocols, and what may stand beside them. */
#include "policy/read.h"

#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "lib/number.h"

#define MAX_PORTS 40
#define PORT_NAME_MAX 15 /* RFC 6335 5.1 */

struct proto_name {
	const char *name;
	uint8_t proto;
	bool ports;
};

static const struct proto_name protos[] = {
	{"TCP", IPPROTO_TCP, true},  {"UDP", IPPROTO_UDP, true},    {"SCTP", IPPROTO_SCTP, true},
	{"ANY", PROTO_ANY, true},    {"VRRP", 112, false},	    {"IGMP", IPPROTO_IGMP, false},
	{"GRE", IPPROTO_GRE, false}, {"IPIP", IPPROTO_IPIP, false}, {"IPV6", IPPROTO_IPV6, false},
	{"ESP", IPPROTO_ESP, false}, {"AH", IPPROTO_AH, false},
};

struct port_syntax {
	struct pos pos;
	struct port port;
	const struct node *port_node;
	const struct proto_name *proto;
	uint32_t end;
	struct pos end_pos;
	const char *l7proto;
	struct list l7;
};

/* RFC 6335 5.1: letters, digits and single hyphens inside, at least one letter. */
static bool port_name_valid(const char *text)
{
	size_t len = strlen(text);
	bool letter = false;

	if (!len || len > PORT_NAME_MAX || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		letter |= isalpha((unsigned char)text[i]) != 0;
		if (!isalnum((unsigned char)text[i]) && text[i] != '-')
			return false;
		if (text[i] == '-' && text[i + 1] == '-')
			return false;
	}
	return letter;
}

int read_port_number(struct decoder *d, const struct node *n, const char *text, struct port *out)
{
	uint64_t number;

	out->pos = n->pos;
	if (port_name_valid(text)) {
		char *name = arena_text(d->arena, text, strlen(text));

		for (char *p = name; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		out->name = name;
		return 0;
	}
	if (number_parse(text, 0, 65535, &number))
		return decode_fail(d, n->pos,
				   ": expected 0 to 65535 or the name of a port, found \"%.40s\"",
				   text);
	out->first = out->last = (uint16_t)number;
	return 0;
}

static int port_member(struct decoder *d, const struct node *n, void *out)
{
	struct port_syntax *s = (void *)((char *)out - offsetof(struct port_syntax, port_node));
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	if (err)
		return err;
	s->port_node = n;
	return *text ? read_port_number(d, n, text, &s->port) : 0;
}

int read_port_end(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	uint64_t number;
	int err = decode_scalar(d, n, &text);

	if (err)
		return err;
	if (n->quoted || number_parse(text, 0, 65535, &number))
		return decode_fail(d, n->pos,
				   ": expected a number from 0 to 65535, found \"%.40s\"", text);
	*(uint32_t *)out = (uint32_t)number;
	return 0;
}

static int end_member(struct decoder *d, const struct node *n, void *out)
{
	struct port_syntax *s = (void *)((char *)out - offsetof(struct port_syntax, end));

	s->end_pos = n->pos;
	return read_port_end(d, n, out);
}

static int proto_member(struct decoder *d, const struct node *n, void *out)
{
	const char *names[ARRAY_SIZE(protos)];
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++) {
		names[i] = protos[i].name;
		if (!strcasecmp(protos[i].name, text)) {
			*(const struct proto_name **)out = &protos[i];
			return 0;
		}
	}
	if (!*text)
		return 0;
	if (!strncasecmp(text, "ICMP", 4))
		return decode_fail(d, n->pos, ": ICMP has no ports: use icmps");
	const char *near = nearest_word(text, names, ARRAY_SIZE(names));
	return decode_fail(d, n->pos, ": unknown protocol \"%.20s\"%s%s%s", text,
			   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int range_check(struct decoder *d, const struct port_syntax *s)
{
	if (!s->end)
		return 0;
	if (s->port.name)
		return decode_fail(d, s->end_pos, ".endPort: a named port has no range");
	if (!s->port.first)
		return decode_fail(d, s->end_pos, ".endPort: a range cannot start at port 0");
	if (s->end < s->port.first)
		return decode_fail(d, s->end_pos, ".endPort: %u is below the port %u", s->end,
				   s->port.first);
	return 0;
}

static int port_finish(struct decoder *d, const struct node *n, struct port_syntax *s)
{
	bool empty = !s->port_node || (s->port_node && !*s->port_node->text);
	bool ports = !s->proto || s->proto->ports;

	s->port.pos = n->pos;
	if (empty && ports)
		return decode_fail(d, n->pos,
				   ".port is required (\"0\" = all ports of the protocol)");
	if (!ports && !empty && (s->port.name || s->port.first || s->end))
		return decode_fail(d, n->pos, ".port: %s has no ports: leave it out",
				   s->proto->name);
	int err = range_check(d, s);
	if (err)
		return err;
	s->port.proto = s->proto ? s->proto->proto : PROTO_ANY;
	if (s->end)
		s->port.last = (uint16_t)s->end;
	if (!s->port.name && !s->port.first)
		s->port.last = 65535;
	return 0;
}

static int port_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("port", struct port_syntax, port_node, port_member),
		FIELD("endPort", struct port_syntax, end, end_member),
		FIELD("protocol", struct port_syntax, proto, proto_member),
		FIELD("l7proto", struct port_syntax, l7proto, read_l7_proto),
		FIELD_LIST("l7", struct port_syntax, l7, struct chaos_rule, read_l7_item),
	};
	struct port_syntax *s = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), s);

	s->pos = n->pos;
	if (!err)
		err = port_finish(d, n, s);
	if (!err && s->l7.present && !s->l7proto)
		err = decode_fail(d, s->l7.pos, ".l7: needs l7proto beside it");
	return err;
}

static int port_read_deny(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("port", struct port_syntax, port_node, port_member),
		FIELD("endPort", struct port_syntax, end, end_member),
		FIELD("protocol", struct port_syntax, proto, proto_member),
	};
	struct port_syntax *s = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), s);

	s->pos = n->pos;
	return err ? err : port_finish(d, n, s);
}

struct rule_syntax {
	struct list ports; /* struct port_syntax */
	struct l7_syntax rules;
	struct list server_names;
};

/* As some slides print it: the chaos rules inside the item of ports, for this port alone. */
static void l7_lift(struct decoder *d, struct rule_syntax *s)
{
	list_each(struct port_syntax, p, &s->ports) {
		if (!p->l7proto)
			continue;
		decode_warn(d, p->pos,
			    ".ports: l7proto and l7 belong beside ports, under rules: "
			    "toPorts[].rules.l7proto");
		if (s->rules.present)
			continue;
		s->rules = (struct l7_syntax){
			.pos = p->pos, .present = true, .l7proto = p->l7proto, .l7 = p->l7};
	}
}

/* Lifted rules hold for all ports of the item, so what was written for some must be for all. */
static int lift_check(struct decoder *d, const struct rule_syntax *s)
{
	uint32_t with = 0;
	struct pos pos = {0};

	list_each(struct port_syntax, p, &s->ports) {
		with += p->l7proto != NULL;
		if (p->l7proto)
			pos = p->pos;
	}
	if (!with)
		return 0;
	if (s->rules.present)
		return decode_fail(d, pos, ".ports: l7proto inside ports and rules beside it");
	if (s->ports.count > 1)
		return decode_fail(d, pos,
				   ".ports: l7proto inside one of several ports: write it under "
				   "toPorts[].rules");
	return 0;
}

static const char *port_proto_name(uint8_t proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(protos); i++)
		if (protos[i].proto == proto)
			return protos[i].name;
	return "?";
}

static int l7_port_check(struct decoder *d, const struct port *p, enum l7_type type)
{
	bool all = !p->name && p->first == 0;

	if (all)
		return decode_fail(d, p->pos, ".ports: L7 rules need a port, not 0");
	if (type == L7_DNS) {
		if (!p->name && p->first != p->last)
			return decode_fail(d, p->pos, ".ports: DNS rules take no port range");
		if (p->proto == IPPROTO_SCTP)
			return decode_fail(d, p->pos, ".ports: DNS rules need UDP, TCP or ANY");
		return 0;
	}
	if (type == L7_CHAOS && p->proto == IPPROTO_UDP)
		return 0;
	if (p->proto != IPPROTO_TCP)
		return decode_fail(d, p->pos, ".ports: L7 rules need protocol TCP, found %s",
				   port_proto_name(p->proto));
	return 0;
}

static int l7_check(struct decoder *d, const struct port_rule *r)
{
	int err = 0;

	if (!r->l7)
		return 0;
	if (r->l7 == L7_DNS && !r->ports.count)
		return decode_fail(d, r->l7_pos, ".rules.dns: needs a port (53)");
	if (r->server_names.count)
		err = decode_fail(
			d, r->server_names.pos,
			".serverNames: not together with L7 rules without TLS termination");
	list_each(struct port, p, &r->ports) {
		err |= l7_port_check(d, p, (enum l7_type)r->l7);
	}
	if (r->l7 == L7_CHAOS)
		err |= chaos_ports_check(d, r);
	return err;
}

static int l7_finish(struct decoder *d, const struct l7_syntax *s, struct port_rule *r)
{
	int kinds = s->http.present + s->dns.present + (s->l7proto != NULL);

	r->l7_pos = s->pos;
	if (!s->present)
		return 0;
	if (s->l7.present && !s->l7proto)
		return decode_fail(d, s->l7.pos, ".rules.l7: needs l7proto beside it");
	if (kinds > 1)
		return decode_fail(d, s->pos, ".rules: more than one of http, dns and l7proto");
	if (s->http.present) {
		r->l7 = L7_HTTP;
		r->l7_rules = s->http;
	} else if (s->dns.present) {
		r->l7 = L7_DNS;
		r->l7_rules = s->dns;
	} else if (s->l7proto) {
		r->l7 = L7_CHAOS;
		r->l7_rules = s->l7;
		if (!s->l7.count)
			return decode_fail(d, s->pos, ".rules.l7proto: needs l7 beside it");
		return chaos_rules_check(d, &s->l7);
	}
	return 0;
}

static struct list ports_strip(struct decoder *d, const struct list *from)
{
	struct port *ports = arena_alloc(d->arena, from->count * sizeof(*ports));

	for (uint32_t i = 0; i < from->count; i++)
		ports[i] = list_at(from, struct port_syntax, i)->port;
	return (struct list){
		.items = ports, .count = from->count, .present = from->present, .pos = from->pos};
}

static int rule_finish(struct decoder *d, const struct node *n, struct rule_syntax *s,
		       struct port_rule *r)
{
	*r = (struct port_rule){.pos = n->pos, .server_names = s->server_names};
	r->ports = ports_strip(d, &s->ports);
	if (r->ports.count > MAX_PORTS)
		return decode_fail(d, r->ports.pos, ".ports: at most %d, found %u", MAX_PORTS,
				   r->ports.count);
	if (!r->ports.count)
		decode_warn(d, n->pos, ": has no ports and so never matches");
	int err = lift_check(d, s);
	if (err)
		return err;
	l7_lift(d, s);
	err = l7_finish(d, &s->rules, r);
	return err ? err : l7_check(d, r);
}

static int server_name_read(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);
	const char *text = *(const char **)out;

	if (err)
		return err;
	if (!*text || strlen(text) > 255)
		return decode_fail(d, n->pos, ": expected 1 to 255 characters");
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-_.*", *p))
			return decode_fail(d, n->pos, ": \"%.80s\": character '%c' is not allowed",
					   text, *p);
	*(const char **)out = read_name_normal(d, text);
	return 0;
}

int read_port_rule(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("ports", struct rule_syntax, ports, struct port_syntax, port_read),
		FIELD("rules", struct rule_syntax, rules, read_l7_rules),
		FIELD_LIST("serverNames", struct rule_syntax, server_names, char *,
			   server_name_read),
		FIELD_REFUSED("terminatingTLS", "needs the TLS proxy"),
		FIELD_REFUSED("originatingTLS", "needs the TLS proxy"),
		FIELD_REFUSED("listener", "needs an Envoy proxy"),
	};
	struct rule_syntax s = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	return err ? err : rule_finish(d, n, &s, out);
}

int read_port_rule_deny(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("ports", struct rule_syntax, ports, struct port_syntax, port_read_deny),
		FIELD_REFUSED("rules", "a deny rule has ports only"),
		FIELD_REFUSED("serverNames", "a deny rule has ports only"),
		FIELD_REFUSED("terminatingTLS", "a deny rule has ports only"),
		FIELD_REFUSED("originatingTLS", "a deny rule has ports only"),
		FIELD_REFUSED("listener", "a deny rule has ports only"),
	};
	struct rule_syntax s = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	return err ? err : rule_finish(d, n, &s, out);
}
