/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What makes sense of chaos rules only as a whole: with the options of their policy, and with the
 * ports that they are for.
 */
#include <netinet/in.h>
#include <string.h>

#include "axoneme/chaos.h"
#include "policy/chaos_compile.h"
#include "policy/read.h"

static bool text_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool chaos_filters_same(const struct chaos_rule *a, const struct chaos_rule *b)
{
	return text_same(a->method, b->method) && text_same(a->path, b->path) &&
	       text_same(a->host, b->host) && a->status_code == b->status_code;
}

static const char *tcp_only(const struct chaos_rule *r)
{
	if (chaos_has_filter(r))
		return r->method ? "method" : r->path ? "path" : "host";
	if (r->status_code)
		return "status-code";
	if (r->abort && strcmp(r->abort, "timeout") != 0)
		return r->abort[0] == '5' ? "abort: 503" : "abort: reset";
	if (r->connect_delay_ns)
		return "connect-delay";
	return r->connect_refuse ? "connect-refuse" : NULL;
}

/* UDP knows no connections. */
int chaos_ports_check(struct decoder *d, const struct port_rule *r)
{
	int err = 0;

	list_each(struct port, p, &r->ports) {
		if (p->proto != IPPROTO_UDP)
			continue;
		list_each(struct chaos_rule, c, &r->l7_rules) {
			if (tcp_only(c))
				err = decode_fail(
					d, c->pos,
					".rules.l7[%u]: %s is for TCP, but there is a "
					"UDP port",
					(uint32_t)(c -
						   (const struct chaos_rule *)r->l7_rules.items),
					tcp_only(c));
		}
	}
	return err;
}

/* A deck has 1,000 cards; rules of different filters would share them unevenly. */
static int exact_check(struct decoder *d, const struct port_rule *r)
{
	const struct chaos_rule *first = r->l7_rules.items;
	int err = 0;

	list_each(struct chaos_rule, c, &r->l7_rules) {
		if (c->probability_ppm % (AXO_CHAOS_ONE / 1000))
			err = decode_fail(d, c->pos,
					  ": with " CHAOS_ANNOTATION
					  "sampling: exact a probability "
					  "is a multiple of 0.001");
		else if (c->status_code)
			err = decode_fail(d, c->pos,
					  ": with " CHAOS_ANNOTATION "sampling: exact there is no "
					  "status-code: cards are dealt to requests, before it is "
					  "known");
		else if (!chaos_filters_same(first, c))
			err = decode_fail(d, c->pos,
					  ": with " CHAOS_ANNOTATION "sampling: exact all rules of "
					  "a port have the same filters");
	}
	return err;
}

int chaos_policy_check(struct decoder *d, const struct policy *p)
{
	bool any = false;
	int err = 0;

	list_each(struct rule, r, &p->rules) {
		for (int s = 0; s < SECTION_COUNT; s++)
			list_each(struct rule_item, item, &r->sections[s]) {
				list_each(struct port_rule, port, &item->ports) {
					if (port->l7 != L7_CHAOS)
						continue;
					any = true;
					if (p->chaos.sampling == AXO_CHAOS_EXACT)
						err |= exact_check(d, port);
				}
			}
	}
	if (p->chaos.pos.line && !any)
		decode_warn(d, p->chaos.pos,
			    ": metadata.annotations: " CHAOS_ANNOTATION
			    "* have no meaning without chaos rules");
	return err;
}
