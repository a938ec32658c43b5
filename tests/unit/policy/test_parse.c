/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Bounds of the reader, and texts that no file of the corpus can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "lib/cleanup.h"
#include "policy/node.h"
#include "policy/parse.h"
#include "policy/regex.h"

static void refused_as(const char *text, size_t len, const char *expected)
{
	struct policy *list = NULL;
	struct report r;

	report_init(&r, "x");
	assert_int_equal(policy_parse("x", text, len, &r, &list), -EINVAL);
	assert_int_equal(r.errors, 1);
	assert_string_equal(r.items[0].text, expected);
	report_fini(&r);
}

static char *repeated(const char *head, const char *part, size_t times, size_t *len)
{
	size_t h = strlen(head), p = strlen(part);
	char *text = malloc(h + p * times + 1);

	assert_non_null(text);
	memcpy(text, head, h);
	for (size_t i = 0; i < times; i++)
		memcpy(text + h + i * p, part, p);
	*len = h + p * times;
	text[*len] = '\0';
	return text;
}

static void a_file_that_is_too_large_is_not_read(void **state)
{
	size_t len;
	_cleanup_free_ char *text = repeated("", "# 0123456789abc\n", (100u << 20) / 16, &len);

	(void)state;
	refused_as(text, len, "104857600 bytes: more than 16777216");
}

static void deep_nesting_is_refused_where_it_starts(void **state)
{
	size_t len;
	_cleanup_free_ char *flow = repeated("a: ", "[", 4u << 20, &len);

	(void)state;
	refused_as(flow, len, "nested deeper than 64 levels");
	_cleanup_free_ char *block = repeated("", "- ", 4u << 20, &len);
	refused_as(block, len, "nested deeper than 64 levels");
}

static void a_document_of_too_many_nodes_is_refused(void **state)
{
	size_t len;
	_cleanup_free_ char *text = repeated("a:\n", "- b\n", 600000, &len);

	(void)state;
	refused_as(text, len, "document has more than 500000 nodes (aliases expanded)");
}

static void too_many_documents_and_anchors_are_refused(void **state)
{
	size_t len;
	_cleanup_free_ char *documents = repeated("", "---\n", 100001, &len);

	(void)state;
	refused_as(documents, len, "more than 100000 documents");
	_cleanup_free_ char *anchors = repeated("a:\n", "- &b c\n", 257, &len);
	refused_as(anchors, len, "document has more than 256 anchors");
}

static void findings_beyond_the_bound_are_counted(void **state)
{
	size_t len;
	_cleanup_free_ char *text = repeated(
		"apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p}\nspec:\n"
		"  endpointSelector: {}\n  ingress:\n",
		"  - {fromGroups: []}\n", 150, &len);
	struct policy *list = NULL;
	_cleanup_free_ char *out = NULL;
	struct report r;
	struct error e = {0};

	(void)state;
	report_init(&r, "x");
	assert_int_equal(policy_parse("x", text, len, &r, &list), -EINVAL);
	assert_int_equal(r.errors, 150);
	assert_int_equal(r.count, REPORT_MAX);
	assert_int_equal(report_error(&r, &e), -EINVAL);
	assert_string_equal(e.msg, "x:7:6: spec.ingress[0].fromGroups is not supported (needs a "
				   "cloud API)");
	FILE *f = open_memstream(&out, &len);
	report_write(&r, f);
	fclose(f);
	assert_non_null(strstr(out, "error: x: 50 more findings are not shown\n"));
	report_fini(&r);
}

static void a_thousand_documents_are_read(void **state)
{
	size_t len, count = 0;
	_cleanup_free_ char *text = repeated("", "---\n# nothing\n", 1000, &len);
	struct policy *list = NULL;
	struct report r;

	(void)state;
	report_init(&r, "x");
	assert_int_equal(policy_parse("x", text, len, &r, &list), 0);
	assert_null(list);
	for (struct policy *p = list; p; p = p->next)
		count++;
	assert_int_equal(count, 0);
	assert_int_equal(policy_parse("x", "", 0, &r, &list), 0);
	report_fini(&r);
}

static void json_escapes_are_read(void **state)
{
	static const char text[] =
		"{\"apiVersion\":\"cilium.io\\/v2\",\"kind\":\"CiliumNetworkPolicy\","
		"\"metadata\":{\"name\":\"p\"},\"spec\":{\"description\":\"\\u00e9 \\ud83d\\ude00 "
		"\\\\ud83d\\n\",\"endpointSelector\":{},\"ingress\":[{}]}}";
	struct policy *list = NULL;
	struct report r;

	(void)state;
	report_init(&r, "x");
	if (policy_parse("x", text, strlen(text), &r, &list))
		fail_msg("%s", r.items[0].text);
	assert_string_equal(list_at(&list->rules, struct rule, 0)->description,
			    "\u00e9 \U0001f600 \\ud83d\n");
	policies_free(list);
	report_fini(&r);
}

/* Requirements that the first peer of the first ingress item has. */
static uint32_t peer_requirements(const char *subject)
{
	struct policy *list = NULL;
	char text[512];
	struct report r;

	snprintf(text, sizeof(text),
		 "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\n"
		 "metadata: {name: p}\nspec:\n  ingress: [{fromEndpoints: [{}]}]\n"
		 "  endpointSelector: %s\n",
		 subject);
	report_init(&r, "x");
	assert_int_equal(policy_parse("x", text, strlen(text), &r, &list), 0);
	const struct rule *rule = list_at(&list->rules, struct rule, 0);
	const struct rule_item *item =
		list_at(&rule->sections[SECTION_INGRESS], struct rule_item, 0);
	uint32_t count = list_at(&item->peers, struct peer, 0)->selector.requirements.count;
	policies_free(list);
	report_fini(&r);
	return count;
}

static void clusterwide_peers_are_pods_unless_the_subject_is_init(void **state)
{
	(void)state;
	assert_int_equal(peer_requirements("{}"), 1);
	assert_int_equal(peer_requirements("{matchLabels: {\"reserved:health\": \"\"}}"), 1);
	assert_int_equal(peer_requirements("{matchLabels: {\"reserved:init\": \"\"}}"), 0);
}

static void regular_expressions_of_users_are_accepted(void **state)
{
	static const char *const texts[] = {
		"",
		"/public",
		"/path1$",
		"^a.*b$",
		"GET|POST",
		"(a|b)+c?",
		"[^/]+/[a-z0-9-]*",
		"\\d{3}-\\w+\\s?",
		"a{2,}",
		"a{2,5}?",
		"(?:x|y)*?",
		"(?i:get)",
		"[]a]",
		"[^]]",
		"[[:alpha:]_-]",
		"\\.\\*\\[\\(",
		"\\x2f\\n",
		"a||b",
		"()",
		"[a\\]b]",
	};
	struct error e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (regex_check(texts[i], &e))
			fail_msg("%s: %s", texts[i], e.msg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_that_is_too_large_is_not_read),
		cmocka_unit_test(deep_nesting_is_refused_where_it_starts),
		cmocka_unit_test(a_document_of_too_many_nodes_is_refused),
		cmocka_unit_test(too_many_documents_and_anchors_are_refused),
		cmocka_unit_test(findings_beyond_the_bound_are_counted),
		cmocka_unit_test(a_thousand_documents_are_read),
		cmocka_unit_test(json_escapes_are_read),
		cmocka_unit_test(clusterwide_peers_are_pods_unless_the_subject_is_init),
		cmocka_unit_test(regular_expressions_of_users_are_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
