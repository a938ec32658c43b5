/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Helpers of the HTTP tests: tables from rules in short form, streams through the reader. */
#ifndef TESTS_UNIT_POLICY_HTTP_H
#define TESTS_UNIT_POLICY_HTTP_H

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/http_engine.h"

/** struct short_rule - a rule of a test; @header: "Name" or "Name: value", with '?' in front LOG */
struct short_rule {
	const char *method, *path, *host;
	const char *header[2];
};

#define SHORT_RULES_MAX 1024

/** struct rule_book - rules as the compiler wants them */
struct rule_book {
	struct http_rule rules[SHORT_RULES_MAX];
	const struct http_rule *refs[SHORT_RULES_MAX];
	struct http_header headers[SHORT_RULES_MAX][2];
	char names[SHORT_RULES_MAX][2][64];
	struct http_source source;
};

static inline void rule_book_header(struct rule_book *b, uint32_t n, uint32_t i, const char *text)
{
	struct http_header *h = &b->headers[n][i];
	size_t len;

	if (*text == '?') {
		h->mismatch = 'L';
		text++;
	}
	len = strcspn(text, ":");
	memcpy(b->names[n][i], text, len);
	h->name = b->names[n][i];
	h->value = text[len] ? text + len + 2 : NULL;
	b->rules[n].headers.items = b->headers[n];
	b->rules[n].headers.count = i + 1;
}

/** rule_book_add - one more rule */
static inline void rule_book_add(struct rule_book *b, const struct short_rule *r)
{
	uint32_t n = b->source.rule_count++;

	b->refs[n] = &b->rules[n];
	b->source.rules = b->refs;
	b->source.enforce = true;
	b->rules[n].method = r->method;
	b->rules[n].path = r->path;
	b->rules[n].host = r->host;
	for (uint32_t i = 0; i < 2 && r->header[i]; i++)
		rule_book_header(b, n, i, r->header[i]);
}

/** struct http_stream - what a stream of requests came to */
struct http_stream {
	uint32_t heads;	  /* complete ones */
	uint32_t allowed; /* of them */
	uint32_t rule;	  /* of the last one, ingress */
	uint32_t event;
	uint32_t reason;
	uint32_t pad;	/* they are compared as memory */
	uint64_t chaos; /* of the last one, ingress */
	uint64_t log;
};

/** http_stream_feed - @len bytes of the client */
static inline void http_stream_feed(struct http_engine *e, struct http_stream *s, const void *data,
				    size_t len)
{
	const char *p = data, *end = p + len;

	while (p < end) {
		size_t used = 0;

		s->event = http_engine_request(e, p, end - p, &used);
		p += used;
		if (s->event == AXO_HTTP_DENY)
			s->reason = e->conn.request[0].reason;
		if (s->event != AXO_HTTP_HEAD)
			return;
		s->heads++;
		s->rule = e->conn.result.rule[1];
		s->chaos = e->conn.result.chaos[1];
		s->log = e->conn.result.log;
		s->reason = e->conn.result.reason;
		if (e->conn.result.denied)
			return;
		s->allowed++;
	}
}

/** http_stream_run - all of @data in pieces of @piece bytes, through table @ingress */
static inline struct http_stream http_stream_run(const struct http_pool *p, __u32 ingress,
						 const void *data, size_t len, size_t piece)
{
	const __u32 tables[2] = {[AXO_DIR_INGRESS] = ingress};
	struct http_stream s = {.rule = AXO_HTTP_NO_RULE};
	struct http_engine e;

	http_engine_init(&e, p->words, tables);
	for (size_t at = 0; at < len; at += piece) {
		http_stream_feed(&e, &s, (const char *)data + at,
				 len - at < piece ? len - at : piece);
		if (s.event == AXO_HTTP_DENY || s.reason)
			break;
	}
	return s;
}

#endif
