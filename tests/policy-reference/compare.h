/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compare: the compiler against the reference on random policies, peers and packets.
 */
#ifndef TESTS_POLICY_COMPARE_H
#define TESTS_POLICY_COMPARE_H

#include <stdint.h>

/**
 * struct compare_result
 * @triples: (policies, peer, packet) compared; @mismatches: of them
 * @by_name: allowed, but not without the names that the address has
 * @joined:  what holds is of several peers: of names, or of a name and the address
 * @stricter: something is enforced beside a plain rule: see fqdn.h
 * @names:   verdicts of DNS rules and serverNames about a name
 */
struct compare_result {
	uint64_t triples;
	uint64_t allowed;
	uint64_t enforced;
	uint64_t chaos;
	uint64_t by_name;
	uint64_t joined;
	uint64_t stricter;
	uint64_t names;
	uint64_t denied_by_rule;
	uint64_t mismatches;
	uint32_t max_accesses;
};

/**
 * compare_seed - one random set of policies, by @seed, over many peers and packets; adds to @r
 *
 * The first mismatch is made as small as it gets and printed on stderr.
 */
void compare_seed(uint64_t seed, struct compare_result *r);

#endif
