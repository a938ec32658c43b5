/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* DNS messages as the programs read them: what is asked, what an answer teaches, what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/lib/pure.h"

#include "bpf/lib/dns_message.h"
#include "tests/lib/dns_wire.h"

#define QR 0x8180
#define Q1(a) ((const unsigned int[4]){1, (a), 0, 0})

static struct dns_work work;

static struct dns_work *load(const struct dns_wire *m)
{
	memset(&work, 0xa5, sizeof(work));
	memcpy(work.msg, m->b, m->len < DNS_MESSAGE_MAX ? m->len : DNS_MESSAGE_MAX);
	work.len = m->len;
	return &work;
}

static const char *name_of(const struct dns_name *n)
{
	static char text[300];

	snprintf(text, sizeof(text), "%.*s", n->len, (const char *)n->text);
	return text;
}

static void question_is_read_in_lower_case(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_query(&m, 7, "wWw.ExAmple.COM", 4096);
	assert_true(dns_query_read(load(&m)));
	assert_string_equal(name_of(&work.question), "www.example.com");
	assert_int_equal(work.type, 1);
	assert_int_equal(work.edns_at, m.len - 8);
	wire_query(&m, 7, "", 0);
	assert_true(dns_query_read(load(&m)));
	assert_int_equal(work.question.len, 0);
	assert_int_equal(work.edns_at, 0);
}

static void every_shorter_query_is_malformed(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_query(&m, 7, "www.example.com", 0);
	for (uint16_t len = m.len; m.len; m.len--)
		assert_int_equal(dns_query_read(load(&m)), m.len == len);
}

static void dot_inside_a_label_is_no_dot(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_query(&m, 7, "wwwxexample.com", 0);
	m.b[12 + 4] = '.';
	assert_true(dns_query_read(load(&m)));
	assert_int_equal(work.question.len, 15);
	assert_int_equal(work.question.text[3], 0);
}

static void longest_name_is_253_characters(void **state)
{
	char label[64] = "", name[260];
	struct dns_wire m;

	(void)state;
	memset(label, 'a', 63);
	snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
	wire_query(&m, 7, name, 0);
	assert_true(dns_query_read(load(&m)));
	assert_int_equal(work.question.len, 253);
	snprintf(name, sizeof(name), "%s.%s.%s.%.62s", label, label, label, label);
	wire_query(&m, 7, name, 0);
	assert_false(dns_query_read(load(&m)));
}

static void queries_that_are_none_are_malformed(void **state)
{
	static const struct {
		int at, value;
	} rows[] = {
		{2, 0x81},  /* an answer */
		{2, 0x28},  /* opcode update */
		{5, 0},	    /* no question */
		{5, 2},	    /* two */
		{7, 1},	    /* an answer section */
		{9, 1},	    /* an authority section */
		{12, 64},   /* label longer than 63 */
		{12, 0xc0}, /* a pointer */
		{28, 3},    /* class */
		{28, 255},  /* class any */
	};
	struct dns_wire m;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		wire_query(&m, 7, "www.example", 0);
		m.b[rows[i].at] = (uint8_t)rows[i].value;
		if (dns_query_read(load(&m)))
			fail_msg("byte %d = %d is taken", rows[i].at, rows[i].value);
	}
}

static void edns_before_a_signature_is_left_alone(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_query(&m, 7, "www.example", 4096);
	m.b[11] = 2;
	assert_true(dns_query_read(load(&m)));
	assert_int_equal(work.edns_at, 0);
}

static void addresses_of_the_name_are_taken(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_start(&m, 7, QR, Q1(3));
	wire_question(&m, "www.example", 28);
	wire_pointer(&m, 12);
	wire_a(&m, 300, 0xc0000201);
	wire_name(&m, "WWW.example"); /* written out, in another case */
	wire_record(&m, 28, 5, 16);
	for (int i = 0; i < 16; i++)
		wire_u8(&m, 0xf0 + (unsigned int)i);
	wire_labels(&m, "www");
	wire_pointer(&m, 16); /* the rest compressed */
	wire_a(&m, 0x80000001, 0xc0000202);
	assert_true(dns_answer_read(load(&m)));
	assert_int_equal(work.count, 3);
	assert_int_equal(work.address[0].ttl_s, 300);
	assert_memory_equal(work.address[0].addr.b, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01",
			    16);
	assert_int_equal(work.address[1].addr.b[15], 0xff);
	assert_int_equal(work.address[1].ttl_s, 5);
	assert_int_equal(work.address[2].ttl_s, 0);
}

static void chain_is_followed_and_its_smallest_ttl_holds(void **state)
{
	struct dns_wire m;
	unsigned int target;

	(void)state;
	wire_start(&m, 7, QR, Q1(4));
	wire_question(&m, "www.example", 1);
	wire_pointer(&m, 12);
	wire_record(&m, 5, 60, 6);
	target = m.len;
	wire_labels(&m, "cdn");
	wire_pointer(&m, 16);
	wire_pointer(&m, target);
	wire_record(&m, 5, 30, 4);
	target = m.len;
	wire_name(&m, "zz");
	wire_pointer(&m, target);
	wire_a(&m, 90, 0xc0000201);
	wire_name(&m, "zZ");
	wire_a(&m, 10, 0xc0000202);
	assert_true(dns_answer_read(load(&m)));
	assert_int_equal(work.count, 2);
	assert_int_equal(work.address[0].ttl_s, 30);
	assert_int_equal(work.address[1].ttl_s, 10);
	assert_string_equal(name_of(&work.question), "www.example");
}

static void records_of_other_names_teach_nothing(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_start(&m, 7, QR, Q1(2));
	wire_question(&m, "www.example", 1);
	wire_name(&m, "bank.example");
	wire_a(&m, 300, 0xc0000201);
	wire_pointer(&m, 16); /* "example" */
	wire_a(&m, 300, 0xc0000202);
	assert_true(dns_answer_read(load(&m)));
	assert_int_equal(work.count, 0);
}

static void errors_and_truncated_answers_teach_nothing(void **state)
{
	static const unsigned int flags[] = {0x8180 | 0x0200, 0x8183, 0x8182, 0x8185};
	struct dns_wire m;

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		wire_answer(&m, 7, "www.example", 60, 0xc0000201);
		m.b[2] = (uint8_t)(flags[i] >> 8);
		m.b[3] = (uint8_t)flags[i];
		assert_true(dns_answer_read(load(&m)));
		assert_int_equal(work.count, 0);
	}
}

static void every_shorter_answer_teaches_nothing(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_start(&m, 7, QR, Q1(2));
	wire_question(&m, "www.example", 1);
	wire_pointer(&m, 12);
	wire_a(&m, 60, 0xc0000201);
	wire_name(&m, "www.example");
	wire_a(&m, 60, 0xc0000202);
	uint16_t len = m.len;
	for (; m.len; m.len--) {
		bool whole = dns_answer_read(load(&m));

		assert_int_equal(whole, m.len == len);
		assert_int_equal(work.count, m.len == len ? 2 : 0);
	}
}

/* What an owner is made of, and whether the whole answer is malformed. */
static void compression_loops_are_malformed(void **state)
{
	struct dns_wire m;

	(void)state;
	for (int i = 0; i < 6; i++) {
		wire_start(&m, 7, QR, Q1(1));
		wire_question(&m, "www.example", 1);
		switch (i) {
		case 0: /* to itself */
			wire_pointer(&m, m.len);
			break;
		case 1: /* forward */
			wire_pointer(&m, m.len + 2u);
			break;
		case 2: /* behind the end */
			wire_pointer(&m, 0x3fff);
			break;
		case 3: /* into the header */
			wire_pointer(&m, 4);
			break;
		case 4: /* a label and back to it */
			wire_labels(&m, "a");
			wire_pointer(&m, m.len - 2u);
			break;
		default: /* reserved kind of label */
			wire_u8(&m, 0x80);
			wire_u8(&m, 12);
		}
		wire_a(&m, 60, 0xc0000201);
		if (dns_answer_read(load(&m)))
			fail_msg("row %d is taken", i);
		assert_int_equal(work.count, 0);
	}
}

/* A pointer to a pointer to a pointer ... is legal as long as it goes back, and bounded. */
static void chains_of_pointers_end(void **state)
{
	struct dns_wire m;

	(void)state;
	for (unsigned int pointers = 2; pointers < 1000; pointers += 449) {
		wire_start(&m, 7, QR, Q1(2));
		wire_question(&m, "www.example", 1);
		unsigned int at = 12;
		wire_name(&m, "other");
		wire_record(&m, 16, 60, pointers * 2);
		for (unsigned int i = 0; i < pointers; i++) {
			unsigned int here = m.len;

			wire_pointer(&m, at);
			at = here;
		}
		wire_pointer(&m, at);
		wire_a(&m, 60, 0xc0000201);
		assert_int_equal(dns_answer_read(load(&m)), pointers < 300);
		assert_int_equal(work.count, pointers < 300);
	}
}

static void cname_that_does_not_fill_its_data_is_malformed(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_start(&m, 7, QR, Q1(1));
	wire_question(&m, "www.example", 1);
	wire_pointer(&m, 12);
	wire_record(&m, 5, 60, 5);
	wire_name(&m, "zz");
	wire_u8(&m, 0);
	assert_false(dns_answer_read(load(&m)));
}

static void no_more_than_64_addresses_are_taken(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_start(&m, 7, QR, Q1(100));
	wire_question(&m, "www.example", 1);
	for (uint32_t i = 0; i < 100; i++) {
		wire_pointer(&m, 12);
		wire_a(&m, 60, 0xc0000200 + i);
	}
	assert_true(dns_answer_read(load(&m)));
	assert_int_equal(work.count, DNS_ADDRESSES_MAX);
}

static void question_is_no_answer(void **state)
{
	struct dns_wire m;

	(void)state;
	wire_answer(&m, 7, "www.example", 60, 1);
	m.b[2] &= 0x7f;
	assert_false(dns_answer_read(load(&m)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(question_is_read_in_lower_case),
		cmocka_unit_test(every_shorter_query_is_malformed),
		cmocka_unit_test(dot_inside_a_label_is_no_dot),
		cmocka_unit_test(longest_name_is_253_characters),
		cmocka_unit_test(queries_that_are_none_are_malformed),
		cmocka_unit_test(edns_before_a_signature_is_left_alone),
		cmocka_unit_test(addresses_of_the_name_are_taken),
		cmocka_unit_test(chain_is_followed_and_its_smallest_ttl_holds),
		cmocka_unit_test(records_of_other_names_teach_nothing),
		cmocka_unit_test(errors_and_truncated_answers_teach_nothing),
		cmocka_unit_test(every_shorter_answer_teaches_nothing),
		cmocka_unit_test(compression_loops_are_malformed),
		cmocka_unit_test(chains_of_pointers_end),
		cmocka_unit_test(cname_that_does_not_fill_its_data_is_malformed),
		cmocka_unit_test(no_more_than_64_addresses_are_taken),
		cmocka_unit_test(question_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
