/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings of a policy file; see report.h. */
#include "policy/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void report_init(struct report *r, const char *file)
{
	memset(r, 0, sizeof(*r));
	r->file = file;
}

void report_fini(struct report *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		free(r->items[i].text);
	r->count = 0;
}

static void report_keep(struct report *r, enum severity s, struct pos pos, char *text)
{
	if (r->count == REPORT_MAX) {
		free(text);
		return;
	}
	r->items[r->count++] = (struct finding){.severity = s, .pos = pos, .text = text};
}

int report_add(struct report *r, enum severity s, struct pos pos, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	report_keep(r, s, pos, text);
	if (s == SEVERITY_WARNING) {
		r->warnings++;
		return 0;
	}
	r->errors++;
	return -EINVAL;
}

static void finding_write(const struct report *r, const struct finding *f, FILE *out)
{
	const char *word = f->severity == SEVERITY_ERROR ? "error" : "warning";

	if (f->pos.line)
		fprintf(out, "%s: %s:%u:%u: %s\n", word, r->file, f->pos.line, f->pos.column,
			f->text);
	else
		fprintf(out, "%s: %s: %s\n", word, r->file, f->text);
}

void report_write(const struct report *r, FILE *out)
{
	for (uint32_t i = 0; i < r->count; i++)
		finding_write(r, &r->items[i], out);
	uint32_t more = r->errors + r->warnings - r->count;
	if (more)
		fprintf(out, "%s: %s: %u more findings are not shown\n",
			r->errors ? "error" : "warning", r->file, more);
}

int report_error(const struct report *r, struct error *e)
{
	for (uint32_t i = 0; i < r->count; i++) {
		const struct finding *f = &r->items[i];

		if (f->severity != SEVERITY_ERROR)
			continue;
		return error_set(e, EINVAL, "%s:%u:%u: %s", r->file, f->pos.line, f->pos.column,
				 f->text);
	}
	if (r->errors)
		return error_set(e, EINVAL, "%s: %u errors", r->file, r->errors);
	return 0;
}
