/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kind of a policy adds to its selectors.
 *
 *   1. Subject of a namespaced policy: the policy's namespace, whatever the user wrote.
 *   2. Peer in a namespaced policy: its namespace, unless the selector speaks of namespaces, of
 *      labels of namespaces or of a reserved label.
 *   3. Peer in a clusterwide policy: a pod of any namespace, with the same exceptions, and not
 *      if the subject is reserved:init.
 */
#include "policy/read.h"

#include <string.h>

static bool requirement_speaks(const struct requirement *r)
{
	bool pod = r->source == LABEL_ANY || r->source == LABEL_K8S;

	if (r->source == LABEL_RESERVED)
		return true;
	return pod && (!strcmp(r->key, LABEL_NAMESPACE) ||
		       !strncmp(r->key, LABEL_NAMESPACE_LABELS, strlen(LABEL_NAMESPACE_LABELS)));
}

static bool selector_speaks(const struct selector *s)
{
	list_each(struct requirement, r, &s->requirements) {
		if (requirement_speaks(r))
			return true;
	}
	return false;
}

void selector_require(struct decoder *d, struct selector *s, enum selector_op op, const char *key,
		      const char *value)
{
	uint32_t count = s->requirements.count;
	struct requirement *r = arena_alloc(d->arena, (count + 1) * sizeof(*r));

	if (count)
		memcpy(r, s->requirements.items, count * sizeof(*r));
	r[count] = (struct requirement){
		.pos = s->pos, .source = LABEL_K8S, .op = (uint8_t)op, .implied = true, .key = key};
	if (value) {
		const char **values = arena_alloc(d->arena, sizeof(*values));

		*values = value;
		r[count].values = (struct list){.items = values, .count = 1, .present = true};
	}
	s->requirements.items = r;
	s->requirements.count = count + 1;
}

static bool requirement_allows(const struct requirement *r, const char *value)
{
	struct label l = {.source = LABEL_K8S, .key = r->key, .value = value};
	struct label_set set = {.items = &l, .count = 1};

	return requirement_matches(r, &set);
}

/* Rule 1: drop what the user said of the namespace; warn if it was another one. */
static void namespace_drop(struct decoder *d, struct selector *s)
{
	struct requirement *kept = arena_alloc(d->arena, s->requirements.count * sizeof(*kept));
	uint32_t count = 0;

	list_each(struct requirement, r, &s->requirements) {
		bool pod = r->source == LABEL_ANY || r->source == LABEL_K8S;

		if (!pod || strcmp(r->key, LABEL_NAMESPACE)) {
			kept[count++] = *r;
			continue;
		}
		if (!requirement_allows(r, d->namespace_))
			decode_warn(d, r->pos,
				    ": the policy is of namespace %s; what the selector says of "
				    "another is ignored",
				    d->namespace_);
	}
	s->requirements.items = kept;
	s->requirements.count = count;
}

void imply_subject_namespace(struct decoder *d, struct selector *s)
{
	if (d->namespace_) {
		namespace_drop(d, s);
		selector_require(d, s, OP_IN, LABEL_NAMESPACE, d->namespace_);
		return;
	}
	list_each(struct requirement, r, &s->requirements) {
		if (r->source == LABEL_RESERVED && !strcmp(r->key, "init"))
			d->subject_is_init = true;
	}
}

void imply_peer_namespace(struct decoder *d, struct selector *s)
{
	if (selector_speaks(s))
		return;
	if (d->namespace_)
		selector_require(d, s, OP_IN, LABEL_NAMESPACE, d->namespace_);
	else if (!d->subject_is_init)
		selector_require(d, s, OP_EXISTS, LABEL_NAMESPACE, NULL);
}

void selector_warn(struct decoder *d, const struct selector *s)
{
	const struct requirement *one = NULL, *other = NULL;

	if (!selector_contradicts(s, &one, &other))
		return;
	decode_warn(d, one->pos, ": can never match: two requirements on %s contradict", one->key);
}
