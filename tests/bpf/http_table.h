/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP rules in the fixture's pool (include/axoneme/l7.h), written without the compiler: requests
 * by method and exact target, or a prefix of it, and one feature set that has them.
 */
#ifndef TESTS_BPF_HTTP_TABLE_H
#define TESTS_BPF_HTTP_TABLE_H

#include "tests/bpf/policy.h"

/**
 * http_rules - a table that allows @targets ("GET /a", "GET /b/" and a '*'), NULL at the end
 * @set: the feature set that has it from now on; each has room of its own
 */
void http_rules(struct fixture *x, uint32_t set, const char *const *targets);

/** http_policy - B's ingress, port 80, asks for @set; generation bumped.  0 = no L7 rules */
void http_policy(struct fixture *x, uint32_t set);

#endif
