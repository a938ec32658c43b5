/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is done with a DNS message, whatever carried it: is the query's name allowed, and was the
 * answer asked for?
 */
#ifndef BPF_LIB_DNS_JUDGE_H
#define BPF_LIB_DNS_JUDGE_H

#include "bpf/lib/fqdn_learn.h"

/** dns_name_allowed - by the flow's table, of the name that is asked for */
static __noinline bool dns_name_allowed(struct dns_state *s)
{
	const struct axo_name_row *row;

	if (!s->table)
		return false;
	s->match.len = s->w.question.len;
	row = name_match(&s->match, s->w.question.text, s->table, NULL);
	return row && row->accept;
}

static __always_inline void dns_asked_key(const struct packet *p, struct dns_state *s)
{
	s->asked_key.flow = p->key;
	s->asked_key.id = *(__be16 *)s->w.msg;
}

/** dns_asked_put - note an allowed query */
static __noinline void dns_asked_put(const struct packet *p, struct dns_state *s)
{
	dns_asked_key(p, s);
	s->asked.asked_s = flow_now_s();
	s->asked.type = s->w.type;
	s->asked.len = s->w.question.len;
	__builtin_memcpy(s->asked.name, s->w.question.text, sizeof(s->asked.name));
	bpf_map_update_elem(&axo_dns_query, &s->asked_key, &s->asked, BPF_ANY);
}

/** struct dns_same - what a step gets: @asked is in the map, s->w has what came */
struct dns_same {
	struct dns_state *s;
	const struct axo_dns_query *asked;
};

static long dns_same_step(__u32 i, void *ctx)
{
	struct dns_same *c = ctx;

	if (i >= c->s->w.question.len)
		return 1;
	c->s->w.equal = c->asked->name[i & 255] == c->s->w.question.text[i & 255];
	return !c->s->w.equal;
}

/** dns_was_asked - is the answer in s->w to a query of this flow? */
static __noinline bool dns_was_asked(const struct packet *p, struct dns_state *s)
{
	struct dns_same ctx = {.s = s};

	dns_asked_key(p, s);
	ctx.asked = bpf_map_lookup_elem(&axo_dns_query, &s->asked_key);
	if (!ctx.asked || flow_now_s() - ctx.asked->asked_s > AXO_DNS_QUERY_S)
		return false;
	s->w.equal = ctx.asked->len == s->w.question.len && ctx.asked->type == s->w.type;
	if (s->w.equal)
		bpf_loop(256, dns_same_step, &ctx, 0);
	return s->w.equal;
}

/**
 * dns_answer_learn - from the answer in s->w, if it was asked for and is well-formed
 *
 * It is the only one to its question, whatever it says: what comes later nobody waits for but who
 * guesses.
 */
static __always_inline void dns_answer_learn(const struct packet *p, struct dns_state *s)
{
	if (!dns_answer_read(&s->w) || !dns_was_asked(p, s))
		return;
	bpf_map_delete_elem(&axo_dns_query, &s->asked_key);
	fqdn_learn(s);
}

#endif
