/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS messages (RFC 1035, 4; EDNS: RFC 6891): a query's question, and the addresses that an
 * answer gives for it.  Pure: the same code is compiled for unit tests and fuzzers.
 *
 * Of a query: one question of class IN, nothing in the answer and authority sections, a name
 * without compression.  Anything else is malformed.
 *
 * Of an answer: addresses are collected whose owner is the name that was asked, or the end of the
 * chain of CNAMEs that starts there, records in the order of the chain.  A record of another name
 * is passed over.  One record that is malformed makes all of it worthless.
 */
#ifndef BPF_LIB_DNS_MESSAGE_H
#define BPF_LIB_DNS_MESSAGE_H

#include "bpf/lib/dns_name.h"

#define DNS_TYPE_A 1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_AAAA 28
#define DNS_TYPE_OPT 41
#define DNS_CLASS_IN 1

/* Bytes 2 and 3 of the header */
#define DNS_QR 0x80
#define DNS_OPCODE 0x78
#define DNS_TC 0x02
#define DNS_RD 0x01
#define DNS_RA 0x80
#define DNS_RCODE 0x0f
#define DNS_REFUSED 5

/** dns_question_read - the one question, into w->question; false: malformed */
static __always_inline bool dns_question_read(struct dns_work *w)
{
	if (w->len < DNS_HEADER_LEN || w->len > DNS_MESSAGE_MAX || dns_word(w, 4) != 1 ||
	    (dns_byte(w, 2) & DNS_OPCODE) || !dns_name_read(w, DNS_HEADER_LEN))
		return false;
	/* There is nothing in front of the name that a pointer could lead to. */
	w->end = w->after + 4;
	if (w->end > w->len || w->end > DNS_QUESTION_MAX ||
	    dns_word(w, w->after + 2) != DNS_CLASS_IN)
		return false;
	w->type = dns_word(w, w->after);
	w->question = w->name;
	return true;
}

/** dns_query_read - fill @w from w->msg: question and EDNS; false: malformed */
static __noinline bool dns_query_read(struct dns_work *w)
{
	__u32 at;

	w->edns_at = 0;
	if (!dns_question_read(w) || (dns_byte(w, 2) & DNS_QR) || dns_word(w, 6) || dns_word(w, 8))
		return false;
	at = w->end;
	/* Only if it is the one additional record: a signature (TSIG) covers what is before it. */
	if (dns_word(w, 10) == 1 && at + 11 <= w->len && !dns_byte(w, at) &&
	    dns_word(w, at + 1) == DNS_TYPE_OPT)
		w->edns_at = at + 3;
	return true;
}

/** dns_owner_read - the owner of the record at w->pos: w->after is behind it; is it w->current? */
static __always_inline bool dns_owner_read(struct dns_work *w)
{
	__u32 at = w->pos;

	/* Nearly always: a pointer to the very same name. */
	if (at + 2 <= w->len && dns_byte(w, at) >= 0xc0 &&
	    (dns_word(w, at) & 0x3fff) == w->current.at) {
		w->after = at + 2;
		return true;
	}
	if (!dns_name_read(w, at)) {
		w->bad = 1;
		return false;
	}
	return dns_name_is_current(w);
}

static __always_inline void dns_address_add(struct dns_work *w, __u32 data, bool v6)
{
	struct dns_address *a;
	__u32 n = w->count;

	if (n >= DNS_ADDRESSES_MAX)
		return;
	a = &w->address[n];
	for (int i = 0; i < 16; i++) {
		__u8 mapped = i < 10 ? 0 : 0xff;

		a->addr.b[i] = v6	? dns_byte(w, data + i)
			       : i < 12 ? mapped
					: dns_byte(w, data + i - 12);
	}
	a->ttl_s = w->ttl_s;
	w->count = n + 1;
}

/** dns_chain - a record of class IN that belongs to w->current, with its data at @data */
static __always_inline void dns_chain(struct dns_work *w, __u16 type, __u32 data, __u32 len)
{
	if (type == DNS_TYPE_CNAME) {
		if (dns_name_read(w, data) && w->after == data + len)
			w->current = w->name;
		else
			w->bad = 1;
	}
	if (type == DNS_TYPE_A && len == 4)
		dns_address_add(w, data, false);
	if (type == DNS_TYPE_AAAA && len == 16)
		dns_address_add(w, data, true);
}

static long dns_record_step(__u32 i, void *ctx)
{
	struct dns_work *w = ((struct dns_ctx *)ctx)->w;
	__u32 at, ttl_s, len, before;
	bool ours;

	(void)i;
	ours = dns_owner_read(w);
	at = w->after;
	if (w->bad || at + 10 > w->len)
		goto bad;
	len = dns_word(w, at + 8);
	if (at + 10 + len > w->len)
		goto bad;
	ttl_s = (__u32)dns_word(w, at + 4) << 16 | dns_word(w, at + 6);
	before = w->ttl_s;
	if (ours && dns_word(w, at + 2) == DNS_CLASS_IN) {
		/* RFC 2181, 8: the highest bit means 0. */
		ttl_s = ttl_s >> 31 ? 0 : ttl_s;
		w->ttl_s = ttl_s < before ? ttl_s : before;
		dns_chain(w, dns_word(w, at), at + 10, len);
		if (dns_word(w, at) != DNS_TYPE_CNAME)
			w->ttl_s = before;
	}
	w->pos = at + 10 + len;
	return w->bad != 0;
bad:
	w->bad = 1;
	return 1;
}

/**
 * dns_answer_read - fill @w from w->msg: question and addresses
 * Return: it is well-formed.  w->count is 0 for an error, a truncated answer, or none.
 */
static __noinline bool dns_answer_read(struct dns_work *w)
{
	struct dns_ctx ctx = {.w = w};
	__u32 records;

	w->count = 0;
	w->bad = 0;
	if (!dns_question_read(w) || !(dns_byte(w, 2) & DNS_QR))
		return false;
	if ((dns_byte(w, 2) & DNS_TC) || (dns_byte(w, 3) & DNS_RCODE))
		return true;
	records = dns_word(w, 6);
	w->current = w->question;
	w->ttl_s = ~0u >> 1;
	w->pos = w->end;
	loop_run(records < DNS_RECORDS_MAX ? records : DNS_RECORDS_MAX, dns_record_step, &ctx);
	if (w->bad)
		w->count = 0;
	return !w->bad;
}

#endif
