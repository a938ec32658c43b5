// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Answers that lie: what was not asked for, comes from somebody else, or speaks of other names
 * teaches nothing.  Each row asks for learn.example first, and an honest answer behind it teaches.
 */
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "tests/bpf/dns.h"

#define GOOD 0xc0000201 /* WORLD4 */
#define EVIL 0xc6336407
#define EVIL4 "198.51.100.7"
#define QR 0x8180

static int setup(void **state)
{
	return dns_setup(state, IPPROTO_UDP);
}

static void assert_nothing_learned(struct fixture *x, const char *what)
{
	if (learned_count(x))
		fail_msg("%s: taught %zu addresses", what, learned_count(x));
}

/* The bytes of an honest answer, one of them changed; where the name is "learn.example". */
static void changed_answers_teach_nothing(void **state)
{
	static const struct {
		const char *what;
		int at, value;
	} rows[] = {
		{"another id", 1, 0x35},
		{"a query", 2, 0x01},
		{"opcode notify", 2, 0xa1},
		{"truncated", 2, 0x83},
		{"format error", 3, 0x81},
		{"server failure", 3, 0x82},
		{"no such name", 3, 0x83},
		{"no question", 5, 0},
		{"two questions", 5, 2},
		{"no answer counted", 7, 0},
		{"more answers counted than there are", 7, 2},
		{"another name asked", 12 + 1, 'L' + 1},
		{"a longer name asked", 12, 6},
		{"another type asked", 12 + 15 + 1, 28},
		{"another class asked", 12 + 15 + 3, 3},
		{"owner: its parent", 12 + 19 + 1, 18},
		{"owner: a pointer to itself", 12 + 19 + 1, 12 + 19},
		{"owner: a pointer behind the end", 12 + 19 + 1, 200},
		{"owner: a pointer into the header", 12 + 19 + 1, 2},
		{"class of the record", 12 + 19 + 5, 3},
		{"type of the record", 12 + 19 + 3, 28},
		{"length of the data too small", 12 + 19 + 11, 3},
		{"length of the data too large", 12 + 19 + 11, 5},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dns_wire m;

		names_clear(x);
		assert_pass(dns_ask(x, "learn.example"));
		wire_answer(&m, DNS_ID, "learn.example", 300, EVIL);
		m.b[rows[i].at] = (uint8_t)rows[i].value;
		assert_pass(dns_send(x, 4, true, &m));
		assert_nothing_learned(x, rows[i].what);
		assert_pass(dns_ask(x, "learn.example"));
		assert_pass(dns_answer(x, "learn.example", 300, GOOD));
		assert_true(learned(x, DNS_ENDPOINT, WORLD4, DNS_S) > 0);
	}
}

/** others - records that an answer to learn.example may have beside its own, and must not teach */
static void others(struct dns_wire *m, int row)
{
	unsigned int target;

	switch (row) {
	case 0: /* a name that nobody asked for, though a selector has it */
		wire_name(m, "a.web.example");
		wire_a(m, 300, EVIL);
		break;
	case 1: /* its parent, its child */
		wire_pointer(m, 12 + 6);
		wire_a(m, 300, EVIL);
		wire_labels(m, "x");
		wire_pointer(m, 12);
		wire_a(m, 300, EVIL);
		break;
	case 2: /* a chain that starts elsewhere and leads to the name */
		wire_name(m, "bank.example");
		wire_record(m, 5, 300, 2);
		wire_pointer(m, 12);
		wire_name(m, "bank.example");
		wire_a(m, 300, EVIL);
		break;
	case 3: /* a chain that starts elsewhere and leads elsewhere */
		wire_name(m, "bank.example");
		wire_record(m, 5, 300, 6);
		target = m->len;
		wire_name(m, "evil");
		wire_pointer(m, target);
		wire_a(m, 300, EVIL);
		break;
	case 4: /* the address before the alias that would lead to it */
		wire_name(m, "evil");
		wire_a(m, 300, EVIL);
		wire_pointer(m, 12);
		wire_record(m, 5, 300, 6);
		wire_name(m, "evil");
		break;
	case 5: /* a delegation of everything (DNAME) */
		wire_pointer(m, 12 + 6);
		wire_record(m, 39, 300, 6);
		wire_name(m, "evil");
		wire_labels(m, "learn");
		wire_name(m, "evil");
		wire_a(m, 300, EVIL);
		break;
	case 6: /* an address that is text */
		wire_pointer(m, 12);
		wire_record(m, 16, 300, 4);
		wire_u32(m, EVIL);
		break;
	default: /* one label with a dot in it */
		wire_u8(m, 13);
		memcpy(m->b + m->len, "learn.example", 13);
		m->len += 13;
		wire_u8(m, 0);
		wire_a(m, 300, EVIL);
	}
}

static void records_that_were_not_asked_for_teach_nothing(void **state)
{
	static const unsigned int counts[] = {1, 2, 2, 2, 2, 2, 1, 1};
	struct fixture *x = *state;

	for (int row = 0; row < 8; row++) {
		struct dns_wire m;

		names_clear(x);
		assert_pass(dns_ask(x, "learn.example"));
		wire_start(&m, DNS_ID, QR, (const unsigned int[4]){1, counts[row], 0, 0});
		wire_question(&m, "learn.example", 1);
		others(&m, row);
		assert_pass(dns_send(x, 4, true, &m));
		assert_int_equal(learned(x, DNS_ENDPOINT, EVIL4, DNS_S), -1);
		assert_nothing_learned(x, "records of others");
	}
}

/* The same, but in the sections that are no answer: authority and additional. */
static void other_sections_teach_nothing(void **state)
{
	struct fixture *x = *state;

	for (int section = 2; section < 4; section++) {
		unsigned int counts[4] = {1, 1, 0, 0};
		struct dns_wire m;

		names_clear(x);
		assert_pass(dns_ask(x, "learn.example"));
		counts[section] = 1;
		wire_start(&m, DNS_ID, QR, counts);
		wire_question(&m, "learn.example", 1);
		wire_pointer(&m, 12);
		wire_a(&m, 300, GOOD);
		wire_pointer(&m, 12);
		wire_a(&m, 300, EVIL);
		assert_pass(dns_send(x, 4, true, &m));
		assert_true(learned(x, DNS_ENDPOINT, WORLD4, DNS_S) > 0);
		assert_int_equal(learned(x, DNS_ENDPOINT, EVIL4, DNS_S), -1);
	}
}

/* A chain is followed in its order, whatever stands between. */
static void chains_teach_their_end_only(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	assert_pass(dns_ask(x, "learn.example"));
	wire_start(&m, DNS_ID, QR, (const unsigned int[4]){1, 4, 0, 0});
	wire_question(&m, "learn.example", 1);
	wire_pointer(&m, 12);
	wire_record(&m, 5, 300, 5);
	unsigned int target = m.len;
	wire_name(&m, "cdn");
	wire_pointer(&m, 12); /* the alias has no address of its own */
	wire_a(&m, 300, EVIL);
	wire_name(&m, "cdn.evil");
	wire_a(&m, 300, EVIL);
	wire_pointer(&m, target);
	wire_a(&m, 300, GOOD);
	assert_pass(dns_send(x, 4, true, &m));
	assert_true(learned(x, DNS_ENDPOINT, WORLD4, DNS_S) > 0);
	assert_int_equal(learned_count(x), 1);
}

/* Who guesses id and port has until the answer, not half a minute: one question, one answer. */
static void second_answer_to_a_question_teaches_nothing(void **state)
{
	struct fixture *x = *state;

	assert_pass(dns_ask(x, "learn.example"));
	assert_pass(dns_answer(x, "learn.example", 300, GOOD));
	assert_pass(dns_answer(x, "learn.example", 300, EVIL));
	assert_int_equal(learned(x, DNS_ENDPOINT, EVIL4, DNS_S), -1);
	assert_int_equal(learned_count(x), 1);
}

/* That there is no such name is an answer, too. */
static void answer_behind_an_error_teaches_nothing(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	assert_pass(dns_ask(x, "learn.example"));
	wire_query(&m, DNS_ID, "learn.example", 0);
	m.b[2] = 0x81;
	m.b[3] = 0x83;
	assert_pass(dns_send(x, 4, true, &m));
	assert_pass(dns_answer(x, "learn.example", 300, EVIL));
	assert_nothing_learned(x, "behind an error");
}

static void wrong_guesses_do_not_spoil_the_answer(void **state)
{
	struct fixture *x = *state;
	struct dns_wire m;

	assert_pass(dns_ask(x, "learn.example"));
	for (unsigned int i = 1; i < 300; i++) {
		wire_answer(&m, DNS_ID + i, "learn.example", 300, EVIL);
		assert_pass(dns_send(x, 4, true, &m));
	}
	assert_nothing_learned(x, "guesses");
	assert_pass(dns_answer(x, "learn.example", 300, GOOD));
	assert_true(learned(x, DNS_ENDPOINT, WORLD4, DNS_S) > 0);
}

static void late_answer_teaches_nothing(void **state)
{
	struct fixture *x = *state;
	int fd = bpf_map__fd(x->skel->maps.axo_dns_query);
	struct axo_dns_query_key key;
	struct axo_dns_query v;

	for (int late = 0; late < 2; late++) {
		assert_pass(dns_ask(x, "learn.example"));
		assert_int_equal(bpf_map_get_next_key(fd, NULL, &key), 0);
		assert_int_equal(bpf_map_lookup_elem(fd, &key, &v), 0);
		v.asked_s -= AXO_DNS_QUERY_S - 2 + 4 * late;
		assert_int_equal(bpf_map_update_elem(fd, &key, &v, BPF_EXIST), 0);
		assert_pass(dns_answer(x, "learn.example", 300, late ? EVIL : GOOD));
		assert_int_equal(learned_count(x), 1);
	}
	assert_true(learned(x, DNS_ENDPOINT, WORLD4, DNS_S) > 0);
}

/** from_b - an answer from @src, port @sport, to A's port @dport */
static struct outcome from_b(struct fixture *x, const char *src, uint16_t sport, uint16_t dport)
{
	struct dns_wire m;
	struct frame f;

	wire_answer(&m, DNS_ID, "learn.example", 300, EVIL);
	frame_eth(&f, GW_MAC, B_MAC, 0);
	frame_ip(&f, src, src[4] == ':' ? A6 : A4);
	frame_udp(&f, sport, dport);
	frame_payload(&f, m.b, m.len);
	frame_finish(&f);
	return from_pod(x, POD_B, &f);
}

static void answers_of_others_teach_nothing(void **state)
{
	struct fixture *x = *state;

	assert_pass(dns_ask(x, "learn.example"));
	from_b(x, B4, 53, DNS_SPORT + 1);
	from_b(x, B4, 54, DNS_SPORT);
	from_b(x, B4, 53, 53);
	from_b(x, NOBODY4, 53, DNS_SPORT); /* B says it is somebody else */
	from_b(x, GW4, 53, DNS_SPORT);
	from_b(x, B6, 53, DNS_SPORT); /* the same pod, another family */
	assert_nothing_learned(x, "answers of others");
}

/* Port 54 is plainly allowed: a server there is none that the policy trusts with names. */
static void servers_without_dns_rules_teach_nothing(void **state)
{
	struct entry plain = {1, AXO_POL_BITS_PORT, IPPROTO_UDP, 54, AXO_POL_ALLOW, DNS_RULE};
	struct fixture *x = *state;
	struct dns_wire m;
	struct frame f;

	entry_set(x, DNS_POLICY, AXO_DIR_EGRESS, &plain);
	bump(x);
	wire_query(&m, DNS_ID, "learn.example", 0);
	frame_eth(&f, GW_MAC, A_MAC, 0);
	frame_ip(&f, A4, B4);
	frame_udp(&f, DNS_SPORT, 54);
	frame_payload(&f, m.b, m.len);
	frame_finish(&f);
	assert_pass(from_pod(x, POD_A, &f));
	assert_pass(from_b(x, B4, 54, DNS_SPORT));
	assert_nothing_learned(x, "a server without rules");
}

#define poison_test(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		poison_test(changed_answers_teach_nothing),
		poison_test(records_that_were_not_asked_for_teach_nothing),
		poison_test(other_sections_teach_nothing),
		poison_test(chains_teach_their_end_only),
		poison_test(second_answer_to_a_question_teaches_nothing),
		poison_test(answer_behind_an_error_teaches_nothing),
		poison_test(wrong_guesses_do_not_spoil_the_answer),
		poison_test(late_answer_teaches_nothing),
		poison_test(answers_of_others_teach_nothing),
		poison_test(servers_without_dns_rules_teach_nothing),
	};

	return cmocka_run_group_tests_name("dns_poison", tests, fixture_group_setup,
					   fixture_group_teardown);
}
