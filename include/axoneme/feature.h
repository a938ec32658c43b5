/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Features: what happens to packets of an allowed flow beyond delivery (L7 enforcement, chaos).
 *
 * A policy entry that allows may carry features and the number of a feature set, which says with
 * what tables and experiments.  The judgement copies both into the flow, of the originator's
 * egress policy and of the responder's ingress policy.  Packets of a flow with features go
 * through the programs of axo_progs, one feature after the other and `pass` at the end, which
 * delivers.  Flows without pay one test of a byte.
 *
 * Map axo_feature: array, key set number, value struct axo_feature_set.  The agent is the only
 * writer.  What a set says never changes while a policy names its number; a number is free again
 * a grace period after the last policy that named it.
 */
#ifndef AXONEME_FEATURE_H
#define AXONEME_FEATURE_H

#include <linux/types.h>

/** enum axo_feature - bits of axo_pol_entry.features and axo_flow.features; never renumber */
enum axo_feature {
	AXO_FEATURE_HTTP = 1,
	AXO_FEATURE_DNS = 2,
	AXO_FEATURE_SNI = 4,
	AXO_FEATURE_CHAOS = 8,
	AXO_FEATURE_WATCH = 16, /* requests are told apart, for filters of chaos; none is denied */
};

#define AXO_MAX_FEATURE_SETS 16384
#define AXO_CHAOS_PER_SET 8

/**
 * struct axo_feature_set - value of axo_feature
 * @http:        number of the table of HTTP rules and filters of chaos; 0 = none
 * @dns:         number of the table of DNS names; 0 = none
 * @sni:         number of the table of TLS server names; 0 = none
 * @chaos_count: of @chaos
 * @chaos:       numbers of experiments, in the order in which they draw
 */
struct axo_feature_set {
	__u32 http;
	__u32 dns;
	__u32 sni;
	__u32 chaos_count;
	__u32 chaos[AXO_CHAOS_PER_SET];
};

/**
 * struct axo_set_join - key of axo_set_join: two sets that meet at an address that has names
 * (fqdn.h); the value is the number of a set of both
 * @a: number of a set
 * @b: of another; the agent writes both orders of every pair
 */
struct axo_set_join {
	__u32 a;
	__u32 b;
};

#define AXO_MAX_SET_JOINS 16384

/*
 * Programs of axo_progs, X(symbol, index, program).  Packets of a flow meet them in the order of
 * features; `pass` is the last.  `watch` stands in for `http` where nothing is enforced; `answer`
 * ends the way of a request that a fault of chaos answers.
 */
#define AXO_PROGS(X)       \
	X(PASS, 0, pass)   \
	X(HTTP, 1, http)   \
	X(DNS, 2, dns)     \
	X(SNI, 3, sni)     \
	X(CHAOS, 4, chaos) \
	X(WATCH, 5, watch) \
	X(ANSWER, 6, answer)

enum axo_prog {
#define X(symbol, index, program) AXO_PROG_##symbol = index,
	AXO_PROGS(X)
#undef X
		AXO_PROG_MAX = 16,
};

#endif
