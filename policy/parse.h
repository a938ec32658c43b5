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

#endif
