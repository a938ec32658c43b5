/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One request, typed by a human, through the reader of the programs. */
#include "policy/http_trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/http_engine.h"

#define REQUEST_MAX 16384

/* The request with CR LF behind every line and an empty line at the end; in the arena. */
static const char *request_complete(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, 2 * strlen(text) + 64), *p = out;
	bool host = false;

	while (*text) {
		size_t len = strcspn(text, "\n"), line = len;

		if (len && text[len - 1] == '\r')
			line--;
		if (!line && !text[len + (text[len] == '\n')])
			break; /* the empty line comes anyway */
		host |= line >= 5 && !strncasecmp(text, "host:", 5);
		p = mempcpy(p, text, line);
		p = stpcpy(p, "\r\n");
		text += len + (text[len] == '\n');
	}
	stpcpy(stpcpy(p, host ? "" : "Host: localhost\r\n"), "\r\n");
	return out;
}

static int tables_add(struct http_pool *pool, const struct http_gather *g, __u32 *number,
		      struct error *e)
{
	struct http_tables t = {0};
	int err = http_gather_compile(g, &t, e);

	if (err)
		return err;
	*number = http_pool_add(pool, &t);
	http_tables_fini(&t);
	return *number ? 0 : error_set(e, E2BIG, "the tables of the rules do not fit");
}

static int request_judge(const struct http_pool *pool, const __u32 tables[2], const char *text,
			 struct http_trace *out, struct error *e)
{
	struct http_engine engine;
	const struct axo_http_result *result = &engine.conn.result;
	enum axo_http_event event;
	size_t used = 0;

	http_engine_init(&engine, pool->words, tables);
	event = http_engine_request(&engine, text, strlen(text), &used);
	*out = (struct http_trace){.rule = {AXO_HTTP_NO_RULE, AXO_HTTP_NO_RULE}};
	if (event == AXO_HTTP_DENY) {
		out->reason = engine.conn.request[0].reason;
		return 0;
	}
	if (event != AXO_HTTP_HEAD || text[used])
		return error_set(e, EINVAL, "expected one request like \"GET /path HTTP/1.1\"");
	out->allow = !result->denied;
	out->reason = result->reason;
	out->rule[0] = result->rule[0];
	out->rule[1] = result->rule[1];
	out->log = result->log != 0;
	return 0;
}

int http_trace(const struct http_gather *const rules[2], const char *request,
	       struct http_trace *out, struct error *e)
{
	struct http_pool pool;
	struct arena a = {0};
	__u32 tables[2] = {0};
	int err = 0;

	if (strlen(request) > REQUEST_MAX)
		return error_set(e, EINVAL, "a request of more than %d bytes", REQUEST_MAX);
	http_pool_init(&pool);
	for (int dir = 0; !err && dir < 2; dir++)
		if (rules[dir])
			err = tables_add(&pool, rules[dir], &tables[dir], e);
	if (!err)
		err = request_judge(&pool, tables, request_complete(&a, request), out, e);
	arena_fini(&a);
	http_pool_fini(&pool);
	return err;
}
