/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tables for people: a header, aligned columns, two spaces between them.
 *
 * Widths follow the first TABLE_WINDOW rows, which are held back until they are known; later
 * rows are written as they come, so that a table of half a million rows needs no memory.
 */
#ifndef LOADER_CLI_TABLE_H
#define LOADER_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 16
#define TABLE_WINDOW 1024

/**
 * struct table
 * @header:  column titles; a leading '>' aligns the column to the right
 * @row:     cells of the row being filled; owned
 * @held:    rows that wait for the widths, TABLE_COLUMNS cells each; owned
 */
struct table {
	FILE *out;
	const char *const *header;
	size_t columns;
	size_t widths[TABLE_COLUMNS];
	char *row[TABLE_COLUMNS];
	size_t filled;
	char *(*held)[TABLE_COLUMNS];
	size_t held_count;
	bool flushed;
};

/** table_begin - @header: titles, then NULL; borrowed until table_end() */
void table_begin(struct table *t, FILE *out, const char *const *header);

/**
 * table_cell - the next cell of the row, printf-like; the last one of a row completes it
 *
 * What could harm a terminal (control characters) is shown as '?': names come from pods.
 * Without memory a cell is empty.
 */
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** table_end - write what is held back (the header, if nothing else) */
void table_end(struct table *t);

/** table_drop - instead of table_end(): forget what is held back, and the header */
void table_drop(struct table *t);

#endif
