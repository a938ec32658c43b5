/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What programs learn from DNS answers, for toFQDNs.
 *
 * A selector of toFQDNs is a peer with an identity of its own (AXO_ID_FQDN_MIN and up), the same
 * in all policies that say the same text.  An answer that was asked for on a flow with DNS rules
 * teaches, before it goes on to the pod: the name that was asked is walked through the name table
 * AXO_NAME_TABLE_FQDN (name.h), and every address of the answer gets the selectors that the name
 * matches, for the endpoint that asked.
 *
 * The judgement of a flow to an address that is no pod's and not the host's asks the sender's
 * egress policy about the address's own identity first, then, unless that denies explicitly,
 * about each selector that the address has: what one of them allows is allowed.
 *
 * Times are seconds of CLOCK_MONOTONIC, compared by the programs: what has run out allows no new
 * flow whether or not an agent lives.  A flow that was allowed goes on: when it is judged again,
 * a selector that has run out still counts.  And as long as axo_fqdn_use, which the agent keeps
 * up while a flow lives, says that the address is in use, it counts for new flows too.
 *
 * Maps, all but axo_fqdn_use written by programs; the agent deletes what has run out:
 *   axo_fqdn       hash: struct axo_fqdn_key -> struct axo_fqdn
 *   axo_fqdn_name  hash: struct axo_fqdn_name_key -> struct axo_fqdn_name: the same by name, for
 *                  people, and for the limit of addresses per name
 *   axo_fqdn_use   hash: struct axo_fqdn_key -> __u32: in use until then
 *   axo_dns_query  LRU hash: struct axo_dns_query_key -> struct axo_dns_query: what was asked
 */
#ifndef AXONEME_FQDN_H
#define AXONEME_FQDN_H

#include "axoneme/address.h"
#include "axoneme/flow.h"
#include "axoneme/name.h"

/* Identities of selectors. */
#define AXO_ID_FQDN_MIN 0x02000000u
#define AXO_ID_FQDN_MAX 0x02ffffffu

/** axo_fqdn_mac - the end of an endpoint's MAC: its id may be another's after it */
static inline __u32 axo_fqdn_mac(const __u8 *mac)
{
	return (__u32)mac[2] << 24 | mac[3] << 16 | mac[4] << 8 | mac[5];
}

/**
 * struct axo_fqdn_key - an address that an endpoint has learned
 * @addr:     it
 * @endpoint: id of the endpoint that asked
 * @mac:      axo_fqdn_mac() of it
 */
struct axo_fqdn_key {
	struct axo_addr addr;
	__u32 endpoint;
	__u32 mac;
};
_Static_assert(sizeof(struct axo_fqdn_key) == 24, "map key has padding");

/** AXO_FQDN_SLOTS - selectors that one address has at most; at least AXO_NAME_SELECTORS */
#define AXO_FQDN_SLOTS 16

/**
 * struct axo_fqdn - the selectors of an address
 * @slot: AXO_FQDN_SLOT(expiry, selector), 0 = free; compared and swapped as a whole
 */
struct axo_fqdn {
	__u64 slot[AXO_FQDN_SLOTS];
};

#define AXO_FQDN_SLOT(expires_s, selector) ((__u64)(expires_s) << 32 | (__u32)(selector))
#define AXO_FQDN_SELECTOR(slot) ((__u32)(slot))
#define AXO_FQDN_EXPIRES_S(slot) ((__u32)((slot) >> 32))

/**
 * struct axo_fqdn_name_key - a name that an endpoint has asked for
 * @endpoint: id
 * @mac:      axo_fqdn_mac() of it
 * @name:     lower case, zero behind its end
 */
struct axo_fqdn_name_key {
	__u32 endpoint;
	__u32 mac;
	char name[256];
};
_Static_assert(sizeof(struct axo_fqdn_name_key) == 264, "map key has padding");

/** AXO_FQDN_ADDRESSES - of one name; with one more the one that expires first is forgotten */
#define AXO_FQDN_ADDRESSES 64

/**
 * struct axo_fqdn_address - one of a name
 * @addr:      it
 * @expires_s: 0 = free
 * @pad:       zero
 */
struct axo_fqdn_address {
	struct axo_addr addr;
	__u32 expires_s;
	__u32 pad;
};

/**
 * struct axo_fqdn_name - the addresses of a name
 * @address: in no order
 */
struct axo_fqdn_name {
	struct axo_fqdn_address address[AXO_FQDN_ADDRESSES];
};

/**
 * struct axo_dns_query_key - a query that is on its way
 * @flow: it is in
 * @id:   of the message, network order
 * @pad:  zero
 */
struct axo_dns_query_key {
	struct axo_flow_key flow;
	__be16 id;
	__u8 pad[6];
};
_Static_assert(sizeof(struct axo_dns_query_key) == 48, "map key has padding");

/**
 * struct axo_dns_query - the question
 * @asked_s: when, CLOCK_MONOTONIC seconds
 * @type:    of the record
 * @len:     of @name
 * @name:    lower case
 */
struct axo_dns_query {
	__u32 asked_s;
	__u16 type;
	__u16 len;
	__u8 name[256];
};

#define AXO_MAX_FQDN 131072	 /* addresses x endpoints */
#define AXO_MAX_FQDN_NAMES 32768 /* names x endpoints */
#define AXO_MAX_DNS_QUERIES 8192 /* queries in flight */

/** AXO_DNS_QUERY_S - an answer that comes later than this many seconds teaches nothing */
#define AXO_DNS_QUERY_S 30

/** AXO_DNS_EDNS_MAX - larger buffer sizes of queries are lowered to it: no fragments */
#define AXO_DNS_EDNS_MAX 1232

#endif
