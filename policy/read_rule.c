/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* spec and specs of CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy. */
#include "policy/read.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"

#define LOG_MAX 32

struct deny_syntax {
	int8_t dir[2]; /* -1 = not said */
};

struct rule_syntax {
	struct selector endpoint;
	struct selector node;
	struct list sections[SECTION_COUNT];
	struct list labels;
	struct deny_syntax deny;
	const char *description;
	const char *log;
};

static const char *const section_names[] = {"ingress", "ingressDeny", "egress", "egressDeny"};

static int deny_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("ingress", struct deny_syntax, dir[AXO_DIR_INGRESS], decode_bool),
		FIELD("egress", struct deny_syntax, dir[AXO_DIR_EGRESS], decode_bool),
	};

	return decode_object(d, n, fields, ARRAY_SIZE(fields), out);
}

static int log_value(struct decoder *d, const struct node *n, void *out)
{
	int err = decode_text(d, n, out);
	const char *text = *(const char **)out;

	if (err)
		return err;
	if (strlen(text) > LOG_MAX)
		return decode_fail(d, n->pos, ": at most %d characters, found %zu", LOG_MAX,
				   strlen(text));
	for (const char *p = text; *p; p++)
		if (!isprint((unsigned char)*p))
			return decode_fail(d, n->pos, ": expected printable characters only");
	return 0;
}

static int log_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		{.name = "value", .fn = log_value, .offset = 0},
	};

	return decode_object(d, n, fields, ARRAY_SIZE(fields), out);
}

struct label_syntax {
	const char *source;
	const char *key;
	const char *value;
};

/* Labels of the rule itself: as objects (as the API server shows them). */
static int label_read(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("source", struct label_syntax, source, decode_text),
		FIELD_REQUIRED("key", struct label_syntax, key, decode_text),
		FIELD("value", struct label_syntax, value, decode_text),
	};
	struct label_syntax s = {.source = "unspec", .value = ""};
	int err = 0;

	if (n->kind == NODE_SCALAR)
		return decode_text(d, n, out);
	err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);
	if (!err)
		*(const char **)out = arena_printf(d->arena, "%s:%s=%s", s.source, s.key, s.value);
	return err;
}

static void sections_warn(struct decoder *d, const struct rule_syntax *s)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		if (!s->sections[i].present || s->sections[i].count)
			continue;
		decode_push(d, section_names[i], 0);
		decode_warn(d, s->sections[i].pos, ": an empty list has no effect");
		decode_pop(d);
	}
}

static bool items_chaos_only(const struct list *items)
{
	list_each(struct rule_item, item, items) {
		list_each(struct port_rule, r, &item->ports) {
			if (r->l7 != L7_CHAOS)
				return false;
		}
		if (!item->ports.count)
			return false;
	}
	return items->count > 0;
}

/* Whoever only wants faults rarely wants everything else to be dropped. */
static void chaos_warn(struct decoder *d, const struct rule_syntax *s, const struct rule *r)
{
	for (int i = 0; i < SECTION_COUNT; i += 2) {
		enum axo_dir dir = section_dir((enum rule_section)i);

		if (!r->default_deny[dir] || s->deny.dir[dir] == 1 ||
		    !items_chaos_only(&s->sections[i]))
			continue;
		decode_push(d, section_names[i], 0);
		decode_warn(d, s->sections[i].pos,
			    ": these rules only make faults, yet put the endpoints in default "
			    "deny: all other %s traffic is dropped; if that is not meant, add "
			    "enableDefaultDeny: {%s: false}",
			    section_names[i], section_names[i]);
		decode_pop(d);
	}
}

static void default_deny_fill(const struct rule_syntax *s, struct rule *r)
{
	for (int dir = 0; dir < 2; dir++) {
		int first = dir == AXO_DIR_INGRESS ? SECTION_INGRESS : SECTION_EGRESS;
		bool any = s->sections[first].count || s->sections[first + 1].count;

		r->has_section[dir] = any || s->deny.dir[dir] == 1;
		r->default_deny[dir] = s->deny.dir[dir] < 0 ? any : s->deny.dir[dir];
	}
}

/* The peers are const to their readers; here they are still being made. */
static void item_imply(struct decoder *d, const struct rule_item *item, const char *member)
{
	struct peer *peers = (struct peer *)item->peers.items;

	decode_push(d, member, 0);
	for (uint32_t i = 0; i < item->peers.count; i++) {
		if (peers[i].type != PEER_SELECTOR)
			continue;
		decode_push(d, NULL, i);
		imply_peer_namespace(d, &peers[i].selector);
		selector_warn(d, &peers[i].selector);
		decode_pop(d);
	}
	decode_pop(d);
}

static void peers_imply(struct decoder *d, const struct rule *r)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		bool in = section_dir((enum rule_section)i) == AXO_DIR_INGRESS;
		uint32_t index = 0;

		decode_push(d, section_names[i], 0);
		list_each(struct rule_item, item, &r->sections[i]) {
			decode_push(d, NULL, index++);
			item_imply(d, item, in ? "fromEndpoints" : "toEndpoints");
			decode_pop(d);
		}
		decode_pop(d);
	}
}

static int host_check(struct decoder *d, const struct rule *r)
{
	int err = 0;

	for (int i = 0; i < SECTION_COUNT; i++)
		list_each(struct rule_item, item, &r->sections[i]) {
			list_each(struct port_rule, p, &item->ports) {
				if (p->l7)
					err |= decode_fail(d, p->l7_pos,
							   ": a host policy takes no L7 rules");
			}
		}
	return err;
}

static int subject_fill(struct decoder *d, const struct node *n, const struct rule_syntax *s,
			struct rule *r)
{
	if (s->endpoint.present == s->node.present)
		return decode_fail(d, n->pos,
				   ": expected exactly one of endpointSelector and nodeSelector, "
				   "found %s",
				   s->node.present ? "both" : "none");
	if (s->node.present && d->kind != POLICY_CCNP)
		return decode_fail(d, s->node.pos,
				   ".nodeSelector: only in CiliumClusterwideNetworkPolicy");
	r->host = s->node.present;
	r->subject = r->host ? s->node : s->endpoint;
	if (r->host)
		return 0;
	decode_push(d, "endpointSelector", 0);
	imply_subject_namespace(d, &r->subject);
	selector_warn(d, &r->subject);
	decode_pop(d);
	return 0;
}

static int rule_finish(struct decoder *d, const struct node *n, const struct rule_syntax *s,
		       struct rule *r)
{
	bool any = false;

	d->subject_is_init = false;
	r->pos = n->pos;
	for (int i = 0; i < SECTION_COUNT; i++) {
		r->sections[i] = s->sections[i];
		any |= s->sections[i].present;
	}
	r->labels = s->labels;
	r->description = s->description;
	r->log = s->log;
	int err = subject_fill(d, n, s, r);
	if (!any)
		err |= decode_fail(d, n->pos,
				   ": expected at least one of ingress, ingressDeny, egress and "
				   "egressDeny");
	if (err)
		return err;
	default_deny_fill(s, r);
	sections_warn(d, s);
	chaos_warn(d, s, r);
	peers_imply(d, r);
	return r->host ? host_check(d, r) : 0;
}

int read_rule(struct decoder *d, const struct node *n, void *out)
{
	static const struct field fields[] = {
		FIELD("endpointSelector", struct rule_syntax, endpoint, read_selector),
		FIELD("nodeSelector", struct rule_syntax, node, read_selector),
		FIELD_LIST("ingress", struct rule_syntax, sections[SECTION_INGRESS],
			   struct rule_item, read_ingress),
		FIELD_LIST("ingressDeny", struct rule_syntax, sections[SECTION_INGRESS_DENY],
			   struct rule_item, read_ingress_deny),
		FIELD_LIST("egress", struct rule_syntax, sections[SECTION_EGRESS], struct rule_item,
			   read_egress),
		FIELD_LIST("egressDeny", struct rule_syntax, sections[SECTION_EGRESS_DENY],
			   struct rule_item, read_egress_deny),
		FIELD_LIST("labels", struct rule_syntax, labels, char *, label_read),
		FIELD("enableDefaultDeny", struct rule_syntax, deny, deny_read),
		FIELD("description", struct rule_syntax, description, decode_scalar),
		FIELD("log", struct rule_syntax, log, log_read),
	};
	struct rule_syntax s = {.deny = {{-1, -1}}};
	struct rule *r = out;
	int err = decode_object(d, n, fields, ARRAY_SIZE(fields), &s);

	r->index = -1;
	return err ? err : rule_finish(d, n, &s, r);
}
