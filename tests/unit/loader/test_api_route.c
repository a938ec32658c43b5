/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* loader/api_route.c and api_body.c: which handler, which complaint. */
#include "loader/api_route.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/cleanup.h"
#include "loader/api_policy.h"
#include "loader/api_read.h"
#include "loader/api_request.h"

static void path_and_method_choose_the_handler(void **state)
{
	static const struct {
		enum api_method method;
		const char *path;
		int result;
		uint32_t id;
		api_handler handler;
		unsigned int allowed;
	} rows[] = {
		{API_GET, "/v1/endpoints", 0, 0, api_endpoints_get, 0},
		{API_GET, "/v1/endpoints/7", 0, 7, api_endpoint_get, 0},
		{API_GET, "/v1/endpoints/4294967295", 0, 4294967295, api_endpoint_get, 0},
		{API_PATCH, "/v1/endpoints/7/labels", 0, 7, api_label_patch, 0},
		{API_DELETE, "/v1/attachments", 0, 0, api_attachment_delete, 0},
		{API_POST, "/v1/attachments/gc", 0, 0, api_attachment_gc, 0},
		{API_GET, "/metrics", 0, 0, api_metrics_get, 0},
		{API_GET, "/v1/policies/shop/web", 0, 0, api_policy_get, 0},
		{API_DELETE, "/v1/policies/wide", 0, 0, api_policy_delete, 0},
		{API_POST, "/v1/policies/trace", 0, 0, api_policy_trace, 0},
		{API_GET, "/v1/policies//web", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/policies/a/b/c", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/0", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/4294967296", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/99999999999999999999", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/-1", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/7x", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/7/", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/endpoints/7/labels/x", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1//endpoints", -ENOENT, 0, NULL, 0},
		{API_GET, "v1/endpoints", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1", -ENOENT, 0, NULL, 0},
		{API_GET, "/", -ENOENT, 0, NULL, 0},
		{API_GET, "", -ENOENT, 0, NULL, 0},
		{API_GET, "/v1/attachments", -EOPNOTSUPP, 0, NULL,
		 1U << API_POST | 1U << API_PUT | 1U << API_DELETE},
		{API_OTHER, "/v1/flows", -EOPNOTSUPP, 0, NULL, 1U << API_GET | 1U << API_DELETE},
		{API_GET, "/v1/endpoints/7/labels", -EOPNOTSUPP, 0, NULL, 1U << API_PATCH},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct api_route *route = NULL;
		unsigned int allowed = 0;
		uint32_t id = 0;

		print_message("%s %s\n", api_method_to_str(rows[i].method), rows[i].path);
		assert_int_equal(rows[i].result, api_route_find(rows[i].method, rows[i].path,
								&route, &id, &allowed));
		assert_int_equal(rows[i].id, id);
		assert_int_equal(rows[i].allowed, allowed);
		assert_ptr_equal(rows[i].handler, route ? route->handler : NULL);
	}
}

static void nearest_path_is_a_known_one(void **state)
{
	(void)state;
	assert_string_equal("/v1/endpoints", api_route_nearest("/v1/endpoint"));
	assert_string_equal("/v1/status", api_route_nearest("/v1/statsu"));
	assert_null(api_route_nearest("/index.html"));
}

static void bodies_are_objects(void **state)
{
	static const struct {
		const char *text;
		int code; /* 0 = fine */
		const char *message;
	} rows[] = {
		{"{}", 0, NULL},
		{"{\"a\": [1, {\"b\": null}]}", 0, NULL},
		{"", API_NOT_JSON, "line 1, column 0"},
		{"{\"a\":\n 1,}", API_NOT_JSON, "line 2, column 4"},
		{"{} x", API_NOT_JSON, "line 1, column 4"},
		{"{\"a\": 1, \"a\": 2}", API_NOT_JSON, "duplicate"},
		{"{\"a\": \"\\u0000\"}", API_NOT_JSON, "\\u0000"},
		{"{\"a\": \"\xff\"}", API_NOT_JSON, "decode byte 0xff"},
		{"[]", API_BAD_CONFIG, "object"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error e = {0};
		enum api_code code = 0;
		json_t *body = api_body_parse(rows[i].text, strlen(rows[i].text), &code, &e);

		print_message("%s\n", rows[i].text);
		assert_int_equal(!rows[i].code, !!body);
		json_decref(body);
		if (!rows[i].code)
			continue;
		assert_int_equal(rows[i].code, code);
		assert_non_null(strstr(e.msg, rows[i].message));
	}
}

static void a_thousand_levels_of_arrays_are_no_body(void **state)
{
	char text[5000];
	enum api_code code = 0;
	struct error e;

	(void)state;
	memset(text, '[', sizeof(text));
	assert_null(api_body_parse(text, sizeof(text), &code, &e));
	assert_int_equal(API_NOT_JSON, code);
}

static void every_code_has_its_http_status(void **state)
{
	(void)state;
	assert_int_equal(400, api_status_of(API_INVALID_NAME));
	assert_int_equal(400, api_status_of(API_NOT_JSON));
	assert_int_equal(400, api_status_of(API_BAD_CONFIG));
	assert_int_equal(503, api_status_of(API_TRY_LATER));
	assert_int_equal(503, api_status_of(API_NOT_AVAILABLE));
	assert_int_equal(503, api_status_of(API_EXHAUSTED));
	assert_int_equal(409, api_status_of(API_ADDRESS_TAKEN));
	assert_int_equal(400, api_status_of(API_ADDRESS_OUTSIDE));
	assert_int_equal(409, api_status_of(API_EXISTS));
	assert_int_equal(404, api_status_of(API_NOT_FOUND));
	assert_int_equal(503, api_status_of(API_DATABASE));
	assert_int_equal(500, api_status_of(API_KERNEL));
	assert_int_equal(409, api_status_of(API_DIFFERENT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_and_method_choose_the_handler),
		cmocka_unit_test(nearest_path_is_a_known_one),
		cmocka_unit_test(bodies_are_objects),
		cmocka_unit_test(a_thousand_levels_of_arrays_are_no_body),
		cmocka_unit_test(every_code_has_its_http_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
