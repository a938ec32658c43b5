/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS messages and TLS hellos as the programs read them: no read or write out of bounds, and the
 * same result however the bytes are cut.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/lib/pure.h"

#include "bpf/lib/dns_message.h"
#include "bpf/lib/dns_stream.h"
#include "bpf/lib/tls_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void messages(const uint8_t *data, size_t size)
{
	static struct dns_work w;

	memset(&w, 0, sizeof(w));
	w.len = (uint32_t)(size < DNS_MESSAGE_MAX ? size : DNS_MESSAGE_MAX);
	memcpy(w.msg, data, w.len);
	if (dns_query_read(&w) && (w.question.len > 253 || w.end > DNS_QUESTION_MAX))
		abort();
	if (dns_answer_read(&w) && w.count > DNS_ADDRESSES_MAX)
		abort();
}

/* The number of messages that the stream holds, fed in steps of @step. */
static unsigned int stream(const uint8_t *data, size_t size, size_t step)
{
	static struct dns_stream m;
	static struct dns_work w;
	unsigned int count = 0;

	memset(&m, 0, sizeof(m));
	for (size_t at = 0; at < size;) {
		uint8_t chunk[DNS_CHUNK];
		size_t n = size - at < step ? size - at : step;

		memcpy(chunk, data + at, n);
		if (dns_stream_feed(&m, chunk, (uint32_t)n) && dns_stream_take(&m, &w))
			count++;
		at += m.pos;
	}
	return count;
}

static int hello(const uint8_t *data, size_t size, size_t step)
{
	static struct hello h;
	enum hello_state state = HELLO_MESSAGE;

	memset(&h, 0, sizeof(h));
	for (size_t at = 0; at < size && state < HELLO_DONE; at += step) {
		uint8_t chunk[HELLO_CHUNK] = {0};
		size_t n = size - at < step ? size - at : step;

		memcpy(chunk, data + at, n);
		h.pos = 0;
		state = hello_feed(&h, chunk, (uint32_t)n);
	}
	if (state == HELLO_DONE && (!h.len || h.len > 253))
		abort();
	return state >= HELLO_DONE ? (int)state : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	messages(data, size);
	if (stream(data, size, 1) != stream(data, size, DNS_CHUNK) ||
	    stream(data, size, 7) != stream(data, size, DNS_CHUNK))
		abort();
	if (hello(data, size, 1) != hello(data, size, HELLO_CHUNK))
		abort();
	return 0;
}
