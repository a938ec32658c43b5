/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a scalar is: text, null, boolean or number, as YAML 1.1 (and so Kubernetes) reads it. */
#include "policy/node.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/cleanup.h"

bool node_is_null(const struct node *n)
{
	return n->kind == NODE_SCALAR && !n->quoted &&
	       (!*n->text || !strcmp(n->text, "~") || !strcasecmp(n->text, "null"));
}

static bool text_is_bool(const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

/* Decimal numbers and those with a base prefix; "1.2.3" and "10-20" are text. */
static bool text_is_number(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');
	int digits = 0;

	if (!strncmp(p, "0x", 2) || !strncmp(p, "0o", 2) || !strncmp(p, "0b", 2))
		return p[2] && p[2 + strspn(p + 2, "0123456789abcdefABCDEF_")] == '\0';
	for (; isdigit((unsigned char)*p) || (*p == '_' && digits); p++)
		digits++;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			digits++;
	if (digits && (*p == 'e' || *p == 'E')) {
		p += 1 + (p[1] == '+' || p[1] == '-');
		if (!isdigit((unsigned char)*p))
			return false;
		p += strspn(p, "0123456789");
	}
	return digits && !*p;
}

bool node_is_text(const struct node *n)
{
	if (n->kind != NODE_SCALAR)
		return false;
	return n->quoted ||
	       (!node_is_null(n) && !text_is_bool(n->text) && !text_is_number(n->text));
}

const char *node_type(const struct node *n, char buf[static 64])
{
	if (n->kind == NODE_LIST)
		return "a list";
	if (n->kind == NODE_MAP)
		return "an object";
	if (node_is_null(n))
		return "null";
	if (node_is_text(n))
		snprintf(buf, 64, "the text \"%.40s\"", n->text);
	else
		snprintf(buf, 64, "the %s %.40s", text_is_bool(n->text) ? "boolean" : "number",
			 n->text);
	return buf;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo), with what stands around a text in front of it. */
static uint64_t hash_text(uint64_t h, char kind, const char *text)
{
	h = (h ^ (unsigned char)kind) * 0x100000001b3ull;
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
	return h * 0x100000001b3ull;
}

static uint64_t hash_node(uint64_t h, const struct node *n)
{
	if (n->kind == NODE_SCALAR)
		return hash_text(h, n->quoted ? '"' : '.', n->text);
	h = hash_text(h, n->kind == NODE_LIST ? '[' : '{', "");
	for (uint32_t i = 0; i < n->count; i++) {
		if (n->kind == NODE_MAP)
			h = hash_text(h, ':', n->pairs[i].key->text);
		h = hash_node(h, n->kind == NODE_MAP ? n->pairs[i].value : n->items[i]);
	}
	return hash_text(h, ']', "");
}

uint64_t node_hash(const struct node *n)
{
	return hash_node(0xcbf29ce484222325ull, n);
}
