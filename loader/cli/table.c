/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tables for people; see table.h. */
#include "loader/cli/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *title(const struct table *t, size_t column)
{
	return t->header[column] + (t->header[column][0] == '>');
}

static bool is_right(const struct table *t, size_t column)
{
	return t->header[column][0] == '>';
}

static void widen(struct table *t, size_t column, const char *text)
{
	size_t len = strlen(text);

	if (len > t->widths[column])
		t->widths[column] = len;
}

void table_begin(struct table *t, FILE *out, const char *const *header)
{
	*t = (struct table){.out = out, .header = header};
	while (header[t->columns])
		t->columns++;
	assert(t->columns && t->columns <= TABLE_COLUMNS);
	for (size_t i = 0; i < t->columns; i++)
		widen(t, i, title(t, i));
	t->held = calloc(TABLE_WINDOW, sizeof(*t->held));
}

/* No blanks behind the last column. */
static void write_cell(struct table *t, size_t column, const char *text)
{
	bool last = column + 1 == t->columns;

	if (is_right(t, column))
		fprintf(t->out, "%*s", (int)t->widths[column], text);
	else
		fprintf(t->out, "%-*s", last ? 0 : (int)t->widths[column], text);
	fputs(last ? "\n" : "  ", t->out);
}

static void write_row(struct table *t, char **row)
{
	for (size_t i = 0; i < t->columns; i++) {
		write_cell(t, i, row[i] ? row[i] : "");
		free(row[i]);
		row[i] = NULL;
	}
}

static void flush(struct table *t)
{
	for (size_t i = 0; i < t->columns; i++)
		write_cell(t, i, title(t, i));
	for (size_t i = 0; i < t->held_count; i++)
		write_row(t, t->held[i]);
	t->held_count = 0;
	t->flushed = true;
}

static void finish_row(struct table *t)
{
	t->filled = 0;
	if (!t->flushed && !t->held)
		flush(t);
	if (t->flushed) {
		write_row(t, t->row);
		return;
	}
	memcpy(t->held[t->held_count++], t->row, sizeof(t->row));
	memset(t->row, 0, sizeof(t->row));
	if (t->held_count == TABLE_WINDOW)
		flush(t);
}

static void make_harmless(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text) {
		make_harmless(text);
		if (!t->flushed)
			widen(t, t->filled, text);
	}
	t->row[t->filled++] = text;
	if (t->filled == t->columns)
		finish_row(t);
}

void table_end(struct table *t)
{
	assert(!t->filled);
	if (!t->flushed)
		flush(t);
	free(t->held);
	t->held = NULL;
}

void table_drop(struct table *t)
{
	for (size_t i = 0; i < t->held_count; i++)
		for (size_t j = 0; j < t->columns; j++)
			free(t->held[i][j]);
	free(t->held);
	t->held = NULL;
}
