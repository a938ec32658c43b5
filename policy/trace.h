/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Trace: a verdict with its reasons, from the same compiled policy that fills the maps.
 */
#ifndef POLICY_TRACE_H
#define POLICY_TRACE_H

#include "policy/lookup.h"

#define TRACE_MAX_RULES 64

/* X(symbol, "json_name", "what the operator reads") */
#define TRACE_REASONS(X)                                                                \
	X(RULE_ALLOWS, "rule_allows", "a rule allows it")                               \
	X(RULE_DENIES, "rule_denies", "a rule denies it")                               \
	X(DEFAULT_DENY, "default_deny", "in default deny, and no rule allows it")       \
	X(DEFAULT_ALLOW, "default_allow", "not in default deny, and no rule denies it") \
	X(HOST, "host", "the host may always reach its pods")

enum trace_reason {
#define X(symbol, json, text) TRACE_##symbol,
	TRACE_REASONS(X)
#undef X
};

/**
 * struct trace_rule - a rule that speaks of the packet
 * @decides:  the verdict names it
 * @features: the bit of enum axo_feature that it brings; 0 = it is plain
 */
struct trace_rule {
	bool denies;
	bool decides;
	uint8_t features;
	struct ref ref;
};

/**
 * struct trace
 * @features: enum axo_feature: what an allowed packet meets
 * @rules: the first TRACE_MAX_RULES of @total; allowing ones too when the verdict is a deny
 */
struct trace {
	bool allow;
	enum trace_reason reason;
	uint8_t features;
	struct trace_rule rules[TRACE_MAX_RULES];
	size_t count;
	size_t total;
};

/** policy_trace - @who: an identity of those @c was compiled with; @l: index of @c */
void policy_trace(const struct policy_set *set, const struct compiled *c, const struct lookup *l,
		  const struct peer_identity *who, const struct packet *p, struct trace *out);

/**
 * trace_join - @by is what the same policy says of one more identity of the same peer: a selector
 * of toFQDNs that its address has (axoneme/fqdn.h).  @t has the verdict of both then; rules stay.
 */
void trace_join(struct trace *t, const struct trace *by);

const char *trace_reason_to_str(enum trace_reason r);

/** trace_reason_text - what the operator reads */
const char *trace_reason_text(enum trace_reason r);

#endif
