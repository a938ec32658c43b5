// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The edge with a source of its own for every packet: BPF_PROG_TEST_RUN repeats one packet, and a
 * source that is in every cache says nothing of a flood.  The very same code runs behind it.
 */
#include "bpf/xdp_edge.bpf.c"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bench_seed SEC(".maps");

/* Marsaglia's xorshift: bpf_get_prandom_u32() would cost more than what is measured. */
static __always_inline __u64 next(void)
{
	__u32 zero = 0;
	__u64 *seed = bpf_map_lookup_elem(&bench_seed, &zero), x;

	if (!seed)
		return 0;
	x = *seed ? *seed : 88172645463325252ULL;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*seed = x;
	return x;
}

SEC("xdp.frags")
int edge_random4(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 34 > end)
		return XDP_ABORTED;
	*(__u32 *)(data + 26) = next() >> 16;
	return edge(ctx);
}

/* In 2000::/3, where everything that is routed lies. */
SEC("xdp.frags")
int edge_random6(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 source = next();

	if (data + 54 > end)
		return XDP_ABORTED;
	*(__u32 *)(data + 22) = source >> 32;
	*(__u32 *)(data + 26) = source;
	data[22] = 0x20 | (data[22] & 0x1f);
	return edge(ctx);
}

/* What BPF_PROG_TEST_RUN costs by itself. */
SEC("xdp.frags")
int edge_floor(struct xdp_md *ctx)
{
	return ctx->data ? XDP_DROP : XDP_PASS;
}
