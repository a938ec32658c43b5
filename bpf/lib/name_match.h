/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Matching a name against a name table (include/axoneme/name.h).
 */
#ifndef BPF_LIB_NAME_MATCH_H
#define BPF_LIB_NAME_MATCH_H

#include "axoneme/name.h"
#include "bpf/lib/loop.h"

/* Maps of rows have as many entries as their table needs. */
struct axo_name_rows {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_RDONLY_PROG);
	__type(key, __u32);
	__type(value, struct axo_name_row);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, AXO_MAX_NAME_TABLES);
	__type(key, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__array(values, struct axo_name_rows);
} axo_name_table SEC(".maps") __weak;

/** struct name_match - map memory; @text: lower case or not, @len bytes of it */
struct name_match {
	__u32 state;
	__u32 len;
};

/** struct name_ctx - what steps get: pointers on the stack to what lies in maps */
struct name_ctx {
	struct name_match *m;
	const __u8 *text;
	void *rows;
};

/**
 * name_next - where a byte leads
 *
 * Not inlined: as the argument of a function the row's type gets into the BTF whole, while clang
 * 14 writes only a declaration for the value of a map inside a map.
 */
static __noinline __u32 name_next(const struct axo_name_row *row, __u8 c)
{
	__u32 class_ = axo_name_class(c);

	return class_ < AXO_NAME_CLASSES ? row->next[class_] : AXO_NAME_DEAD;
}

static long name_match_step(__u32 i, void *ctx)
{
	struct name_ctx *c = ctx;
	const struct axo_name_row *row;
	__u32 state;

	if (i >= c->m->len)
		return 1;
	state = c->m->state; /* on the stack: 6.1 takes no memory of a caller's for a key */
	row = bpf_map_lookup_elem(c->rows, &state);
	if (!row) {
		c->m->state = AXO_NAME_DEAD;
		return 1;
	}
	c->m->state = name_next(row, c->text[i & 255]);
	return c->m->state == AXO_NAME_DEAD;
}

/**
 * name_match - the row that @text (of 256 bytes, @m->len of them used) ends in; NULL: no table
 * @rows: (or NULL) gets the table
 */
static __always_inline const struct axo_name_row *name_match(struct name_match *m, const __u8 *text,
							     __u32 table, void **rows)
{
	struct name_ctx ctx = {.m = m, .text = text};
	__u32 state;

	ctx.rows = bpf_map_lookup_elem(&axo_name_table, &table);
	if (!ctx.rows)
		return NULL;
	if (rows)
		*rows = ctx.rows;
	m->state = AXO_NAME_START;
	bpf_loop(256, name_match_step, &ctx, 0);
	state = m->state;
	return bpf_map_lookup_elem(ctx.rows, &state);
}

#endif
