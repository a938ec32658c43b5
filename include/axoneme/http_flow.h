/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections with HTTP rules: what the program http knows of one (map axo_http_flow).
 *
 * Key: struct axo_flow_key, as in axo_flow.  A plain hash: nothing is ever evicted from it, for a
 * connection without its entry is reset; the agent deletes what has no flow any more.  An entry is
 * made by the server's SYN-ACK, so no forged SYN starts a connection anew.  The client is the end
 * that opened the connection (axo_flow.originator), the server the other one.
 *
 * Writers: programs; @busy says which CPU has the entry.  The server's acknowledgements alone are
 * written without it (axo_l7_tcp.acked, one aligned word).
 */
#ifndef AXONEME_HTTP_FLOW_H
#define AXONEME_HTTP_FLOW_H

#include "axoneme/http.h"
#include "axoneme/l7_tcp.h"

#define AXO_MAX_HTTP_FLOWS 131072
#define AXO_HTTP_SEEN 256 /* bytes of a request head that are kept for events */

/**
 * enum axo_http_flow_mode
 * @AXO_HTTP_FLOW_OPEN:     packets are judged
 * @AXO_HTTP_FLOW_ANSWERED: a request was answered by the program, which now is the client's other
 *                          end: it acknowledges what comes and repeats the answer until it has
 *                          arrived.  Whatever the server sends is answered with a reset
 * @AXO_HTTP_FLOW_RESET:    both ends were sent a reset; so is what they still send
 */
enum axo_http_flow_mode {
	AXO_HTTP_FLOW_OPEN = 0,
	AXO_HTTP_FLOW_ANSWERED = 1,
	AXO_HTTP_FLOW_RESET = 2,
};

/**
 * struct axo_http_flow
 * @busy:        1 while a CPU works on the entry
 * @mode:        enum axo_http_flow_mode
 * @text:        ANSWERED: which answer (enum l7_text of bpf/lib/l7_answer.h)
 * @watched:     the program watch has let packets pass in any order: nothing can be enforced
 * @heard:       watch: the server has sent since the client did
 * @server_first: the server's initial sequence number + 1, host order as all that follow
 * @server_next: end of what the server has sent
 * @answer_seq:  ANSWERED: of the first byte of the answer
 * @answer_end:  ANSWERED: behind its FIN
 * @client_end:  ANSWERED: end of what the client has sent
 * @turns:       requests since the last response began; more than one: they are pipelined
 * @request_ns:  when the last head of a request was complete, CLOCK_MONOTONIC
 * @rule:        by enum axo_dir: of the last request (struct axo_http_result)
 * @seen_len:    of @seen
 * @pad:         zero
 * @seen:        first bytes of the last request's head, while somebody watches; at most
 *               AXO_HTTP_SEEN are meant
 * @tcp:         order of what the client sends
 * @http:        readers of both directions
 */
struct axo_http_flow {
	__u32 busy;
	__u8 mode;
	__u8 text;
	__u8 watched;
	__u8 heard;
	__u32 server_first;
	__u32 server_next;
	__u32 answer_seq;
	__u32 answer_end;
	__u32 client_end;
	__u32 turns;
	__u64 request_ns;
	__u32 rule[2];
	__u16 seen_len;
	__u8 pad[6];
	__u8 seen[2 * AXO_HTTP_SEEN];
	struct axo_l7_tcp tcp;
	struct axo_http_conn http;
};

#endif
