/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * NetworkPolicy of Kubernetes, as a rule.
 *
 *   1. policyTypes decides default deny; absent: Ingress, and Egress if egress is there.
 *   2. A peer is podSelector (of this namespace), namespaceSelector (all its pods), both, or
 *      ipBlock.
 *   3. from, to and ports that are absent or empty mean everybody and everything.
 *   4. A port without protocol is TCP; a port item without port is all of its protocol.
 */
#include "policy/read.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/cleanup.h"

struct peer_syntax {
	struct selector pods;
	struct selector namespaces;
	const struct node *block;
	struct peer block_peer;
};

static int block_read(struct decoder *d, const struct node *n, void *out)
{
	struct peer_syntax *s = (void *)((char *)out - offsetof(struct peer_syntax, block));

	s->block = n;
	return read_ip_block(d, n, &s->block_peer);
}

/* Rule 2.  An empty namespaceSelector means any namespace, but a pod's. */
static void selectors_join(struct decoder *d, const struct peer_syntax *s, struct peer *p)
{
	uint32_t a = s->pods.requirements.count, b = s->namespaces.requirements.count;
	struct requirement *r = arena_alloc(d->arena, (a + b) * sizeof(*r));

	if (a)
		memcpy(r, s->pods.requirements.items, a * sizeof(*r));
	if (b)
		memcpy(r + a, s->namespaces.requirements.items, b * sizeof(*r));
	p->type = PEER_SELECTOR;
	p->selector =
		(struct selector){.present = true,
				  .pos = p->pos,
				  .requirements = {.items = r, .count = a + b, .present = true}};
	if (!s->namespaces.present)
		selector_require(d, &p->selector, OP_IN, LABEL_NAMESPACE, d->namespace_);
	else if (!b)
		selector_require(d, &p->selector, OP_EXISTS, LABEL_NAMESPACE, NULL);
	selector_warn(d, &p->selector);
}

static int peer_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("podSelector", struct peer_syntax, pods, read_selector_k8s),
		FIELD("namespaceSelector", struct peer_syntax, namespaces, read_namespaces),
		FIELD("ipBlock", struct peer_syntax, block, block_read),
	};
	struct peer_syntax s = {0};
	struct peer *p = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);
	bool selects = s.pods.present || s.namespaces.present;

	if (err)
		return err;
	if (selects == !!s.block)
		return decode_fail(d, n->pos, ": expected either ipBlock or selectors, found %s",
				   selects ? "both" : "none");
	if (s.block) {
		*p = s.block_peer;
		return 0;
	}
	p->pos = n->pos;
	selectors_join(d, &s, p);
	return 0;
}

struct port_syntax {
	struct port port;
	const struct node *node;
	uint32_t end;
};

static int port_member(struct decoder *d, const struct node *n, void *out)
{
	struct port_syntax *s = (void *)((char *)out - offsetof(struct port_syntax, node));
	const char *text = NULL;
	int err = decode_scalar(d, n, &text);

	if (err)
		return err;
	s->node = n;
	err = read_port_number(d, n, text, &s->port);
	if (!err && !s->port.name && (n->quoted || !s->port.first))
		err = decode_fail(d, n->pos,
				  ": expected a number from 1 to 65535 or a name, "
				  "found \"%.20s\"",
				  text);
	return err;
}

static int proto_member(struct decoder *d, const struct node *n, void *out)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {{"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP}, {"SCTP", IPPROTO_SCTP}};
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	for (size_t i = 0; !err && i < ARRAY_SIZE(protos); i++)
		if (!strcmp(protos[i].name, text)) {
			*(uint8_t *)out = protos[i].proto;
			return 0;
		}
	return err ? err
		   : decode_fail(d, n->pos, ": expected TCP, UDP or SCTP, found \"%.20s\"", text);
}

static int port_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("port", struct port_syntax, node, port_member),
		FIELD("endPort", struct port_syntax, end, read_port_end),
		FIELD("protocol", struct port_syntax, port.proto, proto_member),
	};
	struct port_syntax s = {.port = {.pos = n->pos, .proto = IPPROTO_TCP, .last = 65535}};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (err)
		return err;
	if (s.end && (!s.node || s.port.name))
		return decode_fail(d, n->pos, ".endPort needs a port number");
	if (s.end && s.end < s.port.first)
		return decode_fail(d, n->pos, ".endPort: %u is below the port %u", s.end,
				   s.port.first);
	if (s.end)
		s.port.last = (uint16_t)s.end;
	*(struct port *)out = s.port;
	return 0;
}

struct item_syntax {
	struct list peers;
	struct list ports;
};

/* Rule 3.  Ports of all items stand in one port rule: the reference is toPorts[0]. */
static void item_fill(struct decoder *d, const struct node *n, const struct item_syntax *s,
		      struct rule_item *item)
{
	item->pos = n->pos;
	item->peers = s->peers;
	if (!s->peers.count) {
		struct peer *all = arena_alloc(d->arena, sizeof(*all));

		*all = (struct peer){.type = PEER_ENTITY, .entity = ENTITY_ALL, .pos = n->pos};
		item->peers =
			(struct list){.items = all, .count = 1, .present = true, .pos = n->pos};
	}
	if (!s->ports.count)
		return;
	struct port_rule *r = arena_alloc(d->arena, sizeof(*r));
	*r = (struct port_rule){.pos = s->ports.pos, .ports = s->ports};
	item->limited = true;
	item->ports = (struct list){.items = r, .count = 1, .present = true, .pos = s->ports.pos};
}

static int ingress_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("from", struct item_syntax, peers, struct peer, peer_read),
		FIELD_LIST("ports", struct item_syntax, ports, struct port, port_read),
	};
	struct item_syntax s = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (!err)
		item_fill(d, n, &s, out);
	return err;
}

static int egress_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("to", struct item_syntax, peers, struct peer, peer_read),
		FIELD_LIST("ports", struct item_syntax, ports, struct port, port_read),
	};
	struct item_syntax s = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (!err)
		item_fill(d, n, &s, out);
	return err;
}

static int type_read(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && strcmp(n->text, "Ingress") && strcmp(n->text, "Egress"))
		err = decode_fail(d, n->pos, ": expected Ingress or Egress, found \"%.20s\"",
				  n->text);
	return err;
}

struct knp_syntax {
	struct selector pods;
	struct list ingress;
	struct list egress;
	struct list types;
};

/* Rule 1.  A section whose type is not listed has no effect; that is said. */
static void types_fill(struct decoder *d, const struct knp_syntax *s, struct rule *r)
{
	bool on[2] = {[AXO_DIR_INGRESS] = !s->types.count,
		      [AXO_DIR_EGRESS] = !s->types.count && s->egress.present};

	list_each(char *, t, &s->types) {
		on[strcmp(*t, "Ingress") ? AXO_DIR_EGRESS : AXO_DIR_INGRESS] = true;
	}
	if (on[AXO_DIR_INGRESS])
		r->sections[SECTION_INGRESS] = s->ingress;
	else if (s->ingress.count)
		decode_warn(d, s->ingress.pos,
			    ".ingress has no effect: policyTypes names Egress only");
	if (on[AXO_DIR_EGRESS])
		r->sections[SECTION_EGRESS] = s->egress;
	else if (s->egress.count)
		decode_warn(d, s->egress.pos,
			    ".egress has no effect: policyTypes names Ingress only");
	memcpy(r->default_deny, on, sizeof(on));
	memcpy(r->has_section, on, sizeof(on));
}

int read_knp(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("podSelector", struct knp_syntax, pods, read_selector_k8s),
		FIELD_LIST("ingress", struct knp_syntax, ingress, struct rule_item, ingress_read),
		FIELD_LIST("egress", struct knp_syntax, egress, struct rule_item, egress_read),
		FIELD_LIST("policyTypes", struct knp_syntax, types, char *, type_read),
	};
	struct knp_syntax s = {.pods = {.present = true, .pos = n->pos}};
	struct rule *r = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (err)
		return err;
	*r = (struct rule){.pos = n->pos, .subject = s.pods, .index = -1};
	decode_push(d, "podSelector", 0);
	imply_subject_namespace(d, &r->subject);
	selector_warn(d, &r->subject);
	decode_pop(d);
	types_fill(d, &s, r);
	return 0;
}
