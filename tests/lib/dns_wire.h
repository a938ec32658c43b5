/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS messages written down in a test's own words: a header, then what is appended to it.
 */
#ifndef TESTS_LIB_DNS_WIRE_H
#define TESTS_LIB_DNS_WIRE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/** struct dns_wire - @b: @len bytes of message */
struct dns_wire {
	uint8_t b[8192];
	uint16_t len;
};

static inline void wire_u8(struct dns_wire *m, unsigned int v)
{
	m->b[m->len++] = (uint8_t)v;
}

static inline void wire_u16(struct dns_wire *m, unsigned int v)
{
	wire_u8(m, v >> 8);
	wire_u8(m, v & 0xff);
}

static inline void wire_u32(struct dns_wire *m, uint32_t v)
{
	wire_u16(m, v >> 16);
	wire_u16(m, v & 0xffff);
}

/** wire_start - @flags: bytes 2 and 3; @counts: question, answer, authority, additional */
static inline void wire_start(struct dns_wire *m, unsigned int id, unsigned int flags,
			      const unsigned int counts[static 4])
{
	m->len = 0;
	wire_u16(m, id);
	wire_u16(m, flags);
	for (int i = 0; i < 4; i++)
		wire_u16(m, counts[i]);
}

/** wire_labels - "www.example" as labels, without the root behind them */
static inline void wire_labels(struct dns_wire *m, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");

		wire_u8(m, (unsigned int)len);
		memcpy(m->b + m->len, name, len);
		m->len = (uint16_t)(m->len + len);
		name += len + (name[len] == '.');
	}
}

static inline void wire_name(struct dns_wire *m, const char *name)
{
	wire_labels(m, name);
	wire_u8(m, 0);
}

static inline void wire_pointer(struct dns_wire *m, unsigned int at)
{
	wire_u16(m, 0xc000 | at);
}

static inline void wire_question(struct dns_wire *m, const char *name, unsigned int type)
{
	wire_name(m, name);
	wire_u16(m, type);
	wire_u16(m, 1);
}

/** wire_record - what follows the owner, which was written already; then @len bytes of data */
static inline void wire_record(struct dns_wire *m, unsigned int type, uint32_t ttl,
			       unsigned int len)
{
	wire_u16(m, type);
	wire_u16(m, 1);
	wire_u32(m, ttl);
	wire_u16(m, len);
}

static inline void wire_a(struct dns_wire *m, uint32_t ttl, uint32_t addr)
{
	wire_record(m, 1, ttl, 4);
	wire_u32(m, addr);
}

/** wire_edns - an OPT record: buffer size @size */
static inline void wire_edns(struct dns_wire *m, unsigned int size)
{
	wire_u8(m, 0);
	wire_u16(m, 41);
	wire_u16(m, size);
	wire_u32(m, 0);
	wire_u16(m, 0);
}

/** wire_query - one question of type A, with EDNS unless @edns is 0 */
static inline void wire_query(struct dns_wire *m, unsigned int id, const char *name,
			      unsigned int edns)
{
	wire_start(m, id, 0x0100, (const unsigned int[4]){1, 0, 0, edns ? 1 : 0});
	wire_question(m, name, 1);
	if (edns)
		wire_edns(m, edns);
}

/** wire_answer - to a question of type A: @addr with @ttl */
static inline void wire_answer(struct dns_wire *m, unsigned int id, const char *name, uint32_t ttl,
			       uint32_t addr)
{
	wire_start(m, id, 0x8180, (const unsigned int[4]){1, 1, 0, 0});
	wire_question(m, name, 1);
	wire_pointer(m, 12);
	wire_a(m, ttl, addr);
}

#endif
