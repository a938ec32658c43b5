/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A pool of HTTP tables in memory. */
#include <stdlib.h>

#include "policy/http_engine.h"

void http_base_compile(struct http_tables *t)
{
	const struct http_source none = {0};
	struct error e = {0};
	uint32_t blame = 0;

	if (http_compile(&none, t, &blame, &e))
		abort(); /* what has no rules has nothing that could not fit */
}

void http_pool_init(struct http_pool *p)
{
	struct http_tables base;

	p->words = calloc(AXO_L7_POOL_WORDS, sizeof(*p->words));
	if (!p->words)
		abort();
	p->used = AXO_L7_BASE;
	http_base_compile(&base);
	http_pool_add(p, &base);
	http_tables_fini(&base);
}

__u32 http_pool_add(struct http_pool *p, const struct http_tables *t)
{
	__u32 at = p->used;

	if (t->words > AXO_L7_POOL_WORDS - at)
		return 0;
	http_tables_write(t, at, at, p->words + at);
	p->used += t->words;
	return at;
}

void http_pool_fini(struct http_pool *p)
{
	free(p->words);
	*p = (struct http_pool){0};
}
