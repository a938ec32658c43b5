/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Normal form of paths: the reader, which has no copy of a path, against a plain function on text
 * that follows docs/l7.md step by step.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/policy/http.h"

#define PATH_MAX_LEN 512

static bool is_unreserved(int c)
{
	return isalnum(c) || (c && strchr("-._~", c));
}

/* Steps 2: decoding.  False: denied. */
static bool decode(const char *in, size_t len, bool query, char *out)
{
	for (size_t i = 0; i < len; i++) {
		char hex[3] = "";
		int v;

		if (in[i] != '%') {
			*out++ = in[i];
			continue;
		}
		if (len - i < 3 || !isxdigit(in[i + 1]) || !isxdigit(in[i + 2]))
			return false;
		memcpy(hex, in + i + 1, 2);
		v = (int)strtol(hex, NULL, 16);
		i += 2;
		if (query || !is_unreserved(v)) {
			if (!query && (v < 0x20 || v == 0x7f || v == '/' || v == '\\'))
				return false;
			out += sprintf(out, "%%%02X", v);
		} else {
			*out++ = (char)v;
		}
	}
	*out = 0;
	return true;
}

static bool starts_like_dots(const char *segment)
{
	size_t dots = strspn(segment, ".");

	return (dots == 1 || dots == 2) &&
	       (segment[dots] == ';' || !strncmp(segment + dots, "%3B", 3));
}

/* Steps 3 and 4, on a decoded path that starts with '/'. */
static bool segments(const char *path, char *out)
{
	size_t starts[64];
	int count = 0;
	bool merged = false;
	char *p = out;

	*p++ = '/';
	for (path++;; path++) {
		size_t len = strcspn(path, "/");
		char segment[PATH_MAX_LEN] = "";
		bool last = !path[len];

		memcpy(segment, path, len);
		if (starts_like_dots(segment))
			return false;
		if (!len && !last) {
			merged = true;
		} else if (!strcmp(segment, "..")) {
			if (merged || !count)
				return false;
			p = out + starts[--count];
		} else if (strcmp(segment, ".")) {
			starts[count++] = p - out;
			p = stpcpy(p, segment);
			if (!last)
				*p++ = '/';
		}
		path += len;
		if (last)
			break;
	}
	*p = 0;
	return true;
}

static bool normalise(const char *target, char *out)
{
	size_t len = strcspn(target, "?");
	char path[PATH_MAX_LEN];

	if (!decode(target, len, false, path) || !segments(path, out))
		return false;
	return !target[len] || decode(target + len, strlen(target + len), true, out + strlen(out));
}

static void target_random(char *out, unsigned int *seed)
{
	static const char *const parts[] = {
		"/",   "/",  "/",   "/",   ".",	   ".",	  "..",	 "/..", "/.",	  "a",
		"b",   "xy", "%2e", "%2E", "%61",  "%7e", "%2f", "%20", "%c3%a9", ";",
		"%3b", "?",  "%zz", "%5c", "/../", "//",  "...", "%",
	};
	int count = 1 + rand_r(seed) % 9;

	*out++ = '/';
	for (int i = 0; i < count; i++) {
		size_t n = rand_r(seed) % (rand_r(seed) % 4 ? 14 : ARRAY_SIZE(parts));

		out = stpcpy(out, parts[n]);
	}
	*out = 0;
}

/* An expression that matches @text and nothing else. */
static const char *quote(const char *text, char *out)
{
	char *p = out;

	for (; *text; text++) {
		if (!isalnum((unsigned char)*text))
			*p++ = '\\';
		*p++ = *text;
	}
	*p = 0;
	return out;
}

/* Does a rule for exactly @path allow @target? */
static bool allows(struct http_pool *pool, const char *path, const char *target)
{
	char expression[2 * PATH_MAX_LEN], request[PATH_MAX_LEN + 64];
	struct rule_book *b = calloc(1, sizeof(*b));
	const struct short_rule rule = {"GET", quote(path, expression), NULL, {NULL}};
	struct http_tables t = {0};
	struct error e = {0};
	uint32_t blame, used = pool->used;

	rule_book_add(b, &rule);
	assert_int_equal(http_compile(&b->source, &t, &blame, &e), 0);
	__u32 table = http_pool_add(pool, &t);
	int len = sprintf(request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
	struct http_stream s = http_stream_run(pool, table, request, len, 1 + len / 3);

	pool->used = used;
	http_tables_fini(&t);
	free(b);
	return s.allowed;
}

static void random_targets_have_the_documented_form(void **state)
{
	unsigned int seed = 1, passed = 0;
	struct http_pool pool;

	(void)state;
	http_pool_init(&pool);
	for (int i = 0; i < 4000; i++) {
		char target[PATH_MAX_LEN], form[PATH_MAX_LEN] = "";

		target_random(target, &seed);
		bool valid = normalise(target, form);
		bool slashes = strcasestr(form, "%2f") || strcasestr(form, "%5c");
		if (valid && !slashes && !allows(&pool, form, target))
			fail_msg("%s is not %s", target, form);
		if (!valid && allows(&pool, target, target))
			fail_msg("%s is not denied", target);
		if (valid && strcmp(form, target) && allows(&pool, target, target))
			fail_msg("%s is allowed as it stands, not as %s", target, form);
		passed += valid;
	}
	/* The random targets are worth something. */
	assert_in_range(passed, 1000, 3500);
	http_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_targets_have_the_documented_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
