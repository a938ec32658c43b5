/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the DNS program works with: too large for a stack, so it lies in a map, one per CPU.
 */
#ifndef BPF_LIB_DNS_WORK_H
#define BPF_LIB_DNS_WORK_H

#include "bpf/lib/fqdn_maps.h"
#include "bpf/lib/name_match.h"
#include "bpf/lib/packet.h"

#include "bpf/lib/dns_message.h"

/**
 * struct dns_state - a packet of a flow with DNS rules
 * @w:        the message, and what it says
 * @match:    of its name
 * @client:   the packet is the client's
 * @table:    number of the flow's name table
 * @endpoint, @mac: of the client, as in struct axo_fqdn_key
 * @asked_key, @asked: of this query, or of the query to this answer
 * @now_s:    CLOCK_MONOTONIC seconds
 * @expires_s: of the address that is being learned
 * @place, @place_s: of the address among those of its name: number, expiry
 * @list:     selectors of the name; 0 behind the last
 * @key:      of the address that is being learned
 * @name_key: of the name
 * @no_name:  zero: what a new name starts with
 */
struct dns_state {
	struct dns_work w;
	struct name_match match;
	__u32 table;
	__u32 endpoint;
	__u32 mac;
	__u32 now_s;
	__u32 expires_s;
	__u32 client;
	__u32 place;
	__u32 place_s;
	struct axo_dns_query_key asked_key;
	struct axo_dns_query asked;
	__u32 list[AXO_NAME_SELECTORS];
	struct axo_fqdn_key key;
	struct axo_fqdn_name_key name_key;
	struct axo_fqdn_name no_name;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct dns_state);
} axo_dns_work SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AXO_MAX_DNS_QUERIES);
	__type(key, struct axo_dns_query_key);
	__type(value, struct axo_dns_query);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_dns_query SEC(".maps") __weak;

static __always_inline struct dns_state *dns_state_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&axo_dns_work, &zero);
}

#endif
