/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The fields of a TLS ClientHello, byte by byte: see tls_hello.h, which drives this.
 */
#ifndef BPF_LIB_TLS_FIELD_H
#define BPF_LIB_TLS_FIELD_H

/** HELLO_CHUNK - longest chunk; a power of two */
#define HELLO_CHUNK 256

/** enum hello_state - what the next byte is, RFC 8446 names */
enum hello_state {
	HELLO_MESSAGE = 0, /* the handshake message's header */
	HELLO_SESSION,	   /* length of the session id; version and random are before it */
	HELLO_CIPHERS,
	HELLO_COMPRESSION,
	HELLO_EXTENSIONS, /* their length */
	HELLO_EXTENSION,  /* header of one */
	HELLO_NAME,	  /* data of server_name */
	HELLO_DONE,	  /* the name is there */
	HELLO_OPEN,	  /* no hello follows */
	HELLO_BAD,
};

/* Content types (RFC 8446, 5.1) */
#define HELLO_CHANGE_CIPHER_SPEC 20
#define HELLO_HANDSHAKE 22

#define HELLO_EXT_SERVER_NAME 0
#define HELLO_EXT_EARLY_DATA 42
#define HELLO_EXT_ECH 0xfe0d
#define HELLO_EXT_ESNI 0xffce

/**
 * struct hello - map memory
 * @state:   enum hello_state
 * @head:    bytes of the present header that were read
 * @names:   how many server_name extensions
 * @again:   this is behind the first hello
 * @type:    of the record
 * @head_rec: bytes of the record's header that were read
 * @value:   the bytes of the present header as a number
 * @value_rec: the same of the record's header
 * @skip:    bytes of the message to pass over before @state goes on
 * @record:  bytes left of the record
 * @message: bytes left of the message
 * @list:    bytes left of the extensions
 * @ext:     length of server_name
 * @len:     of @name
 * @pos:     of the next byte in the chunk
 * @end:     of the chunk
 * @name:    as the client wrote it
 */
struct hello {
	__u8 state;
	__u8 head;
	__u8 names;
	__u8 again;
	__u8 type;
	__u8 head_rec;
	__u16 pad;
	__u64 value;
	__u64 value_rec;
	__u32 skip;
	__u32 record;
	__u32 message;
	__u32 list;
	__u32 ext;
	__u32 len;
	__u32 pos;
	__u32 end;
	__u8 name[256];
};

static __always_inline long hello_bad(struct hello *h)
{
	h->state = HELLO_BAD;
	return 1;
}

/** hello_go - the next state; its header starts */
static __always_inline void hello_go(struct hello *h, enum hello_state state, __u32 skip)
{
	h->state = state;
	h->skip = skip;
	h->head = 0;
	h->value = 0;
}

/** hello_record - a byte of a record's header: content type, version 3.x, length */
static __always_inline long hello_record(struct hello *h, __u8 c)
{
	__u32 len;

	h->pos++;
	h->value_rec = h->value_rec << 8 | c;
	if (++h->head_rec < 5)
		return 0;
	h->type = h->value_rec >> 32;
	len = h->value_rec & 0xffff;
	h->head_rec = 0;
	if ((h->value_rec >> 24 & 0xff) != 3 || !len || len > 16384 + 256)
		return hello_bad(h);
	h->value_rec = 0;
	h->record = len;
	if (h->type == HELLO_HANDSHAKE)
		return 0;
	/* Between handshake messages, and never inside one. */
	if (!h->again || h->state != HELLO_MESSAGE || h->head)
		return hello_bad(h);
	if (h->type == HELLO_CHANGE_CIPHER_SPEC)
		return 0;
	h->state = HELLO_OPEN;
	return 1;
}

/** hello_list_take - @bytes of the extensions were read; is that right? */
static __always_inline bool hello_list_take(struct hello *h, __u32 bytes)
{
	if (bytes > h->list)
		return false;
	h->list -= bytes;
	return true;
}

/** hello_extension - a header of type and length */
static __always_inline long hello_extension(struct hello *h)
{
	__u32 type = h->value >> 16 & 0xffff, len = h->value & 0xffff;

	if (h->head < 4)
		return 0;
	if (!hello_list_take(h, 4 + len) || type == HELLO_EXT_ECH || type == HELLO_EXT_ESNI ||
	    type == HELLO_EXT_EARLY_DATA)
		return hello_bad(h);
	if (type != HELLO_EXT_SERVER_NAME) {
		hello_go(h, HELLO_EXTENSION, len);
		return 0;
	}
	if (h->names++ || len < 6)
		return hello_bad(h);
	h->ext = len;
	h->len = 0;
	hello_go(h, HELLO_NAME, 0);
	return 0;
}

/** hello_name - list length, type 0, length, name: one entry that fills the extension */
static __always_inline long hello_name(struct hello *h, __u8 c)
{
	__u32 list = h->value >> 24 & 0xffff, type = h->value >> 16 & 0xff, len = h->value & 0xffff;

	if (h->head < 5)
		return 0;
	if (h->head == 5) {
		if (list + 2 != h->ext || type || len + 3 != list || len > 253)
			return hello_bad(h);
		h->head = 6;
		return 0;
	}
	if (c <= ' ' || c > '~')
		return hello_bad(h);
	h->name[h->len & 255] = c;
	h->len++;
	if (h->len + 5 < h->ext)
		return 0;
	if (c == '.')
		return hello_bad(h);
	hello_go(h, HELLO_EXTENSION, 0);
	return 0;
}

/** hello_length - a vector's length of @bytes; then the next state */
static __always_inline long hello_length(struct hello *h, __u32 bytes, enum hello_state next)
{
	if (h->head == bytes)
		hello_go(h, next, h->value);
	return 0;
}

static __always_inline long hello_message(struct hello *h)
{
	if (h->head < 4)
		return 0;
	if (h->again && h->value >> 24 != 1) {
		h->state = HELLO_OPEN;
		return 1;
	}
	/* client_hello; less than 64 KB */
	if (h->value >> 16 != 1 << 8)
		return hello_bad(h);
	h->message = h->value & 0xffff;
	hello_go(h, HELLO_SESSION, 34);
	return 0;
}

static __always_inline long hello_extensions(struct hello *h)
{
	if (h->head < 2)
		return 0;
	h->list = h->value;
	if (h->list != h->message)
		return hello_bad(h);
	hello_go(h, HELLO_EXTENSION, 0);
	return 0;
}

/** hello_byte - of the message, in a state that reads a header or the name */
static __always_inline long hello_byte(struct hello *h, __u8 c)
{
	if (h->state != HELLO_NAME || h->head < 5) {
		h->head++;
		h->value = h->value << 8 | c;
	}
	switch (h->state) {
	case HELLO_MESSAGE:
		return hello_message(h);
	case HELLO_SESSION:
		return hello_length(h, 1, HELLO_CIPHERS);
	case HELLO_CIPHERS:
		return hello_length(h, 2, HELLO_COMPRESSION);
	case HELLO_COMPRESSION:
		return hello_length(h, 1, HELLO_EXTENSIONS);
	case HELLO_EXTENSIONS:
		return hello_extensions(h);
	case HELLO_EXTENSION:
		return hello_extension(h);
	case HELLO_NAME:
		return hello_name(h, c);
	}
	return hello_bad(h);
}

/** hello_take - @n bytes of record and message are gone */
static __always_inline bool hello_take(struct hello *h, __u32 n)
{
	h->record -= n;
	h->pos += n;
	if (h->state == HELLO_MESSAGE)
		return true;
	if (n > h->message)
		return false;
	h->message -= n;
	return true;
}

#endif
