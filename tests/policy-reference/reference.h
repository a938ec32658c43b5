/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reference: what the policies say of one packet, from the words of the semantics.
 *
 * Slow and plain on purpose: no identities, no classes, no prefixes of ports.  Every packet walks
 * every rule.  Shares nothing with the compiler but the typed rules; labels and addresses are
 * compared here again.
 */
#ifndef TESTS_POLICY_REFERENCE_H
#define TESTS_POLICY_REFERENCE_H

#include "policy/name_table.h"
#include "policy/rule.h"

struct reference_port {
	const char *name;
	uint16_t port;
	uint8_t proto;
};

/**
 * struct reference_end - one end of a conversation
 * @labels:  @label_count texts "source:key=value"
 * @ports:   named ports
 * @address: set for what is no pod and no node: an address of the world
 * @names:   @name_count names that have the address, in lower case
 */
struct reference_end {
	const char *const *labels;
	size_t label_count;
	const struct reference_port *ports;
	size_t port_count;
	bool has_address;
	struct axo_addr address;
	const char *const *names;
	size_t name_count;
};

struct reference_packet {
	enum axo_dir dir;
	uint8_t proto;
	uint16_t port;
};

#define REFERENCE_MAX_RULES 256

/** enum reference_kind - what an allowing part does: allow, allow what a language says, faults */
enum reference_kind { REFERENCE_PLAIN, REFERENCE_ENFORCES, REFERENCE_CHAOS };

/**
 * struct reference_rule - a part that speaks of the packet: part @number of @policy (ref.h)
 * @kind:  enum reference_kind
 * @holds: the packet is allowed, and this part does something to it: enforcement that no plain
 *         part takes away, or chaos
 * @ports: the part, of those with ports
 */
struct reference_rule {
	const struct policy *policy;
	uint32_t number;
	bool deny;
	bool holds;
	enum reference_kind kind;
	const struct port_rule *ports;
};

/**
 * struct reference_verdict
 * @default_deny: some rule puts the subject in default deny
 * @host: allowed because the peer is the host
 */
struct reference_verdict {
	bool allow;
	bool default_deny;
	bool host;
	struct reference_rule rules[REFERENCE_MAX_RULES];
	size_t count;
};

/** reference_name_matches - has the pattern of toFQDNs, DNS rules or serverNames this name? */
bool reference_name_matches(const char *pattern, const char *name);

/** reference_names_allow - do the parts that hold in @v allow this name of a server or of a query? */
bool reference_names_allow(const struct reference_verdict *v, const char *name);

/**
 * reference_judge - @policies: list with namespaces and groups among them
 * @allow_host: the host always gets in
 */
void reference_judge(const struct policy *policies, const struct reference_end *subject,
		     const struct reference_end *peer, const struct reference_packet *packet,
		     bool allow_host, struct reference_verdict *out);

#endif
