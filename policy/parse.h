/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parse: a policy file to policies.
 */
#ifndef POLICY_PARSE_H
#define POLICY_PARSE_H

#include "policy/rule.h"

/**
 * policy_parse - all documents of one file, YAML or JSON, as a whole or not at all
 * @file: its name, for findings and references; copied
 * @text: @len bytes
 * @report: gets every finding, warnings too; report_init()ed by the caller for the same @file
 * @out:  list in the order of the file (policies_free); NULL if the file holds none
 * Return: 0, or -EINVAL and @out unchanged.
 */
int policy_parse(const char *file, const char *text, size_t len, struct report *report,
		 struct policy **out);

/** enum policy_feature - parts of the language that other components enforce */
enum policy_feature {
	FEATURE_HTTP = 1 << 0,
	FEATURE_DNS = 1 << 1, /* dns rules and toFQDNs */
	FEATURE_CHAOS = 1 << 2,
	FEATURE_SNI = 1 << 3,
	FEATURE_CHAOS_HTTP = 1 << 4, /* chaos rules with filters, and abort: 503 */
};

/** FEATURES_ENFORCED - those that programs of this version enforce, beside addresses and ports */
#define FEATURES_ENFORCED \
	(FEATURE_HTTP | FEATURE_DNS | FEATURE_SNI | FEATURE_CHAOS | FEATURE_CHAOS_HTTP)

/**
 * policy_check_features - refuse what nobody enforces
 * @features: enum policy_feature that are there
 * Reports every use of another one as an error.  Return: 0 or -EINVAL.
 */
int policy_check_features(const struct policy *head, unsigned int features, struct report *report);

#endif
