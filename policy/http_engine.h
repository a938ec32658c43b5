/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The HTTP reader of the programs (bpf/lib/l7_http.h), for userspace: `policy trace` and the tests
 * run the very code that enforces.
 */
#ifndef POLICY_HTTP_ENGINE_H
#define POLICY_HTTP_ENGINE_H

#include <stddef.h>

#include "axoneme/http.h"
#include "policy/http_compile.h"

/**
 * struct http_engine - a connection
 * @pool:  AXO_L7_POOL_WORDS words with tables, borrowed
 * @table: by enum axo_dir, 0 = none
 */
struct http_engine {
	const __u32 *pool;
	__u32 table[2];
	struct axo_http_conn conn;
};

/**
 * struct http_pool - a pool in memory, for whoever has no map
 * @words: AXO_L7_POOL_WORDS; those not written take no memory
 * @used:  how many are in use
 */
struct http_pool {
	__u32 *words;
	__u32 used;
};

/** http_pool_init - with the base table */
void http_pool_init(struct http_pool *p);

/** http_pool_add - the table's number; 0 if it does not fit */
__u32 http_pool_add(struct http_pool *p, const struct http_tables *t);

void http_pool_fini(struct http_pool *p);

/** http_base_compile - the table at AXO_L7_BASE */
void http_base_compile(struct http_tables *t);

/** http_engine_init - a new connection */
void http_engine_init(struct http_engine *e, const __u32 *pool, const __u32 table[2]);

/**
 * http_engine_request - bytes of the client, in order
 * @used: how many were read; the others belong to what follows the event
 *
 * Returns enum axo_http_event: AXO_HTTP_HEAD stops behind each head, else everything is read.
 */
enum axo_http_event http_engine_request(struct http_engine *e, const void *data, size_t len,
					size_t *used);

/** http_engine_response - bytes of the server, likewise */
enum axo_http_event http_engine_response(struct http_engine *e, const void *data, size_t len,
					 size_t *used);

const char *http_reason_to_str(enum axo_http_reason r);

/** http_reason_text - what the operator reads */
const char *http_reason_text(enum axo_http_reason r);

#endif
