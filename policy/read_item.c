/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Items of ingress, ingressDeny, egress and egressDeny. */
#include "policy/read.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

enum member { ENDPOINTS, ENTITIES_, CIDRS, CIDR_SETS, FQDNS, MEMBER_COUNT };

static const char *const member_names[2][MEMBER_COUNT] = {
	[AXO_DIR_INGRESS] = {"fromEndpoints", "fromEntities", "fromCIDR", "fromCIDRSet", ""},
	[AXO_DIR_EGRESS] = {"toEndpoints", "toEntities", "toCIDR", "toCIDRSet", "toFQDNs"},
};

/** struct item_syntax - as written; @peers: struct peer each */
struct item_syntax {
	struct list peers[MEMBER_COUNT];
	struct list ports;
	struct list icmps;
	const struct node *auth;
};

#define WHY_NODES "needs labels of nodes"
#define WHY_GROUPS "needs a cloud API"
#define WHY_SERVICES "needs services"
#define WHY_AUTH "needs mutual authentication"
#define WHY_REQUIRES "was removed from the language; list all labels in the peer's selector"
#define WHY_DENY_FQDN "a deny rule takes no names"

/* mode: disabled is what holds anyway; other modes would be a promise that nobody keeps. */
static int auth_mode(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && strcmp(n->text, "disabled"))
		err = decode_fail(d, n->pos, ": \"%.20s\" is not supported (" WHY_AUTH ")",
				  n->text);
	return err;
}

struct auth_syntax {
	const char *mode;
};

static int auth_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_REQUIRED("mode", struct auth_syntax, mode, auth_mode),
	};
	struct auth_syntax s = {0};

	*(const struct node **)out = n;
	return decode_object(d, n, fields, ARRAY_SIZE(fields), &s);
}

static int members_check(struct decoder *d, const struct item_syntax *s, enum axo_dir dir)
{
	int first = -1;

	for (int i = 0; i < MEMBER_COUNT; i++) {
		if (!s->peers[i].count)
			continue;
		if (first >= 0)
			return decode_fail(
				d, s->peers[i].pos,
				": combining %s and %s is not supported: write two items",
				member_names[dir][first], member_names[dir][i]);
		first = i;
	}
	return 0;
}

static void peers_pick(struct decoder *d, const struct item_syntax *s, enum axo_dir dir,
		       struct rule_item *item)
{
	for (int i = 0; i < MEMBER_COUNT; i++) {
		if (!s->peers[i].present)
			continue;
		if (!item->peers.count)
			item->peers = s->peers[i];
		if (!s->peers[i].count) {
			decode_push(d, member_names[dir][i], 0);
			decode_warn(d, s->peers[i].pos, ": an empty list is nobody");
			decode_pop(d);
		}
	}
}

static int item_finish(struct decoder *d, const struct node *n, const struct item_syntax *s,
		       enum axo_dir dir, struct rule_item *item)
{
	int err = members_check(d, s, dir);

	if (err)
		return err;
	if (s->ports.count && s->icmps.count)
		return decode_fail(d, s->icmps.pos,
				   ": icmps and toPorts in one item: write two items");
	list_each(struct port_rule, r, &s->ports) {
		if (dir == AXO_DIR_INGRESS && r->l7 == L7_DNS)
			return decode_fail(d, r->l7_pos, ": DNS rules are for egress only");
	}
	item->pos = n->pos;
	item->ports = s->ports;
	item->icmps = s->icmps;
	item->limited = s->ports.count || s->icmps.count;
	peers_pick(d, s, dir, item);
	return 0;
}

static int item_read(struct decoder *d, const struct node *n, const struct field *fields,
		     size_t count, enum axo_dir dir, void *out)
{
	struct item_syntax s = {0};
	int err = decode_object(d, n, fields, count, &s);

	return err ? err : item_finish(d, n, &s, dir, out);
}

#define PEERS(key, member, read) \
	FIELD_LIST(key, struct item_syntax, peers[member], struct peer, read)
#define PORTS(read) FIELD_LIST("toPorts", struct item_syntax, ports, struct port_rule, read)
#define ICMPS FIELD_LIST("icmps", struct item_syntax, icmps, struct icmp_rule, read_icmp_rule)
#define FROM                                                                                    \
	PEERS("fromEndpoints", ENDPOINTS, read_peer_endpoints),                                 \
		PEERS("fromEntities", ENTITIES_, read_peer_entity),                             \
		PEERS("fromCIDR", CIDRS, read_peer_cidr),                                       \
		PEERS("fromCIDRSet", CIDR_SETS, read_peer_cidr_set),                            \
		FIELD_REFUSED("fromNodes", WHY_NODES), FIELD_REFUSED("fromGroups", WHY_GROUPS), \
		FIELD_REFUSED("fromRequires", WHY_REQUIRES)
#define TO                                                                                  \
	PEERS("toEndpoints", ENDPOINTS, read_peer_endpoints),                               \
		PEERS("toEntities", ENTITIES_, read_peer_entity),                           \
		PEERS("toCIDR", CIDRS, read_peer_cidr),                                     \
		PEERS("toCIDRSet", CIDR_SETS, read_peer_cidr_set),                          \
		FIELD_REFUSED("toNodes", WHY_NODES), FIELD_REFUSED("toGroups", WHY_GROUPS), \
		FIELD_REFUSED("toServices", WHY_SERVICES),                                  \
		FIELD_REFUSED("toRequires", WHY_REQUIRES)

int read_ingress(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FROM,
		PORTS(read_port_rule),
		ICMPS,
		FIELD("authentication", struct item_syntax, auth, auth_read),
	};

	return item_read(d, n, fields, ARRAY_SIZE(fields), AXO_DIR_INGRESS, out);
}

int read_ingress_deny(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FROM,
		PORTS(read_port_rule_deny),
		ICMPS,
		FIELD_REFUSED("authentication", "a deny rule takes none"),
	};

	return item_read(d, n, fields, ARRAY_SIZE(fields), AXO_DIR_INGRESS, out);
}

int read_egress(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		TO,
		PEERS("toFQDNs", FQDNS, read_peer_fqdn),
		PORTS(read_port_rule),
		ICMPS,
		FIELD("authentication", struct item_syntax, auth, auth_read),
	};

	return item_read(d, n, fields, ARRAY_SIZE(fields), AXO_DIR_EGRESS, out);
}

int read_egress_deny(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		TO,
		FIELD_REFUSED("toFQDNs", WHY_DENY_FQDN),
		PORTS(read_port_rule_deny),
		ICMPS,
		FIELD_REFUSED("authentication", "a deny rule takes none"),
	};

	return item_read(d, n, fields, ARRAY_SIZE(fields), AXO_DIR_EGRESS, out);
}
