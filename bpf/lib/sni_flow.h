/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections whose policies name TLS servers. */
#ifndef BPF_LIB_SNI_FLOW_H
#define BPF_LIB_SNI_FLOW_H

#include "bpf/lib/name_flow.h"
#include "bpf/lib/name_match.h"

#include "bpf/lib/tls_hello.h"

/**
 * struct sni_flow - value of axo_sni_flow
 * @n:     order of the stream
 * @match: of the name
 * @table: by enum axo_dir; 0 = the policy has no names
 * @hello: the reader
 */
struct sni_flow {
	struct name_flow n;
	struct name_match match;
	__u32 table[2];
	struct hello hello;
};

#define SNI_MAX_FLOWS 131072

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SNI_MAX_FLOWS);
	__type(key, struct axo_flow_key);
	__type(value, struct sni_flow);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_sni_flow SEC(".maps") __weak;

/* What a new entry starts as: zeros that nobody writes to.  Too large for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sni_flow);
	__uint(map_flags, BPF_F_RDONLY_PROG);
} axo_sni_zero SEC(".maps") __weak;

#endif
