/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file's documents, one after the other; see parse.h. */
#include "policy/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "policy/json_text.h"
#include "policy/read.h"
#include "policy/ref.h"

struct policy *policy_hold(const struct policy *p)
{
	struct policy *held = (struct policy *)p; /* const to readers; the count is ours */

	held->holders++;
	return held;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	if (p->holders) {
		p->holders--;
		return;
	}
	arena_fini(&p->arena);
	free(p);
}

void policies_free(struct policy *head)
{
	while (head) {
		struct policy *next = head->next;

		policy_free(head);
		head = next;
	}
}

static struct policy *policies_reverse(struct policy *head)
{
	struct policy *out = NULL;

	while (head) {
		struct policy *next = head->next;

		head->next = out;
		out = head;
		head = next;
	}
	return out;
}

/* Nodes live in an arena of their own, so a large file costs the memory of its largest document. */
static int documents_parse(struct node_reader *r, const char *file, struct report *report,
			   struct policy **head)
{
	int err = 0, more = 1;

	while (more > 0) {
		struct arena nodes = {0};
		const struct node *root = NULL;
		struct decoder d = {.arena = &nodes, .report = report};

		more = node_next(r, &nodes, report, &root);
		if (more > 0 && root)
			err |= read_document(&d, root, file, head);
		arena_fini(&nodes);
	}
	return more < 0 || err ? -EINVAL : 0;
}

static bool policy_same(const struct policy *a, const struct policy *b)
{
	if (a->kind != b->kind || strcmp(a->name, b->name))
		return false;
	return !a->namespace_ || !strcmp(a->namespace_, b->namespace_);
}

static int policy_order(const void *a, const void *b)
{
	const struct policy *x = *(const struct policy *const *)a;
	const struct policy *y = *(const struct policy *const *)b;
	int order = (int)x->kind - (int)y->kind;

	if (!order && x->namespace_)
		order = strcmp(x->namespace_, y->namespace_);
	if (!order)
		order = strcmp(x->name, y->name);
	if (!order)
		order = x->pos.line < y->pos.line ? -1 : x->pos.line > y->pos.line;
	return order;
}

static int names_check(struct policy *head, struct report *report)
{
	size_t count = 0, i = 0;
	int err = 0;

	for (struct policy *p = head; p; p = p->next)
		count++;
	const struct policy **all = reallocarray(NULL, count + 1, sizeof(*all));
	if (!all)
		abort();
	for (struct policy *p = head; p; p = p->next)
		all[i++] = p;
	qsort(all, count, sizeof(*all), policy_order);
	for (i = 1; i < count; i++)
		if (policy_same(all[i - 1], all[i]))
			err |= report_add(report, SEVERITY_ERROR, all[i]->pos,
					  "%s %s%s%s is there twice (first in line %u)",
					  policy_kind_to_str((enum policy_kind)all[i]->kind),
					  all[i]->namespace_ ? all[i]->namespace_ : "",
					  all[i]->namespace_ ? "/" : "", all[i]->name,
					  all[i - 1]->pos.line);
	free(all);
	return err;
}

int policy_parse(const char *file, const char *text, size_t len, struct report *report,
		 struct policy **out)
{
	_cleanup_free_ char *joined = len <= NODE_MAX_BYTES ? json_text_join(text, &len) : NULL;
	struct node_reader *r = node_reader_new(joined ? joined : text, len);
	struct policy *head = NULL;
	int err = documents_parse(r, file, report, &head);

	node_reader_free(r);
	head = policies_reverse(head);
	if (!err)
		err = names_check(head, report);
	if (err) {
		policies_free(head);
		return -EINVAL;
	}
	for (struct policy *p = head; p; p = p->next)
		p->refs = ref_count(p);
	*out = head;
	return 0;
}
