/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* HTTP reader: which tables the lanes of a connection read. */
#ifndef BPF_LIB_L7_HTTP_TABLE_H
#define BPF_LIB_L7_HTTP_TABLE_H

#include "bpf/lib/l7_http_judge.h"

static __always_inline __u32 http_generation(const __u32 *pool, __u32 table)
{
	return table ? pool[table & AXO_L7_POOL_MASK] : 0;
}

/* Lanes of the table of @dir, behind those there are. */
static __always_inline void http_lanes_add(struct http_run *r, struct axo_http_conn *c, __u32 dir)
{
	__u32 table = c->table[dir], lanes = http_word(r, table + 3);

	for (__u32 i = 0; i < AXO_L7_LANES_PER_TABLE; i++) {
		__u32 n = c->lanes & (AXO_L7_LANES - 1);

		if (!table || i >= lanes)
			break;
		c->request[n].lane = http_word(r, table + 4 + i);
		c->request[n].table = http_word(r, table + 2);
		c->lane_dir[n] = dir;
		c->lanes++;
	}
}

/* Lane 0 speaks for the syntax, so a table that enforces comes first. */
static __always_inline void http_lanes_set(struct http_run *r, struct axo_http_conn *c)
{
	__u32 first = c->table[0] && http_word(r, c->table[0] + 2) & AXO_L7_ENFORCE ? 0 : 1;

	c->lanes = 0;
	for (__u32 dir = 0; dir < 2; dir++)
		c->enforce[dir] = c->table[dir] && http_word(r, c->table[dir] + 2) & AXO_L7_ENFORCE;
	if (first == 0) {
		http_lanes_add(r, c, 0);
		http_lanes_add(r, c, 1);
	} else {
		http_lanes_add(r, c, 1);
		http_lanes_add(r, c, 0);
	}
	for (__u32 i = 1; i < AXO_L7_LANES; i++)
		c->request[i].mode = HTTP_START;
	c->response.lane = http_word(r, AXO_L7_BASE + 4);
	c->response.response = 1;
	c->ready = 1;
}

/**
 * http_ready - give the readers the tables of the flow; by enum axo_dir, 0 = none, not both
 *
 * Tables that changed take effect between two messages.  In the middle of a head, or of another
 * protocol that the old ones allowed, the connection is denied.
 */
static __always_inline void http_ready(struct http_run *r, struct axo_http_conn *c,
				       const __u32 table[2])
{
	__u32 g0 = http_generation(r->pool, table[0]), g1 = http_generation(r->pool, table[1]);
	struct axo_http *h = &c->request[0];

	if (c->ready && c->table[0] == table[0] && c->table[1] == table[1] &&
	    c->generation[0] == g0 && c->generation[1] == g1)
		return;
	if (h->mode > HTTP_DATA || h->mode == HTTP_HOLD || h->mode == HTTP_TUNNEL)
		http_deny(h, AXO_HTTP_DENY_TABLE);
	c->table[0] = table[0];
	c->table[1] = table[1];
	c->generation[0] = g0;
	c->generation[1] = g1;
	http_lanes_set(r, c);
}

#endif
