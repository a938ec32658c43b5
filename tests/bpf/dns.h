/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * DNS rules between the pods: A asks B at port 53, in both families.
 *
 * A's egress policy allows ok.example, *.web.example and learn.example; selectors of toFQDNs are
 * learn.example (DNS_S) and *.web.example (DNS_S + 1).
 */
#ifndef TESTS_BPF_DNS_H
#define TESTS_BPF_DNS_H

#include "tests/bpf/names.h"
#include "tests/bpf/policy.h"
#include "tests/lib/dns_wire.h"

#define DNS_POLICY 5
#define DNS_SET 3
#define DNS_TABLE 4
#define DNS_RULE 16
#define DNS_S (AXO_ID_FQDN_MIN + 1)
#define DNS_ID 0x1234
#define DNS_SPORT 5353
#define DNS_ENDPOINT 10

/** dns_setup - setup of each test: rules for port 53 of @proto, nothing learned */
int dns_setup(void **state, uint8_t proto);

/** dns_frame - a message from A to B over UDP, or back */
void dns_frame(struct frame *f, int family, bool reply, const struct dns_wire *m);

struct outcome dns_send(struct fixture *x, int family, bool reply, const struct dns_wire *m);

/** dns_ask, dns_answer - over IPv4, of type A, id DNS_ID */
struct outcome dns_ask(struct fixture *x, const char *name);
struct outcome dns_answer(struct fixture *x, const char *name, uint32_t ttl, uint32_t addr);

#endif
