// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The programs' lookup against its model in user space (policy/lookup.c), on random entries.
 *
 * Entries are not what the compiler would make but anything that maps can hold, from few values,
 * so that classes, prefixes and verdicts meet.  A failure prints the seed of its round.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/lookup.h"
#include "tests/bpf/policy.h"

#define ROUNDS 150
#define PACKETS 40
#define ENTRIES_MAX 24
#define CLASSES 4
#define POLICY_FIRST 1000

static const uint32_t identities[] = {
	AXO_ID_HOST,
	AXO_ID_WORLD_IPV4,
	300,
	301,
	65535,
	AXO_ID_PREFIX4_MIN,
	AXO_ID_PREFIX6_MIN - 1,
	AXO_ID_PREFIX6_MIN,
	AXO_ID_PREFIX_MAX,
};
#define IDENTITIES (sizeof(identities) / sizeof(identities[0]))

static const uint8_t protos[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, 47};
static const uint16_t ports[] = {80, 81, 443, 8080, 65535};

/** struct random_policy - a policy and what it is made of */
struct random_policy {
	struct compiled compiled;
	struct compiled_peer peers[IDENTITIES];
	struct compiled_entry entries[ENTRIES_MAX];
};

static uint32_t pick(uint32_t below)
{
	return (uint32_t)random() % below;
}

static uint32_t random_class(void)
{
	return pick(CLASSES) | (pick(4) ? 0 : AXO_CLASS_COMPLETE);
}

static struct packet random_packet(void)
{
	struct packet p = {
		.dir = pick(2) ? AXO_DIR_INGRESS : AXO_DIR_EGRESS,
		.proto = protos[pick(sizeof(protos))],
	};

	if (p.proto == IPPROTO_ICMP)
		p.port = pick(2) ? 8 : 13;
	else if (p.proto != 47)
		p.port = ports[pick(sizeof(ports) / sizeof(ports[0]))];
	return p;
}

static struct compiled_entry random_entry(void)
{
	struct packet p = random_packet();
	uint8_t bits = AXO_POL_BITS_ALL;

	if (pick(4))
		bits = AXO_POL_BITS_PROTO + (pick(2) ? 16 : pick(17));
	return (struct compiled_entry){
		.class_ = pick(CLASSES),
		.dir = p.dir,
		.bits = bits,
		.proto = bits >= AXO_POL_BITS_PROTO ? p.proto : 0,
		.verdict = pick(3) ? AXO_POL_ALLOW : AXO_POL_DENY,
		.port = bits > AXO_POL_BITS_PROTO ? p.port & ~(0xffffu >> (bits - 80)) : 0,
		.rule = AXO_RULE_FIRST + pick(1000),
	};
}

static bool has_key(const struct random_policy *p, const struct compiled_entry *e)
{
	struct axo_pol_key key = compiled_key(e, 1), other;

	for (size_t i = 0; i < p->compiled.entry_count; i++) {
		other = compiled_key(&p->entries[i], 1);
		if (!memcmp(&key, &other, sizeof(key)))
			return true;
	}
	return false;
}

static void random_policy(struct random_policy *p)
{
	struct compiled *c = &p->compiled;

	memset(p, 0, sizeof(*p));
	c->peers = p->peers;
	c->entries = p->entries;
	for (int dir = 0; dir < 2; dir++) {
		c->ref.flags[dir] = pick(8) ? AXO_POLICY_ENFORCED : 0;
		c->ref.flags[dir] |= pick(4) ? AXO_POLICY_ANYBODY : 0;
		for (int kind = 0; kind < AXO_PEER_OTHER; kind++)
			c->ref.default_class[dir][kind] = pick(2) ? random_class() : 0;
	}
	for (size_t i = 0; i < IDENTITIES; i++)
		if (pick(2))
			p->peers[c->peer_count++] = (struct compiled_peer){
				identities[i], {random_class(), random_class()}};
	for (uint32_t i = 0, n = pick(ENTRIES_MAX); i < n; i++) {
		struct compiled_entry e = random_entry();

		if (!has_key(p, &e))
			p->entries[c->entry_count++] = e;
	}
}

/** publish - into the maps as number @id, in force for both pods */
static void publish(struct fixture *x, const struct compiled *c, uint32_t id)
{
	int peers = bpf_map__fd(x->skel->maps.axo_pol_peer);
	int entries = bpf_map__fd(x->skel->maps.axo_pol_entry);

	for (size_t i = 0; i < c->peer_count; i++) {
		struct axo_pol_peer_key key = {id, c->peers[i].identity};
		struct axo_pol_peer value = {{c->peers[i].class_[0], c->peers[i].class_[1]}};

		assert_int_equal(bpf_map_update_elem(peers, &key, &value, 0), 0);
	}
	for (size_t i = 0; i < c->entry_count; i++) {
		struct axo_pol_key key = compiled_key(&c->entries[i], id);
		struct axo_pol_entry value = compiled_value(c, &c->entries[i]);

		assert_int_equal(bpf_map_update_elem(entries, &key, &value, 0), 0);
	}
}

/** judged_by_program - what becomes of the first packet of a flow */
static struct verdict judged_by_program(struct fixture *x, const struct axo_policy_ref *ref,
					uint32_t identity, const struct packet *p)
{
	enum pod subject = p->dir == AXO_DIR_EGRESS ? POD_A : POD_B;
	struct axo_endpoint peer = endpoint_default(x, !subject);
	struct verdict v = {};
	struct axo_flow flow;
	struct outcome o;
	struct frame f;

	policy_set(x, subject, ref);
	peer.identity = identity;
	endpoint_set(x, !subject, &peer);
	frame_to(&f, A_MAC, A4, B4, p->proto, 4000, p->port);
	o = from_pod(x, POD_A, &f);
	v.allow = o.reason == 0;
	v.explicit_deny = o.reason == AXO_DROP_POLICY_DENY;
	if (o.reason) {
		assert_int_equal(o.dir, p->dir);
		v.rule = hear_all(x).drop.rule;
	} else {
		assert_string_not_equal(flow_lookup(x, &f, &flow), "");
		v.rule = flow.rule[p->dir];
	}
	map_clear(x->skel->maps.axo_flow_lru);
	return v;
}

static void program_and_model_agree(void **state)
{
	struct fixture *x = *state;
	unsigned int allowed = 0, denied = 0, refused = 0;

	events_listen(x, 1 << AXO_EVENT_DROP);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct random_policy p;
		struct lookup *l;

		srandom(round);
		random_policy(&p);
		p.compiled.ref.id = POLICY_FIRST + round;
		publish(x, &p.compiled, p.compiled.ref.id);
		l = lookup_new(&p.compiled);
		for (int i = 0; i < PACKETS; i++) {
			uint32_t identity = identities[pick(IDENTITIES)];
			struct packet packet = random_packet();
			struct verdict want = lookup_packet(l, identity, &packet);
			struct verdict got =
				judged_by_program(x, &p.compiled.ref, identity, &packet);

			if (got.allow != want.allow || got.explicit_deny != want.explicit_deny ||
			    got.rule != want.rule)
				fail_msg("seed %u, identity %u, %s, proto %u port %u: program "
					 "%d rule %u, model %d rule %u",
					 round, identity, packet.dir ? "ingress" : "egress",
					 packet.proto, packet.port, got.allow, got.rule, want.allow,
					 want.rule);
			allowed += want.allow;
			denied += want.explicit_deny;
			refused += !want.allow && !want.explicit_deny;
		}
		lookup_free(l);
	}
	/* Neither answer is what random entries always give. */
	assert_in_range(allowed, ROUNDS * PACKETS / 10, ROUNDS * PACKETS);
	assert_in_range(denied, ROUNDS * PACKETS / 20, ROUNDS * PACKETS);
	assert_in_range(refused, ROUNDS * PACKETS / 20, ROUNDS * PACKETS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(program_and_model_agree),
	};

	return cmocka_run_group_tests_name("policy_model", tests, fixture_group_setup,
					   fixture_group_teardown);
}
