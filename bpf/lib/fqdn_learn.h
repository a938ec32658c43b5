/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Learning from an answer (include/axoneme/fqdn.h): the selectors that its name matches, for
 * every address in it.
 *
 * Accepted races:
 *      1. Two CPUs set a slot at the same time: each compares and swaps; who loses tries once
 *         more, and gives up if it loses again.  The answer teaches one selector less.
 *      2. axo_fqdn_name is written in place: two answers to one name at the same time may both
 *         use one place, and an address is missing from the list of names.  It is allowed.
 *      3. The agent deletes an entry that ran out long ago just while it is written.  It looks
 *         at what it deleted, and puts back what is alive.
 */
#ifndef BPF_LIB_FQDN_LEARN_H
#define BPF_LIB_FQDN_LEARN_H

#include "bpf/lib/count.h"
#include "bpf/lib/dns_work.h"
#include "bpf/lib/flow.h"

/** FQDN_TTL_MAX_S - longer ones are cut to it */
#define FQDN_TTL_MAX_S 604800

/** fqdn_slot_find - the slot of @selector, else the one that is free or expires first */
static __always_inline __u32 fqdn_slot_find(const struct axo_fqdn *e, __u32 selector)
{
	__u32 best = 0, best_s = ~0u;

	for (int i = 0; i < AXO_FQDN_SLOTS; i++) {
		__u64 v = e->slot[i];

		if (AXO_FQDN_SELECTOR(v) == selector)
			return i;
		if (AXO_FQDN_EXPIRES_S(v) < best_s) {
			best = i;
			best_s = AXO_FQDN_EXPIRES_S(v);
		}
	}
	return best;
}

/** fqdn_slot_set - @e has @selector until @expires_s at least; false: another CPU was faster */
VERIFIED_ONCE bool fqdn_slot_set(struct axo_fqdn *e, __u32 selector, __u32 expires_s)
{
	__u64 old, *slot;

	if (!e)
		return false;
	slot = &e->slot[fqdn_slot_find(e, selector) & (AXO_FQDN_SLOTS - 1)];
	old = *(volatile __u64 *)slot;
	if (AXO_FQDN_SELECTOR(old) == selector && AXO_FQDN_EXPIRES_S(old) >= expires_s)
		return true;
	return __sync_val_compare_and_swap(slot, old, AXO_FQDN_SLOT(expires_s, selector)) == old;
}

/** fqdn_slot_end - @selector of @e runs out now; false: another CPU was faster */
VERIFIED_ONCE bool fqdn_slot_end(struct axo_fqdn *e, __u32 selector, __u32 now_s)
{
	__u64 old, *slot;

	if (!e)
		return false;
	slot = &e->slot[fqdn_slot_find(e, selector) & (AXO_FQDN_SLOTS - 1)];
	old = *(volatile __u64 *)slot;
	if (AXO_FQDN_SELECTOR(old) != selector)
		return true;
	return __sync_val_compare_and_swap(slot, old, AXO_FQDN_SLOT(now_s, selector)) == old;
}

/** fqdn_forget - an address is too many for its name: s->key */
static __always_inline void fqdn_forget(struct dns_state *s)
{
	struct axo_fqdn *e = bpf_map_lookup_elem(&axo_fqdn, &s->key);

	for (int i = 0; e && i < AXO_NAME_SELECTORS; i++) {
		if (!s->list[i])
			break;
		fqdn_slot_end(e, s->list[i], s->now_s);
	}
}

/** struct fqdn_scan - what a step gets */
struct fqdn_scan {
	struct dns_state *s;
	const struct axo_fqdn_name *n;
};

static long fqdn_place_step(__u32 i, void *ctx)
{
	struct fqdn_scan *c = ctx;
	const struct axo_fqdn_address *a = &c->n->address[i & (AXO_FQDN_ADDRESSES - 1)];

	if (a->expires_s && addr_equal(&a->addr, &c->s->key.addr)) {
		c->s->place = i;
		return 1;
	}
	if (a->expires_s < c->s->place_s) {
		c->s->place = i;
		c->s->place_s = a->expires_s;
	}
	return 0;
}

/** fqdn_place - the address's place among those of its name, else the first to run out */
static __always_inline __u32 fqdn_place(struct dns_state *s, const struct axo_fqdn_name *n)
{
	struct fqdn_scan ctx = {.s = s, .n = n};

	s->place = 0;
	s->place_s = ~0u;
	bpf_loop(AXO_FQDN_ADDRESSES, fqdn_place_step, &ctx, 0);
	return s->place & (AXO_FQDN_ADDRESSES - 1);
}

/** fqdn_name_add - s->key's address is one of the name's; the one in its way is forgotten */
static __noinline void fqdn_name_add(struct dns_state *s)
{
	struct axo_fqdn_name *n = bpf_map_lookup_elem(&axo_fqdn_name, &s->name_key);
	struct axo_fqdn_address *at;
	struct axo_addr addr = s->key.addr;

	if (!n) {
		bpf_map_update_elem(&axo_fqdn_name, &s->name_key, &s->no_name, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&axo_fqdn_name, &s->name_key);
		if (!n)
			return;
	}
	at = &n->address[fqdn_place(s, n)];
	if (addr_equal(&at->addr, &addr)) {
		if (at->expires_s < s->expires_s)
			at->expires_s = s->expires_s;
		return;
	}
	if (at->expires_s > s->now_s) {
		s->key.addr = at->addr;
		fqdn_forget(s);
	}
	at->addr = addr;
	at->expires_s = s->expires_s;
}

/** fqdn_entry - of s->key, made if it is not there; NULL: no memory */
static __always_inline struct axo_fqdn *fqdn_entry(struct dns_state *s)
{
	struct axo_fqdn *e = bpf_map_lookup_elem(&axo_fqdn, &s->key);

	if (e)
		return e;
	/* What a new name starts with is longer, and zero. */
	bpf_map_update_elem(&axo_fqdn, &s->key, &s->no_name, BPF_NOEXIST);
	return bpf_map_lookup_elem(&axo_fqdn, &s->key);
}

/** fqdn_learn_one - s->key until s->expires_s */
static __always_inline void fqdn_learn_one(struct dns_state *s)
{
	struct axo_fqdn *e = fqdn_entry(s);

	if (!e) {
		count_add(AXO_COUNT_FQDN_FULL);
		return;
	}
	for (int i = 0; i < AXO_NAME_SELECTORS; i++) {
		__u32 selector = s->list[i];

		if (!selector)
			break;
		if (!fqdn_slot_set(e, selector, s->expires_s))
			fqdn_slot_set(e, selector, s->expires_s);
	}
	fqdn_name_add(s);
	count_add(AXO_COUNT_FQDN_LEARNED);
}

/** struct fqdn_ctx - what a step gets */
struct fqdn_ctx {
	struct dns_state *s;
};

static long fqdn_learn_step(__u32 i, void *ctx)
{
	struct dns_state *s = ((struct fqdn_ctx *)ctx)->s;
	const struct dns_address *a = &s->w.address[i & (DNS_ADDRESSES_MAX - 1)];
	__u32 ttl_s = a->ttl_s;

	if (i >= s->w.count)
		return 1;
	if (ttl_s < axo_cfg.fqdn_min_ttl_s)
		ttl_s = axo_cfg.fqdn_min_ttl_s;
	if (ttl_s > FQDN_TTL_MAX_S)
		ttl_s = FQDN_TTL_MAX_S;
	s->key = (struct axo_fqdn_key){.addr = a->addr, .endpoint = s->endpoint, .mac = s->mac};
	s->expires_s = s->now_s + ttl_s;
	fqdn_learn_one(s);
	return 0;
}

/** fqdn_selectors - those that the question's name matches, into s->list; false: none */
static __noinline bool fqdn_selectors(struct dns_state *s)
{
	const struct axo_name_row *row;
	void *rows = NULL;
	__u32 at;

	s->match.len = s->w.question.len;
	row = name_match(&s->match, s->w.question.text, AXO_NAME_TABLE_FQDN, &rows);
	if (!row || !rows || !row->accept)
		return false;
	at = row->accept;
	row = bpf_map_lookup_elem(rows, &at);
	if (!row)
		return false;
	__builtin_memcpy(s->list, row->selector, sizeof(s->list));
	return true;
}

static long fqdn_copy_step(__u32 i, void *ctx)
{
	struct dns_state *s = ((struct fqdn_ctx *)ctx)->s;

	s->name_key.name[i & 255] = i < s->w.question.len ? s->w.question.text[i & 255] : 0;
	return 0;
}

/** fqdn_learn - everything that the answer in s->w teaches */
static __noinline void fqdn_learn(struct dns_state *s)
{
	struct fqdn_ctx ctx = {.s = s};

	if (!s->w.count || !fqdn_selectors(s))
		return;
	s->now_s = flow_now_s();
	s->name_key.endpoint = s->endpoint;
	s->name_key.mac = s->mac;
	bpf_loop(256, fqdn_copy_step, &ctx, 0);
	bpf_loop(DNS_ADDRESSES_MAX, fqdn_learn_step, &ctx, 0);
}

#endif
