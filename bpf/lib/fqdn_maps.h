/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps of what DNS answers teach (include/axoneme/fqdn.h).
 */
#ifndef BPF_LIB_FQDN_MAPS_H
#define BPF_LIB_FQDN_MAPS_H

#include "axoneme/feature.h"
#include "axoneme/fqdn.h"
#include "bpf/lib/config.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_FQDN);
	__type(key, struct axo_fqdn_key);
	__type(value, struct axo_fqdn);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_fqdn SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_FQDN_NAMES);
	__type(key, struct axo_fqdn_name_key);
	__type(value, struct axo_fqdn_name);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_fqdn_name SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_FQDN);
	__type(key, struct axo_fqdn_key);
	__type(value, __u32);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_fqdn_use SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, AXO_MAX_SET_JOINS);
	__type(key, struct axo_set_join);
	__type(value, __u32);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_set_join SEC(".maps") __weak;

#endif
