/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The HTTP reader of the programs, compiled for userspace. */
#include "policy/http_engine.h"

#include <string.h>
#include <sys/cdefs.h>

/* What the reader's headers expect (l7_http_mode.h). */
#define __noinline __attribute__((noinline))

static inline void http_loop(__u32 count, long (*step)(__u32, void *), void *context)
{
	for (__u32 i = 0; i < count; i++)
		if (step(i, context))
			return;
}

static inline __u64 http_load8(const __u8 *p)
{
	__u64 w;

	memcpy(&w, p, sizeof(w));
	return w;
}

#include "bpf/lib/l7_http.h"

void http_engine_init(struct http_engine *e, const __u32 *pool, const __u32 table[2])
{
	memset(e, 0, sizeof(*e));
	e->pool = pool;
	e->table[0] = table[0];
	e->table[1] = table[1];
}

typedef int read_fn(struct http_run *r, struct axo_http_conn *c, __u32 from, __u32 len);

/* Chunk by chunk, up to the first event that is the caller's. */
static enum axo_http_event stream_read(struct http_engine *e, read_fn *read, struct axo_http *h,
				       const __u8 *data, size_t len, size_t *used)
{
	struct axo_http_in in = {{0}}; /* eight bytes behind the chunk are not the chunk's */
	struct http_run r = {.pool = e->pool, .in = in.bytes};
	int event = AXO_HTTP_MORE;

	http_ready(&r, &e->conn, e->table);
	for (*used = 0; *used < len; *used += h->pos) {
		size_t n = len - *used < AXO_HTTP_CHUNK ? len - *used : AXO_HTTP_CHUNK;

		memcpy(in.bytes, data + *used, n);
		event = read(&r, &e->conn, 0, n);
		if (event == AXO_HTTP_HOLD || event == AXO_HTTP_DENY)
			break;
		if (event == AXO_HTTP_HEAD) {
			*used += h->pos;
			break;
		}
	}
	return event;
}

enum axo_http_event http_engine_request(struct http_engine *e, const void *data, size_t len,
					size_t *used)
{
	return stream_read(e, http_request, &e->conn.request[0], data, len, used);
}

enum axo_http_event http_engine_response(struct http_engine *e, const void *data, size_t len,
					 size_t *used)
{
	return stream_read(e, http_response, &e->conn.response, data, len, used);
}

const char *http_reason_to_str(enum axo_http_reason r)
{
	static const char *const names[] = {
#define X(symbol, number, json, text) [number] = json,
		AXO_HTTP_REASONS(X)
#undef X
	};

	return r < sizeof(names) / sizeof(*names) ? names[r] : "unknown";
}

const char *http_reason_text(enum axo_http_reason r)
{
	static const char *const texts[] = {
#define X(symbol, number, json, text) [number] = text,
		AXO_HTTP_REASONS(X)
#undef X
	};

	return r < sizeof(texts) / sizeof(*texts) ? texts[r] : "unknown";
}
