/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Conversations under chaos: A talks to B's port 80, segment by segment; a packet that is held
 * leaves with a tag for its MACs.
 */
#ifndef TESTS_BPF_CHAOS_TALK_H
#define TESTS_BPF_CHAOS_TALK_H

#include "tests/bpf/chaos.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define ALL AXO_CHAOS_ONE
#define DELAY (50 * CHAOS_MS)

/** struct talk - a TCP connection from A to B, and where its two ends stand */
struct talk {
	struct fixture *x;
	bool v6;
	uint16_t port;
	uint32_t seq[2];
};

/** talk_new - with a port of its own; nothing is sent yet */
struct talk talk_new(struct fixture *x);

/** segment - of @end, at @seq, with @text for payload; says: its next bytes */
struct outcome segment(struct talk *t, enum axo_chaos_end end, uint32_t seq, uint8_t flags,
		       const char *text);
struct outcome says(struct talk *t, enum axo_chaos_end end, uint8_t flags, const char *text);

/** asks, answers - the client, the server says @text */
struct outcome asks(struct talk *t, const char *text);
struct outcome answers(struct talk *t, const char *text);
void handshake(struct talk *t);

/** is_held - is it on its way into the delay line?  @tag: what it carries */
bool is_held(const struct outcome *o, struct axo_delay_tag *tag);

/** assert_held - for @delay_ns from @sent_ns or a little later: the machine may be slow */
void assert_held(struct outcome o, uint64_t sent_ns, uint64_t delay_ns);

/** assert_passes - delivered, not held */
void assert_passes(struct outcome o);

/** experiment_of - experiment 1: one rule for all requests, with @delay_ns for each delay */
void experiment_of(struct fixture *x, uint32_t actions, uint64_t delay_ns);

#endif
