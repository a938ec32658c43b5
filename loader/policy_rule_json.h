/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules as the API names them: `default/web#ingress[1].toPorts[0]`, with file and line.
 */
#ifndef LOADER_POLICY_RULE_JSON_H
#define LOADER_POLICY_RULE_JSON_H

#include <jansson.h>
#include <stdint.h>

struct policy_engine;
struct ref;

/** policy_ref_json - {"rule", "file", "line"} of @ref; a new reference */
json_t *policy_ref_json(const struct ref *ref);

/**
 * policy_rule_json - the same of a rule's number (enum axo_rule); "rule" is "default" or "host" for
 * those that are no rule, and "" for one that is gone; @p may be NULL
 */
json_t *policy_rule_json(const struct policy_engine *p, uint32_t number);

/**
 * policy_rule_members - the same as text without braces: `"rule":"...","file":"...","line":7`
 * Return: to be freed; NULL = no memory
 */
char *policy_rule_members(const struct policy_engine *p, uint32_t number);

/** policy_features_json - names of the bits of enum axo_feature */
json_t *policy_features_json(uint8_t features);

#endif
