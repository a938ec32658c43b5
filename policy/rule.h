/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules: the typed form of every kind of policy.
 *
 * CiliumNetworkPolicy, its clusterwide sister and the NetworkPolicy of Kubernetes all become
 * struct policy, with what they imply (namespaces of selectors, default deny, default protocols)
 * written out.  Everything is const after parsing and lives in the arena of its document.
 *
 * Semantics of one item:
 *   1. It names peers (@peers.present) and ports or ICMP types (@limited), or not.
 *   2. Peers named, not limited: all protocols and ports of those peers.
 *   3. Limited, no peers named: those ports of anybody.
 *   4. Neither: it says nothing, but that the direction is in default deny.
 *   5. Peers named with an empty list: nobody.  Limited with an empty list: no port.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "axoneme/drop.h"
#include "lib/cidr.h"
#include "policy/arena.h"
#include "policy/chaos.h"
#include "policy/entity.h"
#include "policy/report.h"
#include "policy/selector.h"

/** enum peer_type - PEER_ENTITY with ENTITY_ALL is anybody, whatever its labels */
enum peer_type { PEER_SELECTOR, PEER_ENTITY, PEER_CIDR, PEER_GROUP, PEER_FQDN };

/** struct fqdn - exactly one is set; lower case, without a final dot */
struct fqdn {
	struct pos pos;
	const char *match_name;
	const char *match_pattern;
};

/**
 * struct peer - who is meant; peers of an item are alternatives
 * @entity:   PEER_ENTITY: enum entity
 * @group:    PEER_GROUP: name of a CiliumCIDRGroup
 * @except:   struct cidr; PEER_CIDR and PEER_GROUP
 * @selector: PEER_SELECTOR; PEER_GROUP by labels of the group (when @group is NULL)
 * @cidr:     PEER_CIDR
 * @fqdn:     PEER_FQDN
 */
struct peer {
	uint8_t type;
	uint8_t entity;
	struct pos pos;
	const char *group;
	struct list except;
	union {
		struct selector selector;
		struct cidr cidr;
		struct fqdn fqdn;
	};
};

/** PROTO_ANY - in struct port: TCP, UDP and SCTP, but not ICMP */
#define PROTO_ANY 0

/**
 * struct port - a range of ports
 * @proto: IPPROTO_* or PROTO_ANY; those without ports (GRE...) have the full range
 * @first, @last: host order; 0 to 65535 = all of the protocol
 * @name:  NULL, or a named port (then the range means nothing)
 */
struct port {
	struct pos pos;
	uint8_t proto;
	uint16_t first;
	uint16_t last;
	const char *name;
};

/** enum l7_type - which language the L7 rules of a port rule are in */
enum l7_type { L7_NONE, L7_HTTP, L7_DNS, L7_CHAOS };

/** struct http_header - @value NULL: it must be there; @mismatch: 0 = deny, else 'L' 'A' 'D' 'R' */
struct http_header {
	struct pos pos;
	const char *name;
	const char *value;
	char mismatch;
};

/** struct http_rule - regular expressions over the whole value; NULL = any */
struct http_rule {
	struct pos pos;
	const char *path;
	const char *method;
	const char *host;
	struct list headers; /* struct http_header */
};

/** struct chaos_rule - as read; times in nanoseconds, shares in millionths; see read_chaos.c */
struct chaos_rule {
	struct pos pos;
	uint32_t probability_ppm;
	bool has_probability;
	uint64_t delay_request_ns;
	uint64_t delay_response_ns;
	uint64_t connect_delay_ns;
	uint64_t jitter_ns;
	const char *distribution;
	const char *abort;
	uint32_t loss_ppm;
	uint32_t duplicate_ppm;
	uint32_t corrupt_ppm;
	uint64_t rate_bits;
	bool connect_refuse;
	const char *method;
	const char *path;
	const char *host;
	uint32_t status_code;
};

/**
 * struct port_rule - an item of toPorts
 * @ports:        struct port
 * @l7:           enum l7_type; @l7_rules holds struct http_rule, fqdn or chaos_rule
 * @server_names: const char *
 */
struct port_rule {
	struct pos pos;
	struct list ports;
	uint8_t l7;
	struct pos l7_pos;
	struct list l7_rules;
	struct list server_names;
};

/** struct icmp - @proto IPPROTO_ICMP or IPPROTO_ICMPV6 */
struct icmp {
	struct pos pos;
	uint8_t proto;
	uint8_t type;
};

/** struct icmp_rule - an item of icmps; @fields: struct icmp */
struct icmp_rule {
	struct pos pos;
	struct list fields;
};

/**
 * struct rule_item - an item of a section; see the top of this file
 * @peers:   struct peer
 * @limited: there are ports or ICMP types
 * @ports:   struct port_rule
 * @icmps:   struct icmp_rule
 */
struct rule_item {
	struct pos pos;
	bool limited;
	struct list peers;
	struct list ports;
	struct list icmps;
};

/** enum rule_section - in the order in which references count */
enum rule_section {
	SECTION_INGRESS,
	SECTION_INGRESS_DENY,
	SECTION_EGRESS,
	SECTION_EGRESS_DENY,
	SECTION_COUNT
};

static inline enum axo_dir section_dir(enum rule_section s)
{
	return s >= SECTION_EGRESS ? AXO_DIR_EGRESS : AXO_DIR_INGRESS;
}

static inline bool section_denies(enum rule_section s)
{
	return s & 1;
}

/**
 * struct rule - who is meant and what holds for them
 * @subject:      endpoints; of hosts if @host
 * @sections:     struct rule_item, by enum rule_section
 * @default_deny: by enum axo_dir: endpoints that it selects are in default deny
 * @has_section:  by enum axo_dir: it says something about the direction
 * @index:        in `specs`, or -1 for `spec`
 */
struct rule {
	struct pos pos;
	struct selector subject;
	bool host;
	struct list sections[SECTION_COUNT];
	bool default_deny[2];
	bool has_section[2];
	struct list labels; /* const char * */
	const char *description;
	const char *log;
	int index;
};

enum policy_kind { POLICY_CNP, POLICY_CCNP, POLICY_KNP, POLICY_NAMESPACE, POLICY_CIDR_GROUP };

/**
 * struct policy - one object of a file
 * @namespace_: NULL for kinds that have none
 * @rules:   struct rule; policies only
 * @labels:  POLICY_NAMESPACE, POLICY_CIDR_GROUP: the object's own labels
 * @cidrs:   POLICY_CIDR_GROUP: struct cidr
 * @chaos:   policies only: annotations
 * @hash:    of everything that the object says, 64 bits: the same text gives the same
 * @lockdown: annotated with axoneme.io/host-policy-lockdown: "true": it may cut ssh
 * @refs:    how many references it can give (ref.h)
 * @holders: who else keeps it (policy_hold)
 */
struct policy {
	struct policy *next;
	struct arena arena;
	uint8_t kind;
	const char *file;
	struct pos pos;
	const char *namespace_;
	const char *name;
	struct list rules;
	struct label_set labels;
	struct list cidrs;
	struct chaos_options chaos;
	uint64_t hash;
	bool lockdown;
	uint32_t refs;
	uint32_t holders;
};

const char *policy_kind_to_str(enum policy_kind k);

/** policy_hold - one policy_free() more is needed; what borrows from a policy holds it */
struct policy *policy_hold(const struct policy *p);

/** policy_free - one object, when nobody holds it any more; NULL is fine */
void policy_free(struct policy *p);
/** policies_free - a list */
void policies_free(struct policy *head);

#endif
