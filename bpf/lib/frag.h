/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Fragments: only the first one has ports; axo_frag remembers them for the others.
 *
 * The key holds the device, so no pod adds to another's datagram.  The table is LRU: whoever
 * sends many first fragments makes others' datagrams in flight unknown (worst outcome: their
 * later fragments are dropped as FRAG_NO_FIRST).  Nothing ever removes an entry: an id that
 * comes round again overwrites it with its own first fragment.
 */
#ifndef BPF_LIB_FRAG_H
#define BPF_LIB_FRAG_H

#include "bpf/lib/packet.h"

/** frag_resolve - first: remember the ports; later: complete the key.  0 or -AXO_DROP_x */
static __noinline int frag_resolve(struct __sk_buff *skb, struct packet *p)
{
	struct axo_frag_key key = {
		.saddr = *packet_src(p),
		.daddr = *packet_dst(p),
		.id = p->frag_id,
		.ifindex = skb->ifindex,
		.proto = p->family == 6 ? 0 : p->key.proto,
	};
	struct ends ends = {.src = key.saddr, .dst = key.daddr};
	const struct axo_frag *first;
	struct axo_frag ports = {.proto = p->key.proto};

	if (p->kind == PACKET_FRAG_FIRST) {
		ports.sport = p->side ? p->key.port[1] : p->key.port[0];
		ports.dport = p->side ? p->key.port[0] : p->key.port[1];
		ports.icmp_type = p->icmp_type;
		ports.icmp_role = p->icmp_role;
		/* -ENOMEM: the later fragments are dropped with their own reason. */
		bpf_map_update_elem(&axo_frag, &key, &ports, BPF_ANY);
		return 0;
	}
	first = bpf_map_lookup_elem(&axo_frag, &key);
	if (!first)
		return -AXO_DROP_FRAG_NO_FIRST;
	ends.sport = first->sport;
	ends.dport = first->dport;
	p->icmp_type = first->icmp_type;
	p->icmp_role = first->icmp_role;
	packet_set_ends(p, &ends, first->proto);
	packet_set_asker(p);
	return 0;
}

#endif
