/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Errors that can be shown; see error.h. */
#include "lib/error.h"

#include <stdio.h>
#include <stdlib.h>

int error_set(struct error *e, int code, const char *fmt, ...)
{
	code = -abs(code);
	if (!e)
		return code;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	e->code = code;
	return code;
}
