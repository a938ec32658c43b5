/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is meant: endpoints, entities, prefixes, groups of prefixes, names. */
#include "policy/read.h"

#include <string.h>

#include "lib/cleanup.h"

int read_peer_endpoints(struct decoder *d, const struct node *n, void *out)
{
	struct peer *p = out;

	p->type = PEER_SELECTOR;
	p->pos = n->pos;
	return read_selector(d, n, &p->selector);
}

int read_peer_entity(struct decoder *d, const struct node *n, void *out)
{
	static const char *const names[] = {
#define X(symbol, name) name,
		ENTITIES(X)
#undef X
	};
	struct peer *p = out;
	const char *name = NULL;
	int err = decode_text(d, n, &name);

	if (err)
		return err;
	enum entity e = entity_from_str(name);
	const char *near = nearest_word(name, names, ARRAY_SIZE(names));
	if (e == ENTITY_COUNT && near)
		return decode_fail(d, n->pos, ": unknown entity \"%.40s\"; did you mean \"%s\"?",
				   name, near);
	if (e == ENTITY_COUNT)
		return decode_fail(d, n->pos, ": unknown entity \"%.40s\"", name);
	if (e == ENTITY_NONE)
		decode_warn(d, n->pos, ": the entity none is nobody");
	*p = (struct peer){.type = PEER_ENTITY, .entity = (uint8_t)e, .pos = n->pos};
	return 0;
}

/* Host bits are cut off as others do, but said; a v4-mapped prefix would be two things at once. */
static int prefix_read(struct decoder *d, const struct node *n, bool address, struct cidr *out)
{
	const char *text = NULL;
	struct error e = {0};
	int err = decode_text(d, n, &text);

	if (err)
		return err;
	if (!address && !strchr(text, '/'))
		return decode_fail(d, n->pos, ": %.60s has no prefix length", text);
	if (cidr_parse_host(text, out, &e))
		return decode_fail(d, n->pos, ": %s", e.msg);
	if (out->family == 4 && strchr(text, ':'))
		return decode_fail(d, n->pos, ": %.60s: write IPv4 prefixes as a.b.c.d/n", text);
	struct axo_addr first = cidr_first(out);
	if (addr_cmp(&first, &out->addr)) {
		char buf[CIDR_STR_MAX];

		out->addr = first;
		decode_warn(d, n->pos, ": bits behind the prefix are ignored: %.60s means %s", text,
			    cidr_to_str(out, buf));
	}
	return 0;
}

int read_cidr(struct decoder *d, const struct node *n, void *out)
{
	return prefix_read(d, n, false, out);
}

/* A bare address is its own prefix. */
static int cidr_or_address(struct decoder *d, const struct node *n, void *out)
{
	return prefix_read(d, n, true, out);
}

int read_peer_cidr(struct decoder *d, const struct node *n, void *out)
{
	struct peer *p = out;

	p->type = PEER_CIDR;
	p->pos = n->pos;
	return cidr_or_address(d, n, &p->cidr);
}

struct cidr_syntax {
	struct pos has_cidr;
	struct cidr cidr;
	const char *group;
	struct selector group_selector;
	struct list except;
};

static int cidr_member(struct decoder *d, const struct node *n, void *out)
{
	struct cidr_syntax *s = (void *)((char *)out - offsetof(struct cidr_syntax, cidr));

	s->has_cidr = n->pos;
	return read_cidr(d, n, out);
}

static int group_name(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);

	if (!err && !*n->text)
		err = decode_fail(d, n->pos, ": expected the name of a CiliumCIDRGroup");
	return err;
}

static int except_check(struct decoder *d, const struct cidr_syntax *s)
{
	char a[CIDR_STR_MAX], b[CIDR_STR_MAX];
	int err = 0;

	list_each(struct cidr, x, &s->except) {
		if (x->bits >= s->cidr.bits && cidr_contains(&s->cidr, &x->addr))
			continue;
		err |= decode_fail(d, s->except.pos, ".except: %s is not inside %s",
				   cidr_to_str(x, a), cidr_to_str(&s->cidr, b));
	}
	return err;
}

static int cidr_syntax_check(struct decoder *d, const struct node *n, const struct cidr_syntax *s)
{
	int kinds = !!s->has_cidr.line + !!s->group + s->group_selector.present;

	if (kinds != 1)
		return decode_fail(d, n->pos,
				   ": expected exactly one of cidr, cidrGroupRef and "
				   "cidrGroupSelector, found %s",
				   kinds ? "several" : "none");
	return s->has_cidr.line ? except_check(d, s) : 0;
}

int read_peer_cidr_set(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("cidr", struct cidr_syntax, cidr, cidr_member),
		FIELD("cidrGroupRef", struct cidr_syntax, group, group_name),
		FIELD("cidrGroupSelector", struct cidr_syntax, group_selector, read_selector),
		FIELD_LIST("except", struct cidr_syntax, except, struct cidr, read_cidr),
	};
	struct cidr_syntax s = {0};
	struct peer *p = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (!err)
		err = cidr_syntax_check(d, n, &s);
	*p = (struct peer){.pos = n->pos, .group = s.group, .except = s.except};
	if (s.has_cidr.line) {
		p->type = PEER_CIDR;
		p->cidr = s.cidr;
	} else {
		p->type = PEER_GROUP;
		p->selector = s.group_selector;
	}
	return err;
}

int read_ip_block(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD_REQUIRED("cidr", struct cidr_syntax, cidr, cidr_member),
		FIELD_LIST("except", struct cidr_syntax, except, struct cidr, read_cidr),
	};
	struct cidr_syntax s = {0};
	struct peer *p = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	if (!err)
		err = except_check(d, &s);
	*p = (struct peer){.type = PEER_CIDR, .pos = n->pos, .cidr = s.cidr, .except = s.except};
	return err;
}

int read_peer_fqdn(struct decoder *d, const struct node *n, void *out)
{
	struct peer *p = out;

	p->type = PEER_FQDN;
	p->pos = n->pos;
	return read_fqdn(d, n, &p->fqdn);
}
