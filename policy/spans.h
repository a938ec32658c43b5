/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Spans: protocols and ports that rules allow or deny for one class of peers, resolved into
 * entries of which the longest prefix is always right.
 *
 * Deny beats allow; of several that say the same, the widest names the verdict (so that narrower
 * ones need no entry), then the one with the lowest reference.
 */
#ifndef POLICY_SPANS_H
#define POLICY_SPANS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct feature_rule;
struct feature_sets;

/** SPAN_ANY_PROTO - all protocols, ICMP too */
#define SPAN_ANY_PROTO 256

/**
 * struct span - @first and @last in host order
 * @proto: IPPROTO_* or SPAN_ANY_PROTO (then all ports)
 * @rule:  of a rule with features, else NULL
 */
struct span {
	uint16_t proto;
	uint16_t first;
	uint16_t last;
	bool deny;
	uint32_t ref;
	const struct feature_rule *rule;
};

/**
 * struct prefix_entry - what becomes an axo_pol_entry
 * @bits: AXO_POL_BITS_*, or between the last two
 * @port: host order, bits behind the prefix are zero
 * @set:  by feature_sets_get()
 */
struct prefix_entry {
	uint8_t bits;
	uint8_t proto;
	uint16_t port;
	bool deny;
	uint8_t features;
	uint32_t ref;
	uint32_t set;
};

/** struct prefix_list - grows; zero-initialised is empty; free(@items) */
struct prefix_list {
	struct prefix_entry *items;
	size_t count, size;
};

/**
 * spans_resolve - append the entries for @spans, which are sorted in place
 * @sets: grows by those of @spans; NULL if no span has a rule with features
 */
void spans_resolve(struct span *spans, size_t count, struct feature_sets *sets,
		   struct prefix_list *out);

#endif
