/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the datapath itself says on a TCP flow: the words, and a segment to be sent (l7_answer.h). */
#ifndef BPF_LIB_L7_REPLY_H
#define BPF_LIB_L7_REPLY_H

#include "bpf/lib/config.h"

#define L7_TEXT_MAX 128

/** enum l7_text - payload of a segment */
enum l7_text {
	L7_TEXT_NONE = 0,
	L7_TEXT_403, /* denied by policy */
	L7_TEXT_503, /* a fault of an experiment */
	L7_TEXTS,
};

#define L7_HEADERS(length) \
	"Content-Type: text/plain\r\nContent-Length: " length "\r\nConnection: close\r\n\r\n"

static const char l7_text_bytes[L7_TEXTS][L7_TEXT_MAX] = {
	[L7_TEXT_403] = "HTTP/1.1 403 Forbidden\r\n" L7_HEADERS("13") "Access denied",
	[L7_TEXT_503] = "HTTP/1.1 503 Service Unavailable\r\n" L7_HEADERS("14") "Fault injected",
};

/** l7_text_len - bytes of @text (enum l7_text) */
static __always_inline __u32 l7_text_len(__u32 text)
{
	if (text == L7_TEXT_403)
		return __builtin_strlen(
			"HTTP/1.1 403 Forbidden\r\n" L7_HEADERS("13") "Access denied");
	if (text == L7_TEXT_503)
		return __builtin_strlen(
			"HTTP/1.1 503 Service Unavailable\r\n" L7_HEADERS("14") "Fault injected");
	return 0;
}

/**
 * struct l7_reply - a segment to send
 * @seq:   host order
 * @ack:   host order; only with TCP_ACK
 * @ts:    TSval and TSecr as on the wire, if @stamped
 * @text:  enum l7_text
 * @flags: TCP_*
 * @stamped: it carries timestamps (RFC 7323)
 * @back:  to the sender of the packet in hand, else to its receiver
 */
struct l7_reply {
	__u32 seq;
	__u32 ack;
	__be32 ts[2];
	__u8 text;
	__u8 flags;
	__u8 stamped;
	__u8 back;
};

#endif
