/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Experiments that meet: is there a request that both draw for?
 *
 * A request has a client and a server.  A port rule with chaos speaks of both: in ingress its
 * subject is the server and its peers are clients, in egress the other way round.  Two of them meet
 * if somebody is a client for both, somebody a server for both, and a port of the server is one of
 * both.  Filters are not compared: they may meet in some requests only.
 */
#ifndef POLICY_CHAOS_MEET_H
#define POLICY_CHAOS_MEET_H

#include "policy/peers.h"

/**
 * enum chaos_meeting
 * @CHAOS_MEET_REMOTE: client and server are on two hosts, each of which asks one of the two
 *                     experiments only: both make their faults
 * @CHAOS_MEET_HERE:   one host asks both, and the first by (namespace, name) that draws wins
 */
enum chaos_meeting { CHAOS_MEET_NOT, CHAOS_MEET_REMOTE, CHAOS_MEET_HERE };

/**
 * struct chaos_meet - where experiments could meet
 * @is_here: has this host an endpoint of that identity?
 */
struct chaos_meet {
	const struct policy_set *set;
	struct peers *peers;
	bool (*is_here)(void *arg, uint32_t identity);
	void *arg;
};

/**
 * chaos_policies_meet - the nearest meeting of an experiment of @a with one of @b
 * @b: may be @a: then two different experiments of it
 */
enum chaos_meeting chaos_policies_meet(const struct chaos_meet *m, const struct policy *a,
				       const struct policy *b);

#endif
