/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a file or an operator may say of prefixes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/ip_spec.h"

static int parse(const char *text, struct ip_specs *specs, struct error *e)
{
	char *copy = strdup(text);
	int r = ip_file_parse("f", copy, strlen(copy), specs, e);

	free(copy);
	return r;
}

static void a_file_names_prefixes_and_identities(void **state)
{
	struct ip_specs s = {0};
	struct error e = {0};
	char text[CIDR_STR_MAX];

	(void)state;
	if (parse("# remote pods\n"
		  "10.2.0.0/24\tapp=web, io.kubernetes.pod.namespace=shop  # the shop\n"
		  "\n"
		  "  2001:db8::/64 k8s:tier=db,k8s:app=db\r\n"
		  "192.0.2.7 reserved:remote-node\n"
		  "192.0.2.8/32 300",
		  &s, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(s.count, 4);
	assert_string_equal(cidr_to_str(&s.items[0].cidr, text), "10.2.0.0/24");
	assert_int_equal(s.items[0].label_count, 2);
	assert_string_equal(s.items[0].labels[0], "k8s:app=web");
	assert_string_equal(s.items[0].labels[1], "k8s:io.kubernetes.pod.namespace=shop");
	assert_string_equal(s.items[1].labels[1], "k8s:tier=db");
	assert_string_equal(cidr_to_str(&s.items[2].cidr, text), "192.0.2.7/32");
	assert_int_equal(s.items[2].identity, 6);
	assert_int_equal(s.items[3].identity, 300);
	ip_specs_fini(&s);
}

static void what_is_wrong_names_the_line(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"10.0.0.0/8", "f:1: the identity is missing"},
		{"\n\n10.0.0.1/8 a=b", "f:3: prefix \"10.0.0.1/8\": has bits behind its length"},
		{"10.0.0.0/33 a=b", "f:1: prefix \"10.0.0.0/33\": expected a length of 0 to 32"},
		{"nonsense a=b", "f:1: "},
		{"10.0.0.0/8 reserved:nobody", "f:1: there is no reserved identity \"nobody\""},
		{"10.0.0.0/8 1", "f:1: identity 1 (host)"},
		{"10.0.0.0/8 reserved:host", "f:1: identity 1 (host)"},
		{"10.0.0.0/8 0", "f:1: identity 0"},
		{"10.0.0.0/8 a b=\001", "f:1: label b: control character"},
		{"10.0.0.0/8 other:a=b", "f:1: label key \"other:a\": expected the source k8s"},
		{"::/0 a=b", "f:1: ::/0: has the mapped IPv4 addresses inside"},
		{"::/64 a=b", "f:1: ::/64: has the mapped IPv4 addresses inside"},
		{"10.0.0.0/8 a=b\n11.0.0.0/8 a=b\n10.0.0.0/8 c=d",
		 "f:3: 10.0.0.0/8 stands on line 1 already"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ip_specs s = {0};
		struct error e = {0};

		assert_true(parse(rows[i].text, &s, &e) < 0);
		if (strncmp(e.msg, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("%s: expected %s, found %s", rows[i].text, rows[i].message, e.msg);
		ip_specs_fini(&s);
	}
}

static void a_file_with_a_byte_0_is_refused(void **state)
{
	struct ip_specs s = {0};
	struct error e;
	char text[] = "10.0.0.0/8 a=b\n\0 11.0.0.0/8 a=b";

	(void)state;
	assert_int_equal(ip_file_parse("f", text, sizeof(text) - 1, &s, &e), -EINVAL);
	ip_specs_fini(&s);
}

static void the_mapped_form_is_an_ipv4_prefix(void **state)
{
	struct cidr c;

	(void)state;
	assert_int_equal(ip_cidr_parse("0.0.0.0/0", &c, NULL), 0);
	assert_int_equal(ip_key(&c).prefixlen, 96);
	assert_int_equal(ip_cidr_parse("2000::/3", &c, NULL), 0);
	assert_int_equal(ip_key(&c).prefixlen, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_names_prefixes_and_identities),
		cmocka_unit_test(what_is_wrong_names_the_line),
		cmocka_unit_test(a_file_with_a_byte_0_is_refused),
		cmocka_unit_test(the_mapped_form_is_an_ipv4_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
