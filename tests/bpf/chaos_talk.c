// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Conversations under chaos; see chaos_talk.h. */
#include "tests/bpf/chaos_talk.h"

#include <netinet/in.h>
#include <string.h>

struct talk talk_new(struct fixture *x)
{
	static uint16_t port = 20000;

	return (struct talk){.x = x, .port = port++, .seq = {0xfffffff0, 77}};
}

static void put_be32(uint8_t *at, uint32_t v)
{
	v = htonl(v);
	memcpy(at, &v, 4);
}

/** segment - of @end, at @seq, with @text for payload */
struct outcome segment(struct talk *t, enum axo_chaos_end end, uint32_t seq, uint8_t flags,
		       const char *text)
{
	bool server = end == AXO_CHAOS_SERVER;
	const char *a = t->v6 ? A6 : A4, *b = t->v6 ? B6 : B4;
	struct frame f;

	frame_eth(&f, GW_MAC, server ? B_MAC : A_MAC, 0);
	frame_ip(&f, server ? b : a, server ? a : b);
	frame_tcp(&f, server ? 80 : t->port, server ? t->port : 80, flags);
	put_be32(f.b + f.l4 + 4, seq);
	put_be32(f.b + f.l4 + 8, t->seq[!server]);
	frame_payload(&f, text, strlen(text));
	frame_finish(&f);
	return from_pod(t->x, server ? POD_B : POD_A, &f);
}

/** says - the next bytes of @end */
struct outcome says(struct talk *t, enum axo_chaos_end end, uint8_t flags, const char *text)
{
	uint32_t seq = t->seq[end];

	t->seq[end] += strlen(text) + !!(flags & (SYN | FIN));
	return segment(t, end, seq, flags, text);
}

struct outcome asks(struct talk *t, const char *text)
{
	return says(t, AXO_CHAOS_CLIENT, ACK, text);
}

struct outcome answers(struct talk *t, const char *text)
{
	return says(t, AXO_CHAOS_SERVER, ACK, text);
}

void handshake(struct talk *t)
{
	assert_pass(says(t, AXO_CHAOS_CLIENT, SYN, ""));
	assert_pass(says(t, AXO_CHAOS_SERVER, SYN | ACK, ""));
	assert_pass(asks(t, ""));
}

/** is_held - is it on its way into the delay line?  @tag: what it carries */
bool is_held(const struct outcome *o, struct axo_delay_tag *tag)
{
	memcpy(tag, o->b, sizeof(*tag));
	return o->verdict == ACT_REDIRECT && tag->mark == AXO_DELAY_MARK;
}

/* Between @least and @least plus a minute from when it was sent: the machine may be slow. */
void assert_held(struct outcome o, uint64_t sent_ns, uint64_t delay_ns)
{
	struct axo_delay_tag tag;
	uint64_t release;

	assert_int_equal(o.reason, AXO_DROP_NONE);
	assert_true(is_held(&o, &tag));
	release = axo_delay_release(&tag, mono_now_ns());
	assert_true(release >= sent_ns + delay_ns);
	assert_true(release <= mono_now_ns() + delay_ns);
}

void assert_passes(struct outcome o)
{
	struct axo_delay_tag tag;

	assert_pass(o);
	assert_false(is_held(&o, &tag));
}

void experiment_of(struct fixture *x, uint32_t actions, uint64_t delay_ns)
{
	struct axo_chaos c = experiment_new(1);
	struct axo_chaos_rule *rule = experiment_rule(&c, ALL, actions);

	if (actions & AXO_CHAOS_DELAY_REQUEST)
		rule->delay_request_ns = delay_ns;
	if (actions & AXO_CHAOS_DELAY_RESPONSE)
		rule->delay_response_ns = delay_ns;
	if (actions & AXO_CHAOS_CONNECT_DELAY)
		rule->connect_delay_ns = delay_ns;
	experiment_set(x, 1, &c);
	experiments_apply(x, 1, 0);
}
