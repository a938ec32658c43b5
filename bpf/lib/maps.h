/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps of the datapath; those of one feature are defined in its header.  docs/maps.md says who
 * writes and reads each.
 *
 * Every object includes this header; the definitions are weak, so the object linker keeps one
 * of each.  Maps that the agent owns carry BPF_F_RDONLY_PROG: the verifier refuses a program
 * that writes to them.  All but the scratch rooms are pinned by name below the agent's bpffs
 * directory.
 */
#ifndef BPF_LIB_MAPS_H
#define BPF_LIB_MAPS_H

#include "bpf/lib/config.h"

#include "axoneme/count.h"
#include "axoneme/drop.h"
#include "axoneme/endpoint.h"
#include "axoneme/event.h"
#include "axoneme/feature.h"
#include "axoneme/flow.h"
#include "axoneme/ipcache.h"
#include "axoneme/limits.h"
#include "axoneme/policy.h"
#include "axoneme/route.h"
#include "axoneme/state.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_ENDPOINTS);
	__type(key, __u32);
	__type(value, struct axo_endpoint);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_endpoint SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_ADDRESSES);
	__type(key, struct axo_addr);
	__type(value, struct axo_endpoint);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_address SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, AXO_MAX_IPCACHE);
	__type(key, struct axo_ipcache_key);
	__type(value, struct axo_ipcache);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_ipcache SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, AXO_MAX_ROUTES);
	__type(key, struct axo_ipcache_key);
	__type(value, struct axo_route);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_route SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_endpoint);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_host SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_POL_PEERS);
	__type(key, struct axo_pol_peer_key);
	__type(value, struct axo_pol_peer);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_pol_peer SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, AXO_MAX_POL_ENTRIES);
	__type(key, struct axo_pol_key);
	__type(value, struct axo_pol_entry);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_pol_entry SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AXO_MAX_POL_HITS);
	__type(key, struct axo_pol_hits_key);
	__type(value, struct axo_pol_hits);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_pol_hits SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AXO_MAX_FEATURE_SETS);
	__type(key, __u32);
	__type(value, struct axo_feature_set);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_feature SEC(".maps") __weak;

/*
 * Programs for flows with features.  It belongs to the programs that were loaded with it: the
 * agent fills and pins it as it does with them, so a new one never serves old programs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, AXO_PROG_MAX);
	__type(key, __u32);
	__type(value, __u32);
} axo_progs SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_state);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_state SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_FLOWS);
	__type(key, struct axo_flow_key);
	__type(value, struct axo_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_flow SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AXO_MAX_FLOWS_LRU);
	__type(key, struct axo_flow_key);
	__type(value, struct axo_flow);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_flow_lru SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, AXO_MAX_FRAGS);
	__type(key, struct axo_frag_key);
	__type(value, struct axo_frag);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_frag SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, AXO_MAX_DROP_KEYS);
	__type(key, struct axo_drop_key);
	__type(value, struct axo_drop_count);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_drops SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AXO_COUNT_MAX);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_counts SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_icmp_bucket);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_icmp_bucket SEC(".maps") __weak;

/* Room for the flow that is being judged: with it on the stack, 512 bytes are not enough. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_flow);
} axo_scratch SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, AXO_EVENT_RING_BYTES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_events SEC(".maps") __weak;

#endif
