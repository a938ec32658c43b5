/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * TLS ClientHellos written down in a test's own words.
 */
#ifndef TESTS_LIB_TLS_WIRE_H
#define TESTS_LIB_TLS_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** struct tls_wire - @b: @len bytes of the stream */
struct tls_wire {
	uint8_t b[4096];
	uint32_t len;
};

/**
 * struct tls_opts - what the hello is like
 * @name:   of server_name; NULL = there is none
 * @twice:  it is there two times
 * @name_type: 0 = host_name
 * @ext:    one extension more, empty; 0 = none
 * @no_extensions: the message ends before them
 * @record: bytes of message per record; 0 = all in one
 */
struct tls_opts {
	const char *name;
	bool twice;
	uint8_t name_type;
	uint16_t ext;
	bool no_extensions;
	uint32_t record;
};

static inline void tls_add(struct tls_wire *m, const uint8_t *bytes, uint32_t len)
{
	memcpy(m->b + m->len, bytes, len);
	m->len += len;
}

static inline void tls_u8(struct tls_wire *m, unsigned int v)
{
	m->b[m->len++] = (uint8_t)v;
}

static inline void tls_u16(struct tls_wire *m, unsigned int v)
{
	tls_u8(m, v >> 8);
	tls_u8(m, v & 0xff);
}

static inline void tls_extensions(struct tls_wire *m, const struct tls_opts *o)
{
	unsigned int len = o->name ? (unsigned int)strlen(o->name) : 0;

	tls_u16(m, 10); /* supported groups */
	tls_u16(m, 4);
	tls_u16(m, 2);
	tls_u16(m, 29);
	for (int i = 0; o->name && i < (o->twice ? 2 : 1); i++) {
		tls_u16(m, 0);
		tls_u16(m, len + 5);
		tls_u16(m, len + 3);
		tls_u8(m, o->name_type);
		tls_u16(m, len);
		tls_add(m, (const uint8_t *)o->name, len);
	}
	if (o->ext) {
		tls_u16(m, o->ext);
		tls_u16(m, 0);
	}
}

/** tls_hello - of client version 1.2, as all are */
static inline void tls_hello(struct tls_wire *out, const struct tls_opts *o)
{
	struct tls_wire m = {.len = 4}, ext = {0};

	tls_u16(&m, 0x0303);
	m.len += 32; /* random */
	tls_u8(&m, 3);
	tls_add(&m, (const uint8_t *)"sid", 3);
	tls_u16(&m, 4);
	tls_add(&m, (const uint8_t *)"\x13\x01\xc0\x2f", 4);
	tls_u8(&m, 1);
	tls_u8(&m, 0);
	if (!o->no_extensions) {
		tls_extensions(&ext, o);
		tls_u16(&m, ext.len);
		tls_add(&m, ext.b, ext.len);
	}
	m.b[0] = 1;
	m.b[2] = (uint8_t)((m.len - 4) >> 8);
	m.b[3] = (uint8_t)(m.len - 4);
	out->len = 0;
	for (uint32_t at = 0; at < m.len;) {
		uint32_t n = o->record && o->record < m.len - at ? o->record : m.len - at;

		tls_u8(out, 22);
		tls_u16(out, 0x0301);
		tls_u16(out, n);
		tls_add(out, m.b + at, n);
		at += n;
	}
}

#endif
