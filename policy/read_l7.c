/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* rules: of toPorts: http, dns, or l7proto with l7. */
#include "policy/read.h"

#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"
#include "policy/http_compile.h"
#include "policy/regex.h"

int read_regex(struct decoder *d, const struct node *n, void *out)
{
	struct error e = {0};
	int err = decode_text(d, n, out);

	if (!err && regex_check(*(const char **)out, &e))
		err = decode_fail(d, n->pos, ": \"%.60s\" is no regular expression: %s", n->text,
				  e.msg);
	return err;
}

/* RFC 9110 5.1: a token */
static bool header_name_valid(const char *text)
{
	return *text && !text[strspn(text, "!#$%&'*+-.^_`|~0123456789"
					   "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static int header_read(struct decoder *d, const struct node *n, void *out)
{
	struct http_header *h = out;
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	if (err)
		return err;
	size_t len = strcspn(text, ": ");
	const char *value = text + len + strspn(text + len, ": ");
	h->pos = n->pos;
	h->name = arena_text(d->arena, text, len);
	h->value = *value ? value : NULL;
	if (!header_name_valid(h->name))
		return decode_fail(d, n->pos,
				   ": expected \"Name\" or \"Name: value\", found \"%.60s\"", text);
	return 0;
}

static const char *const mismatch_actions[] = {"LOG", "ADD", "DELETE", "REPLACE"};

static const char *mismatch_name(char first)
{
	for (size_t i = 0; i < ARRAY_SIZE(mismatch_actions); i++)
		if (mismatch_actions[i][0] == first)
			return mismatch_actions[i];
	return "";
}

static int mismatch_read(struct decoder *d, const struct node *n, void *out)
{
	const char *text = NULL;
	int err = decode_text(d, n, &text);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_SIZE(mismatch_actions); i++)
		if (!strcmp(mismatch_actions[i], text)) {
			*(char *)out = text[0];
			return 0;
		}
	return *text ? decode_fail(d, n->pos,
				   ": expected LOG, ADD, DELETE or REPLACE, found \"%.20s\"", text)
		     : 0;
}

static int header_match_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_REQUIRED("name", struct http_header, name, decode_text),
		FIELD("value", struct http_header, value, decode_text),
		FIELD("mismatch", struct http_header, mismatch, mismatch_read),
		FIELD_REFUSED("secret", "needs the Kubernetes API"),
	};
	struct http_header *h = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), h);

	h->pos = n->pos;
	if (!err && !header_name_valid(h->name))
		err = decode_fail(d, n->pos, ".name: \"%.60s\" is no header name", h->name);
	if (!err && h->mismatch && h->mismatch != 'L')
		err = decode_fail(d, n->pos, ".mismatch %s is not supported (needs the proxy)",
				  mismatch_name(h->mismatch));
	return err;
}

struct http_syntax {
	struct http_rule rule;
	struct list matches;
};

static int http_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("path", struct http_syntax, rule.path, read_regex),
		FIELD("method", struct http_syntax, rule.method, read_regex),
		FIELD("host", struct http_syntax, rule.host, read_regex),
		FIELD_LIST("headers", struct http_syntax, rule.headers, struct http_header,
			   header_read),
		FIELD_LIST("headerMatches", struct http_syntax, matches, struct http_header,
			   header_match_read),
	};
	struct http_syntax s = {.rule = {.pos = n->pos}};
	struct error e = {0};
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (err)
		return err;
	uint32_t count = s.rule.headers.count + s.matches.count;
	struct http_header *all = arena_alloc(d->arena, count * sizeof(*all));
	for (uint32_t i = 0; i < count; i++)
		all[i] = i < s.rule.headers.count ? *list_at(&s.rule.headers, struct http_header, i)
						  : *list_at(&s.matches, struct http_header,
							     i - s.rule.headers.count);
	s.rule.headers.items = all;
	s.rule.headers.count = count;
	if (http_rule_check(&s.rule, &e))
		return decode_fail(d, n->pos, ": %s", e.msg);
	*(struct http_rule *)out = s.rule;
	return 0;
}

int read_l7_proto(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && strcmp(n->text, "chaos"))
		err = decode_fail(
			d, n->pos,
			": the protocol \"%.40s\" is not supported (needs the proxy); known "
			"is \"chaos\"",
			n->text);
	return err;
}

int read_l7_item(struct decoder *d, const struct node *n, void *out)
{
	return read_chaos_rule(d, n, out);
}

int read_l7_rules(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_LIST("http", struct l7_syntax, http, struct http_rule, http_read),
		FIELD_LIST("dns", struct l7_syntax, dns, struct fqdn, read_fqdn),
		FIELD("l7proto", struct l7_syntax, l7proto, read_l7_proto),
		FIELD_LIST("l7", struct l7_syntax, l7, struct chaos_rule, read_l7_item),
		FIELD_REFUSED("kafka", "was removed from the language"),
	};
	struct l7_syntax *s = out;

	s->pos = n->pos;
	s->present = true;
	return decode_object(d, n, fields, ARRAY_SIZE(fields), s);
}
