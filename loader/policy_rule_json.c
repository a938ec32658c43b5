/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules as the API names them; see policy_rule_json.h. */
#include "loader/policy_rule_json.h"

#include <string.h>

#include "loader/policy_internal.h"

json_t *policy_ref_json(const struct ref *ref)
{
	char text[REF_STR_MAX];

	return json_pack("{s:s, s:s, s:I}", "rule", ref_to_str(ref, text), "file",
			 ref->policy->file, "line", (json_int_t)ref->pos.line);
}

json_t *policy_rule_json(const struct policy_engine *p, uint32_t number)
{
	const char *name = number == AXO_RULE_DEFAULT ? "default"
			   : number == AXO_RULE_HOST  ? "host"
						      : "";
	struct ref ref;

	if (p && p->set && policy_set_ref(p->set, number, &ref) == 0)
		return policy_ref_json(&ref);
	return json_pack("{s:s, s:s, s:i}", "rule", name, "file", "", "line", 0);
}

json_t *policy_features_json(uint8_t features)
{
	json_t *names = json_array();

	for (uint8_t bit = 1; bit; bit = (uint8_t)(bit << 1))
		if (features & bit)
			json_array_append_new(names,
					      json_string(feature_name((enum axo_feature)bit)));
	return names;
}

char *policy_rule_members(const struct policy_engine *p, uint32_t number)
{
	json_t *rule = policy_rule_json(p, number);
	char *text = json_dumps(rule, JSON_COMPACT);
	size_t len = text ? strlen(text) : 0;

	json_decref(rule);
	if (len < 2)
		return text;
	text[len - 1] = '\0';
	memmove(text, text + 1, len - 1);
	return text;
}
