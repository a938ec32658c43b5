/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The error object; see failure.h. */
#include "cni/failure.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

int failure_set(struct failure *f, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->msg, sizeof(f->msg), fmt, ap);
	va_end(ap);
	f->code = code;
	f->details[0] = '\0';
	return -ECANCELED;
}

int failure_detail(struct failure *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->details, sizeof(f->details), fmt, ap);
	va_end(ap);
	return -ECANCELED;
}

/* UTF-8 as it is; text that is not, byte by byte as ASCII. */
static json_t *text_json(const char *text)
{
	json_t *j = json_string(text);
	char ascii[512];
	size_t n = 0;

	if (j)
		return j;
	for (; text[n] && n < sizeof(ascii) - 1; n++)
		ascii[n] = (unsigned char)text[n] < 0x80 ? text[n] : '?';
	ascii[n] = '\0';
	return json_string(ascii);
}

char *failure_to_json(const struct failure *f, const char *cni_version)
{
	json_auto_t *j = json_pack("{s:s, s:i, s:o, s:o}", "cniVersion", cni_version, "code",
				   f->code, "msg", text_json(f->msg), "details",
				   text_json(f->details));

	return j ? json_dumps(j, JSON_COMPACT) : NULL;
}
