/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Diff: which packets two compiled policies of one subject judge differently.
 *
 * Peers of one class before and of one class after are asked together, ports are cut where an entry
 * of either begins or ends, and every piece is asked in both (policy/lookup.h).  So the answer is
 * that of the maps, whatever rules they come from.
 */
#ifndef POLICY_DIFF_H
#define POLICY_DIFF_H

#include "policy/compile.h"
#include "policy/diff_limit.h"

/**
 * struct diff_side - a policy before or after
 * @compiled: or NULL, and then
 * @denies:   all is denied; else all is allowed
 */
struct diff_side {
	const struct compiled *compiled;
	bool denies;
};

/**
 * struct diff_peer - somebody, by the identity that each side knows
 * A prefix that was not told apart before was the one around it, or the world.
 */
struct diff_peer {
	uint32_t before;
	uint32_t after;
};

/** struct diff_ports - @first to @last in host order, 0 to 65535 = all; of ICMP they are types */
struct diff_ports {
	uint8_t proto;
	uint16_t first;
	uint16_t last;
};

/**
 * enum diff_kind - DIFF_LOSES: denied now, DIFF_GAINS: allowed now; or allowed before and now, but
 * DIFF_LIMITED: to some requests now; DIFF_FREED: to some before, to all now; DIFF_OTHER: to others
 */
enum diff_kind { DIFF_LOSES, DIFF_GAINS, DIFF_LIMITED, DIFF_FREED, DIFF_OTHER };

/**
 * struct diff_change - the same for all its peers
 * @was, @is: limits of what passed and passes (diff_limits_at); 0 = none, or nothing passes
 * @all_but: it holds for all protocols and ports but @ports, which may be none
 * @peers: @peer_count indexes of the list that was asked about, ascending
 * @ports: @port_count, ascending
 */
struct diff_change {
	enum axo_dir dir;
	enum diff_kind kind;
	bool all_but;
	uint32_t was;
	uint32_t is;
	uint32_t *peers;
	size_t peer_count;
	struct diff_ports *ports;
	size_t port_count;
};

/** struct diff - ingress first, then what is gained, lost, limited, freed and limited otherwise */
struct diff {
	struct diff_limits limits;
	struct diff_change *items;
	size_t count;
};

/** policy_diff - @out: diff_fini() */
void policy_diff(const struct diff_side *before, const struct diff_side *after,
		 const struct diff_peer *peers, size_t peer_count, struct diff *out);
void diff_fini(struct diff *d);

#endif
