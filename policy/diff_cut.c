/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Cuts; see diff_cut.h. */
#include "policy/diff_cut.h"

#include <stdlib.h>

#include "axoneme/policy.h"
#include "policy/compiler.h"

#define PORT_END 65536u

static void cut_add(struct diff_cuts *c, uint8_t proto, uint32_t port)
{
	c->items = array_grow(c->items, c->count, &c->size, sizeof(*c->items));
	c->items[c->count++] = (uint32_t)proto << 17 | port;
}

void diff_cuts_clear(struct diff_cuts *c)
{
	c->count = 0;
	cut_add(c, DIFF_PROTO_OTHER, 0);
}

void diff_cuts_fini(struct diff_cuts *c)
{
	free(c->items);
}

void diff_cut_entry(struct diff_cuts *c, const struct compiled_entry *e)
{
	uint32_t port_bits;

	if (e->bits < AXO_POL_BITS_PROTO)
		return;
	cut_add(c, e->proto, 0);
	port_bits = e->bits - AXO_POL_BITS_PROTO;
	cut_add(c, e->proto, e->port);
	if (e->port + (1u << (16 - port_bits)) < PORT_END)
		cut_add(c, e->proto, e->port + (1u << (16 - port_bits)));
}

static int cut_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void diff_cuts_sort(struct diff_cuts *c)
{
	size_t kept = 0;

	qsort(c->items, c->count, sizeof(*c->items), cut_order);
	for (size_t i = 0; i < c->count; i++) {
		if (kept && c->items[kept - 1] == c->items[i])
			continue;
		c->items[kept++] = c->items[i];
	}
	c->count = kept;
}

bool diff_cuts_next(const struct diff_cuts *c, size_t *at, struct diff_ports *out)
{
	if (*at == c->count)
		return false;
	uint32_t this = c->items[(*at)++];
	uint32_t next = *at < c->count ? c->items[*at] : UINT32_MAX;
	uint32_t end = next >> 17 == this >> 17 ? next & 0x1ffff : PORT_END;

	*out = (struct diff_ports){
		.proto = (uint8_t)(this >> 17),
		.first = (uint16_t)this,
		.last = (uint16_t)(end - 1),
	};
	return true;
}
