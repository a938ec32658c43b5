/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* References to parts of policies; see ref.h. */
#include "policy/ref.h"

#include <errno.h>
#include <stdio.h>

static const char *const section_names[] = {"ingress", "ingressDeny", "egress", "egressDeny"};

uint32_t ref_parts(const struct rule_item *item)
{
	uint32_t parts = item->ports.count + item->icmps.count;

	return parts ? parts : 1;
}

uint32_t ref_count(const struct policy *p)
{
	uint32_t count = 0;

	list_each(struct rule, r, &p->rules) {
		for (int s = 0; s < SECTION_COUNT; s++)
			list_each(struct rule_item, item, &r->sections[s]) {
				count += ref_parts(item);
			}
	}
	return count;
}

static void part_fill(const struct rule_item *item, uint32_t n, struct ref *out)
{
	out->part = item->limited ? (int)n : -1;
	if (n < item->ports.count)
		out->pos = list_at(&item->ports, struct port_rule, n)->pos;
	else if (n < item->icmps.count)
		out->pos = list_at(&item->icmps, struct icmp_rule, n)->pos;
	else
		out->pos = item->pos;
}

/* Is the part in this rule?  If not, *n is lowered by what the rule takes. */
static bool rule_find(const struct rule *r, uint32_t *n, struct ref *out)
{
	for (int s = 0; s < SECTION_COUNT; s++)
		for (uint32_t i = 0; i < r->sections[s].count; i++) {
			const struct rule_item *item =
				list_at(&r->sections[s], struct rule_item, i);
			uint32_t parts = ref_parts(item);

			if (*n >= parts) {
				*n -= parts;
				continue;
			}
			out->rule = r;
			out->item = item;
			out->section = (enum rule_section)s;
			out->index = i;
			part_fill(item, *n, out);
			return true;
		}
	return false;
}

int ref_find(const struct policy *p, uint32_t n, struct ref *out)
{
	struct ref found = {.policy = p};

	list_each(struct rule, r, &p->rules) {
		if (rule_find(r, &n, &found)) {
			*out = found;
			return 0;
		}
	}
	return -ENOENT;
}

const char *ref_to_str(const struct ref *r, char buf[static REF_STR_MAX])
{
	const char *ns = r->policy->namespace_;
	char spec[24] = "", part[40] = "";

	if (r->rule->index >= 0)
		snprintf(spec, sizeof(spec), "specs[%d].", r->rule->index);
	if (r->part >= 0)
		snprintf(part, sizeof(part), ".%s[%d]", r->item->ports.count ? "toPorts" : "icmps",
			 r->part);
	snprintf(buf, REF_STR_MAX, "%s%s%s#%s%s[%u]%s", ns ? ns : "", ns ? "/" : "",
		 r->policy->name, spec, section_names[r->section], r->index, part);
	return buf;
}
