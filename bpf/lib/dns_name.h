/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names in DNS messages (RFC 1035, 3.1 and 4.1.4), and what is known of a message.  Pure: the same
 * code is compiled for unit tests and fuzzers.
 *
 * The message and everything that is known of it lie in one struct dns_work (map memory).
 *
 * Names become text: lower case, labels joined by dots, the root empty.  A dot inside a label
 * becomes a 0 byte, which is in no name of a rule.  Names may be compressed; a pointer must lead to
 * before the name that it is in, and before every pointer that led there, so there are no loops.
 */
#ifndef BPF_LIB_DNS_NAME_H
#define BPF_LIB_DNS_NAME_H

#include "axoneme/address.h"

/** DNS_MESSAGE_MAX - longer messages are not read; a power of two */
#define DNS_MESSAGE_MAX 4096
#define DNS_HEADER_LEN 12
/** DNS_RECORDS_MAX - records of an answer that are looked at */
#define DNS_RECORDS_MAX 128
/** DNS_ADDRESSES_MAX - addresses of an answer that are taken */
#define DNS_ADDRESSES_MAX 64
/** DNS_QUESTION_MAX - a question's last byte is before this offset: header, name, type, class */
#define DNS_QUESTION_MAX (DNS_HEADER_LEN + 255 + 4)

/* Steps of one name: every byte, every label's length, and pointers. */
#define DNS_NAME_STEPS 384

/** struct dns_name - @text is not terminated; @at: where it starts in the message */
struct dns_name {
	__u16 len;
	__u16 at;
	__u32 pad;
	__u8 text[256];
};

/** struct dns_address - @ttl_s: the smallest on the way to it */
struct dns_address {
	struct axo_addr addr;
	__u32 ttl_s;
	__u32 pad;
};

/** enum dns_walk - of the name that is being read */
enum dns_walk {
	DNS_WALK_ON = 0,
	DNS_WALK_DONE,
	DNS_WALK_BAD,
};

/**
 * struct dns_work - a message, and what is known of it
 * @len:      bytes in @msg
 * @pos:      where the walk stands
 * @limit:    pointers of the name must lead to before it
 * @after:    what follows the name; 0 = not known yet
 * @left:     bytes left of the label
 * @walk:     enum dns_walk
 * @bad:      the message is malformed
 * @equal:    of the two names that were compared
 * @type:     of the question
 * @end:      of the question: offset of what follows it
 * @edns_at:  offset of the EDNS buffer size of a query; 0 = none
 * @ttl_s:    of the chain so far
 * @count:    of @address
 * @name:     that was read last
 * @question: the name that is asked for
 * @current:  the end of the chain
 */
struct dns_work {
	__u32 len;
	__u32 pos;
	__u32 limit;
	__u32 after;
	__u8 left;
	__u8 walk;
	__u8 bad;
	__u8 equal;
	__u16 type;
	__u16 end;
	__u16 edns_at;
	__u16 pad;
	__u32 ttl_s;
	__u32 count;
	struct dns_name name;
	struct dns_name question;
	struct dns_name current;
	struct dns_address address[DNS_ADDRESSES_MAX];
	__u8 msg[DNS_MESSAGE_MAX];
};

/** struct dns_ctx - what steps get: a pointer on the stack to what lies in a map */
struct dns_ctx {
	struct dns_work *w;
};

static __always_inline __u8 dns_byte(const struct dns_work *w, __u32 at)
{
	return w->msg[at & (DNS_MESSAGE_MAX - 1)];
}

static __always_inline __u16 dns_word(const struct dns_work *w, __u32 at)
{
	return dns_byte(w, at) << 8 | dns_byte(w, at + 1);
}

static __always_inline void dns_name_add(struct dns_work *w, __u8 c)
{
	w->name.text[w->name.len & 255] = c;
	w->name.len++;
}

static __always_inline long dns_walk_end(struct dns_work *w, enum dns_walk how)
{
	w->walk = how;
	return 1;
}

/** dns_walk_label - a label's length byte, or a pointer */
static __always_inline long dns_walk_label(struct dns_work *w, __u8 c)
{
	__u32 to;

	if (!c) {
		if (!w->after)
			w->after = w->pos + 1;
		return dns_walk_end(w, DNS_WALK_DONE);
	}
	if (c >= 0xc0) {
		to = (c & 0x3f) << 8 | dns_byte(w, w->pos + 1);
		if (w->pos + 1 >= w->len || to >= w->limit || to < DNS_HEADER_LEN)
			return dns_walk_end(w, DNS_WALK_BAD);
		if (!w->after)
			w->after = w->pos + 2;
		w->limit = to;
		w->pos = to;
		return 0;
	}
	if (c > 63 || w->name.len + c + 1 > 254)
		return dns_walk_end(w, DNS_WALK_BAD);
	if (w->name.len)
		dns_name_add(w, '.');
	w->left = c;
	w->pos++;
	return 0;
}

static long dns_walk_step(__u32 i, void *ctx)
{
	struct dns_work *w = ((struct dns_ctx *)ctx)->w;
	__u8 c;

	(void)i;
	if (w->pos >= w->len)
		return dns_walk_end(w, DNS_WALK_BAD);
	c = dns_byte(w, w->pos);
	if (!w->left)
		return dns_walk_label(w, c);
	if (c >= 'A' && c <= 'Z')
		c |= 0x20;
	dns_name_add(w, c == '.' ? 0 : c);
	w->left--;
	w->pos++;
	return 0;
}

/** dns_name_read - the name at @at into w->name; true: it is a name, and w->after is behind it */
static __noinline bool dns_name_read(struct dns_work *w, __u32 at)
{
	struct dns_ctx ctx = {.w = w};

	w->pos = at;
	w->limit = at;
	w->after = 0;
	w->left = 0;
	w->walk = DNS_WALK_ON;
	w->name.len = 0;
	w->name.at = at;
	loop_run(DNS_NAME_STEPS, dns_walk_step, &ctx);
	return w->walk == DNS_WALK_DONE;
}

static long dns_compare_step(__u32 i, void *ctx)
{
	struct dns_work *w = ((struct dns_ctx *)ctx)->w;

	if (i >= w->name.len)
		return 1;
	w->equal = w->name.text[i & 255] == w->current.text[i & 255];
	return !w->equal;
}

/** dns_name_is_current - is w->name the end of the chain? */
static __noinline bool dns_name_is_current(struct dns_work *w)
{
	struct dns_ctx ctx = {.w = w};

	w->equal = w->name.len == w->current.len;
	if (w->equal)
		loop_run(256, dns_compare_step, &ctx);
	return w->equal;
}

#endif
