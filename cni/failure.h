/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Failure: the error object of the CNI specification (section 5), as the plugin collects it.
 *
 * Holds for all of cni/: a function that takes a struct failure returns 0, or a negative value
 * with the failure filled in:
 *      -EAGAIN     the agent cannot serve now: it is not there, or answered 503
 *      -ENOLINK    the agent took the request, and its answer was lost or is no answer: perhaps it is done
 *      -ECANCELED  everything else
 */
#ifndef CNI_FAILURE_H
#define CNI_FAILURE_H

#include <stdarg.h>
#include <stddef.h>

/** enum cni_code - reserved codes; 100 and up are our own (docs/api.md) */
enum cni_code {
	CNI_INCOMPATIBLE_VERSION = 1,
	CNI_INVALID_ENVIRONMENT = 4,
	CNI_IO = 5,
	CNI_UNDECODABLE = 6,
	CNI_INVALID_CONFIG = 7,
	CNI_TRY_LATER = 11,
	CNI_NOT_AVAILABLE = 50,
	CNI_EXISTS = 103,
	CNI_KERNEL = 106,
	CNI_DIFFERENCE = 107,
};

/**
 * struct failure - why a command failed
 * @code:    enum cni_code, or what the agent sent
 * @msg:     one sentence: what, found, expected
 * @details: more for who debugs, or ""
 */
struct failure {
	int code;
	char msg[384];
	char details[384];
};

/** failure_set - fill @f, without details; returns -ECANCELED */
int failure_set(struct failure *f, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** failure_detail - set the details of @f, which is filled already; returns -ECANCELED */
int failure_detail(struct failure *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * failure_to_json - the error object as one line of text; owned by the caller, NULL = no memory
 *
 * Bytes that are no UTF-8 are shown as '?': the environment can hold anything.
 */
char *failure_to_json(const struct failure *f, const char *cni_version);

#endif
