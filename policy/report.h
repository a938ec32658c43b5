/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Report: what was found wrong with one policy file, in the order of the file.
 *
 * A line reads `error: FILE:12:7: spec.ingress[0].fromGroups is not supported (...)`.  The first
 * REPORT_MAX findings are kept, all are counted.
 */
#ifndef POLICY_REPORT_H
#define POLICY_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "lib/error.h"

#define REPORT_MAX 100

/** struct pos - where in the file; both count from 1, 0 = unknown */
struct pos {
	uint32_t line;
	uint32_t column;
};

enum severity { SEVERITY_WARNING, SEVERITY_ERROR };

/** struct finding - @text is owned by the report and holds neither file nor position */
struct finding {
	enum severity severity;
	struct pos pos;
	char *text;
};

/**
 * struct report - findings of one file
 * @file:     its name, borrowed
 * @errors, @warnings: how many, kept or not
 */
struct report {
	const char *file;
	struct finding items[REPORT_MAX];
	uint32_t count;
	uint32_t errors;
	uint32_t warnings;
};

void report_init(struct report *r, const char *file);
void report_fini(struct report *r);

/** report_add - one finding; returns -EINVAL for an error, 0 for a warning */
int report_add(struct report *r, enum severity s, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** report_write - one line per finding, and one that counts those not kept */
void report_write(const struct report *r, FILE *out);

/** report_error - the first error as `FILE:LINE:COL: text`; returns its code, 0 if there is none */
int report_error(const struct report *r, struct error *e);

#endif
