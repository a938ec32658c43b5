/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An error that can be shown: what pure code (parsers, pools, compilers) returns in place of
 * logging.  The message names the object, what was found and what was expected.
 */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include <stdarg.h>

/**
 * struct error - why something was refused
 * @code: negative errno; 0 = no error
 * @msg:  one sentence without a final full stop; valid only when @code is not 0
 */
struct error {
	int code;
	char msg[256];
};

/**
 * error_set - fill @e (which may be NULL) and return -abs(@code)
 *
 * So a function ends with `return error_set(e, EINVAL, "prefix length %d: expected 0 to 32", n);`.
 * A message longer than the buffer is cut.
 */
int error_set(struct error *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
