/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pool of tables (include/axoneme/l7.h) and the HTTP reader, in a program. */
#ifndef BPF_LIB_L7_POOL_H
#define BPF_LIB_L7_POOL_H

#include "axoneme/l7.h"
#include "bpf/lib/config.h"

/**
 * struct axo_l7_pool - value of axo_l7_pool
 *
 * Programs only read it.  The flag that would say so is not to be had together with a writable
 * mapping (kernel/bpf/syscall.c, bpf_map_mmap()).
 */
struct axo_l7_pool {
	__u32 word[AXO_L7_POOL_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct axo_l7_pool);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} axo_l7_pool SEC(".maps") __weak;

/** l7_pool - never NULL, but the verifier wants it asked */
static __always_inline const __u32 *l7_pool(void)
{
	const struct axo_l7_pool *pool;
	__u32 zero = 0;

	pool = bpf_map_lookup_elem(&axo_l7_pool, &zero);
	return pool ? pool->word : NULL;
}

/* What the reader's headers expect (l7_http_mode.h). */
#define http_loop(count, step, context) bpf_loop(count, step, context, 0)

static __always_inline __u64 http_load8(const __u8 *p)
{
	return *(const __u64 *)p;
}

#include "bpf/lib/l7_http.h"

#endif
