/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Policies in the fixture's maps, written as the agent writes them; and the events about them.
 */
#ifndef TESTS_BPF_POLICY_H
#define TESTS_BPF_POLICY_H

#include "axoneme/policy.h"
#include "tests/bpf/fixture.h"

/** struct entry - of axo_pol_entry, in words of the host; @bits: AXO_POL_BITS_* */
struct entry {
	uint32_t class_;
	uint8_t bits;
	uint8_t proto;
	uint16_t port;
	uint8_t verdict;
	uint32_t rule;
};

/** entry_set - in policy number @id, direction @dir */
void entry_set(struct fixture *x, uint32_t id, enum axo_dir dir, const struct entry *e);

/** entry_set_features - the same, with features and the number of a set */
void entry_set_features(struct fixture *x, uint32_t id, enum axo_dir dir, const struct entry *e,
			uint32_t features_set);
/** FEATURES - for entry_set_features(): enum axo_feature, key of axo_feature */
#define FEATURES(features, set) ((uint32_t)(features) << 16 | (set))

/** peer_set - the class of @identity in policy number @id, direction @dir; 0 in the other one */
void peer_set(struct fixture *x, uint32_t id, enum axo_dir dir, uint32_t identity, uint32_t class_);

/** policy_set - @pod has the policy @ref, with the fixture's other values; no bump */
void policy_set(struct fixture *x, enum pod pod, const struct axo_policy_ref *ref);

/** policy_enforced - a reference to @id, enforced in @dir; what holds for anybody is asked, too */
struct axo_policy_ref policy_enforced(uint32_t id, enum axo_dir dir);

/** hits_of - of axo_pol_hits; 0 = no entry */
uint64_t hits_of(struct fixture *x, uint32_t id, uint32_t rule, enum axo_dir dir);

/** struct heard - the events that came; the last of each type */
struct heard {
	int drops, verdicts;
	struct axo_event_drop drop;
	struct axo_event_verdict verdict;
};

struct heard hear_all(struct fixture *x);

/** frame_to - a whole frame with @proto's transport header; ICMP: @dport is type, @sport the id */
void frame_to(struct frame *f, const char *smac, const char *src, const char *dst, uint8_t proto,
	      uint16_t sport, uint16_t dport);

/** frame_between - TCP from A's port 4000 to B's 80, or the other way (@reply), IPv4 */
void frame_between(struct frame *f, bool reply, uint8_t flags);
struct outcome send_between(struct fixture *x, bool reply, uint8_t flags);

#endif
