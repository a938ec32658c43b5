// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The edge of the host: XDP on its network devices, before the kernel makes anything of a frame.
 *
 * What the prefilter denies is asked first, because that is what comes in floods; then what no
 * network may bring (martian.h).  What is neither IPv4 nor IPv6 passes, as does a frame whose IP
 * header does not lie in its first buffer, which no driver makes: the stack looks at it itself.
 */
#include "bpf/lib/martian.h"
#include "bpf/lib/xdp_drop.h"

#define VLAN_TAGS_MAX 2

struct vlan_tag {
	__be16 tag;
	__be16 ethertype;
};

/** edge_l3 - where the network layer begins, behind up to two VLAN tags; NULL = not in sight */
static __always_inline void *edge_l3(void *data, void *end, struct edge *f)
{
	struct ethhdr *eth = data;
	void *at = eth + 1;

	if (at > end)
		return NULL;
	f->ethertype = eth->h_proto;
	f->l3 = sizeof(*eth);
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *vlan = at;

		if (f->ethertype != bpf_htons(ETH_P_8021Q) &&
		    f->ethertype != bpf_htons(ETH_P_8021AD))
			break;
		at = vlan + 1;
		if (at > end)
			return NULL;
		f->ethertype = vlan->ethertype;
		f->l3 += sizeof(*vlan);
	}
	return at;
}

/** edge_cut - there is less in sight than a header: the frame's end, or only that of a buffer? */
static __noinline int edge_cut(struct xdp_md *ctx, struct edge *f)
{
	__u32 seen = f->len;

	f->len = bpf_xdp_get_buff_len(ctx);
	return seen < f->len ? 0 : -AXO_DROP_TOO_SHORT;
}

/** edge_room - what there is from l3 on; a helper is called only if @need is more than in sight */
static __always_inline __u32 edge_room(struct xdp_md *ctx, struct edge *f, __u32 need)
{
	if (f->l3 + need > f->len)
		f->len = bpf_xdp_get_buff_len(ctx);
	return f->len - f->l3;
}

static __always_inline int edge_ipv4(struct xdp_md *ctx, struct edge *f, void *l3)
{
	void *end = (void *)(long)ctx->data_end;
	const struct axo_pf_header *h = pf_header();
	struct iphdr *ip = l3;
	__u32 room;

	if ((void *)(ip + 1) > end)
		return edge_cut(ctx, f);
	f->family = 4;
	f->proto = ip->protocol;
	f->src[0] = f->dst[0] = 0;
	f->src[1] = 0xffff00000000ULL | bpf_ntohl(ip->saddr);
	f->dst[1] = 0xffff00000000ULL | bpf_ntohl(ip->daddr);
	f->verdict = h ? pf_denies4(h, bpf_ntohl(ip->saddr)) : 0;
	room = edge_room(ctx, f, bpf_ntohs(ip->tot_len));
	if (f->verdict)
		return -AXO_DROP_PREFILTER;
	return martian_check4(ip, end, room);
}

static __always_inline int edge_ipv6(struct xdp_md *ctx, struct edge *f, void *l3)
{
	void *end = (void *)(long)ctx->data_end;
	const struct axo_pf_header *h = pf_header();
	struct ipv6hdr *ip6 = l3;
	const __be32 *a;
	__u32 room;

	if ((void *)(ip6 + 1) > end)
		return edge_cut(ctx, f);
	f->family = 6;
	f->proto = ip6->nexthdr;
	a = ip6->saddr.in6_u.u6_addr32;
	f->src[0] = (__u64)bpf_ntohl(a[0]) << 32 | bpf_ntohl(a[1]);
	f->src[1] = (__u64)bpf_ntohl(a[2]) << 32 | bpf_ntohl(a[3]);
	a = ip6->daddr.in6_u.u6_addr32;
	f->dst[0] = (__u64)bpf_ntohl(a[0]) << 32 | bpf_ntohl(a[1]);
	f->dst[1] = (__u64)bpf_ntohl(a[2]) << 32 | bpf_ntohl(a[3]);
	f->verdict = h ? pf_denies6(h, f->src[0], f->src[1]) : 0;
	room = edge_room(ctx, f, sizeof(*ip6) + bpf_ntohs(ip6->payload_len));
	if (f->verdict)
		return -AXO_DROP_PREFILTER;
	return martian_check6(ip6, room, f->src, f->dst);
}

static __always_inline int edge(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 len = end - data;
	struct edge f = {};
	void *l3;
	int rc = 0;

	/* Pointers must not be subtracted in 32 bits, which the compiler would like to do. */
	asm volatile("" : "+r"(len));
	f.len = len;
	l3 = edge_l3(data, end, &f);
	if (!l3)
		rc = edge_cut(ctx, &f);
	else if (f.ethertype == bpf_htons(ETH_P_IP))
		rc = edge_ipv4(ctx, &f, l3);
	else if (f.ethertype == bpf_htons(ETH_P_IPV6))
		rc = edge_ipv6(ctx, &f, l3);
	return rc < 0 ? xdp_drop(ctx, &f, -rc) : XDP_PASS;
}

SEC("xdp.frags")
int xdp_edge(struct xdp_md *ctx)
{
	return edge(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
