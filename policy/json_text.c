/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* UTF-16 pairs in JSON; see json_text.h. */
#include "policy/json_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE 6 /* \uXXXX */

/* The code unit of the escape at @p, or 0. */
static unsigned int unit_at(const char *p, const char *end)
{
	char digits[5];

	if (end - p < ESCAPE || p[0] != '\\' || p[1] != 'u')
		return 0;
	memcpy(digits, p + 2, 4);
	digits[4] = '\0';
	for (int i = 0; i < 4; i++)
		if (!isxdigit((unsigned char)digits[i]))
			return 0;
	return (unsigned int)strtoul(digits, NULL, 16);
}

static unsigned int pair_at(const char *p, const char *end)
{
	unsigned int high = unit_at(p, end);

	if (high < 0xd800 || high > 0xdbff)
		return 0;
	unsigned int low = unit_at(p + ESCAPE, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static bool is_json(const char *text, const char *end)
{
	while (text < end && isspace((unsigned char)*text))
		text++;
	return text < end && (*text == '{' || *text == '[');
}

char *json_text_join(const char *text, size_t *len)
{
	const char *end = text + *len;
	size_t pairs = 0;

	if (!is_json(text, end) || !memmem(text, *len, "\\u", 2))
		return NULL;
	char *out = malloc(*len + 1), *to = out;
	if (!out)
		abort();
	for (const char *p = text; p < end;) {
		unsigned int code = pair_at(p, end);

		if (code) {
			to += sprintf(to, "\\U%08x", code);
			p += 2 * ESCAPE;
			pairs++;
			continue;
		}
		if (*p == '\\' && p + 1 < end) /* an escaped backslash escapes nothing */
			*to++ = *p++;
		*to++ = *p++;
	}
	*to = '\0';
	if (pairs) {
		*len = (size_t)(to - out);
		return out;
	}
	free(out);
	return NULL;
}
