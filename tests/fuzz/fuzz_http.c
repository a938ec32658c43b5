/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The HTTP reader against a strict parser (llhttp), and against itself with the bytes split.
 *
 * The first byte says where to split, the rest is what a client sends.  Rules allow everything, so
 * what decides is the syntax:
 *      1. in pieces of any size the reader sees the same requests and ends alike;
 *      2. a head that the reader takes for complete ends at the same byte for llhttp, also behind
 *         bodies: two readers that disagree about that are how requests are smuggled.  Where llhttp
 *         does not read on, it must be for a reason listed here.
 */
#include <stdio.h>
#include <stdlib.h>

#include <llhttp.h>

#include "tests/unit/policy/http.h"

#define ENDS_MAX 256

/** struct ends - where heads end: @at: offsets behind them, @count */
struct ends {
	size_t at[ENDS_MAX];
	size_t count;
};

static void ends_add(struct ends *e, size_t at)
{
	if (e->count < ENDS_MAX)
		e->at[e->count++] = at;
}

/** struct strict - llhttp, byte by byte; @pos: of the byte in hand */
struct strict {
	llhttp_t parser;
	size_t pos;
	struct ends heads;
	enum llhttp_errno error;
};

static int head_complete(llhttp_t *p)
{
	struct strict *s = p->data;

	ends_add(&s->heads, s->pos + 1);
	return 0;
}

static void strict_run(struct strict *s, const uint8_t *data, size_t len)
{
	llhttp_settings_t settings;

	llhttp_settings_init(&settings);
	settings.on_headers_complete = head_complete;
	llhttp_init(&s->parser, HTTP_REQUEST, &settings);
	llhttp_set_lenient_keep_alive(&s->parser, 1);
	s->parser.data = s;
	for (s->pos = 0; s->pos < len && s->error == HPE_OK; s->pos++)
		s->error = llhttp_execute(&s->parser, (const char *)data + s->pos, 1);
}

static struct http_pool pool;
static __u32 table;

static void setup(void)
{
	static const struct short_rule all = {NULL, NULL, NULL, {NULL}};
	struct rule_book *b = calloc(1, sizeof(*b));
	struct http_tables t = {0};
	struct error e = {0};
	uint32_t blame;

	http_pool_init(&pool);
	rule_book_add(b, &all);
	if (http_compile(&b->source, &t, &blame, &e))
		abort();
	table = http_pool_add(&pool, &t);
	http_tables_fini(&t);
	free(b);
}

/* Ends of heads as the reader sees them. */
static void heads_of(struct ends *ends, const uint8_t *data, size_t len)
{
	const __u32 tables[2] = {[AXO_DIR_INGRESS] = table};
	struct http_engine e;

	http_engine_init(&e, pool.words, tables);
	for (size_t at = 0; at < len;) {
		size_t used = 0;
		enum axo_http_event event = http_engine_request(&e, data + at, len - at, &used);

		at += used;
		if (event != AXO_HTTP_HEAD || e.conn.result.denied)
			return;
		ends_add(ends, at);
	}
}

/* Reasons for which the strict parser stops where the reader need not. */
static bool stricter(enum llhttp_errno error)
{
	return error == HPE_INVALID_METHOD || /* it knows a list of methods */
	       error == HPE_INVALID_URL;      /* it refuses unencoded brackets and such */
}

static void compare(const uint8_t *data, size_t len)
{
	static struct strict s;
	static struct ends ours;

	memset(&s, 0, sizeof(s));
	ours.count = 0;
	heads_of(&ours, data, len);
	strict_run(&s, data, len);
	for (size_t i = 0; i < ours.count; i++) {
		if (i >= s.heads.count && stricter(s.error))
			return;
		if (i < s.heads.count && s.heads.at[i] == ours.at[i])
			continue;
		fprintf(stderr, "head %zu ends at %zu, for the strict parser at %zd (error %d)\n",
			i, ours.at[i], i < s.heads.count ? (ssize_t)s.heads.at[i] : -1, s.error);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!pool.words)
		setup();
	if (size < 2 || size > 100000)
		return 0;
	size_t piece = data[0] + 1;
	struct http_stream whole = http_stream_run(&pool, table, data + 1, size - 1, size);
	struct http_stream split = http_stream_run(&pool, table, data + 1, size - 1, piece);

	if (memcmp(&whole, &split, sizeof(whole))) {
		fprintf(stderr, "whole: %u heads, event %u, reason %u; pieces of %zu: %u, %u, %u\n",
			whole.heads, whole.event, whole.reason, piece, split.heads, split.event,
			split.reason);
		abort();
	}
	compare(data + 1, size - 1);
	return 0;
}
