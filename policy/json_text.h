/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * JSON that is to be read as YAML: the one thing that YAML does not know.
 */
#ifndef POLICY_JSON_TEXT_H
#define POLICY_JSON_TEXT_H

#include <stddef.h>

/**
 * json_text_join - escapes of UTF-16 pairs (RFC 8259, 7) as YAML's \U escapes
 * @len: of @text; on return that of the result
 * Return: the changed text, owned by the caller (free); NULL: @text is no JSON, or has no such
 * pairs.  Columns behind a pair are lower by two.
 */
char *json_text_join(const char *text, size_t *len);

#endif
