/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What HTTP rules say of one request: the same tables and the same reader as in the kernel. */
#ifndef POLICY_HTTP_TRACE_H
#define POLICY_HTTP_TRACE_H

#include "axoneme/http.h"
#include "policy/http_gather.h"

/**
 * struct http_trace - the verdict
 * @allow:  the request passes
 * @reason: if it does not
 * @rule:   by enum axo_dir: number of the rule that allows it, or AXO_HTTP_NO_RULE
 * @log:    conditions with mismatch LOG do not hold
 */
struct http_trace {
	bool allow;
	enum axo_http_reason reason;
	uint32_t rule[2];
	bool log;
};

/**
 * http_trace - judge @request
 * @rules:   by enum axo_dir; NULL = that policy has no HTTP rules
 * @request: a request line, and header lines if any; lines end in LF or CR LF.  Without a Host line
 *           it gets `Host: localhost`
 * Return: 0; -EINVAL: what was given is not one request; -E2BIG: the rules do not fit
 */
int http_trace(const struct http_gather *const rules[2], const char *request,
	       struct http_trace *out, struct error *e);

#endif
