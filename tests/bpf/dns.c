// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* DNS rules between the pods; see dns.h. */
#include "tests/bpf/dns.h"

#include <netinet/in.h>

int dns_setup(void **state, uint8_t proto)
{
	static const char *const allowed[] = {"ok.example", "*.web.example", "learn.example"};
	static const char *const selectors[] = {"learn.example", "*.web.example"};
	struct axo_policy_ref ref = policy_enforced(DNS_POLICY, AXO_DIR_EGRESS);
	struct entry e = {1, AXO_POL_BITS_PORT, proto, 53, AXO_POL_ALLOW, DNS_RULE};
	struct axo_feature_set set = {.dns = DNS_TABLE};
	struct fixture *x;

	if (fixture_reset(state))
		return -1;
	x = *state;
	names_clear(x);
	names_set(x, DNS_TABLE, allowed, 3, 0);
	names_set(x, AXO_NAME_TABLE_FQDN, selectors, 2, DNS_S);
	feature_set(x, DNS_SET, &set);
	policy_set(x, POD_A, &ref);
	peer_set(x, DNS_POLICY, AXO_DIR_EGRESS, B_IDENTITY, 1);
	entry_set_features(x, DNS_POLICY, AXO_DIR_EGRESS, &e, FEATURES(AXO_FEATURE_DNS, DNS_SET));
	bump(x);
	return 0;
}

void dns_frame(struct frame *f, int family, bool reply, const struct dns_wire *m)
{
	const char *a = family == 6 ? A6 : A4, *b = family == 6 ? B6 : B4;

	frame_eth(f, GW_MAC, reply ? B_MAC : A_MAC, 0);
	frame_ip(f, reply ? b : a, reply ? a : b);
	frame_udp(f, reply ? 53 : DNS_SPORT, reply ? DNS_SPORT : 53);
	frame_payload(f, m->b, m->len);
	frame_finish(f);
}

struct outcome dns_send(struct fixture *x, int family, bool reply, const struct dns_wire *m)
{
	struct frame f;

	dns_frame(&f, family, reply, m);
	return from_pod(x, reply ? POD_B : POD_A, &f);
}

struct outcome dns_ask(struct fixture *x, const char *name)
{
	struct dns_wire m;

	wire_query(&m, DNS_ID, name, 0);
	return dns_send(x, 4, false, &m);
}

struct outcome dns_answer(struct fixture *x, const char *name, uint32_t ttl, uint32_t addr)
{
	struct dns_wire m;

	wire_answer(&m, DNS_ID, name, ttl, addr);
	return dns_send(x, 4, true, &m);
}
