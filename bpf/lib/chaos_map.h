/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps of chaos and of the delay line (include/axoneme/chaos*.h, delay.h).
 */
#ifndef BPF_LIB_CHAOS_MAP_H
#define BPF_LIB_CHAOS_MAP_H

#include "bpf/lib/chaos_turn.h"
#include "bpf/lib/maps.h"

#include "axoneme/chaos.h"
#include "axoneme/chaos_flow.h"
#include "axoneme/chaos_stat.h"
#include "axoneme/delay.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_CHAOS);
	__type(key, __u32);
	__type(value, struct axo_chaos);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_chaos SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_chaos_lease);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_chaos_lease SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_CHAOS);
	__type(key, __u32);
	__type(value, struct axo_chaos_run);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_chaos_run SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_CHAOS *AXO_CHAOS_RULES);
	__type(key, struct axo_chaos_stat_key);
	__type(value, struct axo_chaos_stat);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_chaos_stat SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_CHAOS_FLOWS);
	__type(key, struct axo_flow_key);
	__type(value, struct axo_chaos_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_chaos_flow SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AXO_MAX_CHAOS_ASKS);
	__type(key, struct axo_chaos_ask_key);
	__type(value, struct axo_chaos_ask);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_chaos_ask SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_delay);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_delay SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AXO_MAX_CHAOS);
	__type(key, __u32);
	__type(value, struct axo_delay_lost);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_delay_lost SEC(".maps") __weak;

/** CHAOS_TEXT - bytes of payload that are looked at, to tell an interim response (chaos_tcp.h) */
#define CHAOS_TEXT 256

/**
 * struct chaos_room - the packet in hand, one per CPU: too much for the stack
 * @key:     of its flow
 * @seg:     what of it matters for taking turns
 * @choice:  what was drawn: for the request that begins, or for the one it belongs to
 * @rank:    of the experiment of @choice
 * @scope:   enum axo_chaos_action bits: AXO_CHAOS_CONNECT, or all others
 * @set:     feature sets of the flow
 * @filters, @heads, @told: as in struct tail_call
 * @slot:    place of the experiment that draws, in both sets
 * @status:  of the response that begins
 * @late:    rules with a status are to be asked at the response
 * @ordinal: by slot
 * @now_ns:  CLOCK_MONOTONIC
 * @depart_ns: when the packet may leave; 0 = at once
 * @payload: offset of the payload in the frame
 * @ack:     TCP: acknowledgement number, host order
 * @text:    its first bytes
 * @first:   others stay behind this packet
 * @origin:  the flow's originator
 * @identity: of both ends of @key
 * @fresh:   for a flow that is not yet known; no struct, as that has a lock, which is for hashes
 */
struct chaos_room {
	struct axo_flow_key key;
	struct chaos_segment seg;
	struct axo_chaos_choice choice;
	__u32 rank;
	__u32 scope;
	__u16 set[2];
	__u32 heads;
	__u64 filters;
	__u32 told;
	__u32 slot;
	__u32 status;
	__u32 late;
	__u64 ordinal[2 * AXO_CHAOS_PER_SET];
	__u64 now_ns;
	__u64 depart_ns;
	__u32 payload;
	__u8 first;
	__u8 origin;
	__u8 pad[2];
	__u32 identity[2];
	__u32 ack;
	__u32 pad2;
	__u64 fresh[sizeof(struct axo_chaos_flow) / sizeof(__u64)];
	__u8 text[CHAOS_TEXT];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct chaos_room);
} axo_chaos_room SEC(".maps") __weak;

/** chaos_room - never NULL, but the verifier wants it asked */
static __always_inline struct chaos_room *chaos_room(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&axo_chaos_room, &zero);
}

#endif
