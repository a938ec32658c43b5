/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The files of prefixes: whatever they hold is taken or refused with a sentence that names the line;
 * what is taken makes a table.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "loader/ip_spec.h"
#include "loader/prefilter_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void check(int r, const struct error *e)
{
	if (r < 0 && (e->code >= 0 || strncmp(e->msg, "f:", 2) != 0))
		abort();
}

static void prefilter(char *text, size_t size)
{
	struct pf_groups groups;
	struct pf_rules rules = {0};
	struct pf_table table;
	struct error e = {0};
	int r;

	pf_groups_init(&groups);
	r = pf_file_parse("f", text, size, &groups, &rules, &e);
	check(r, &e);
	if (r == 0) {
		if (pf_table_make(&rules, &table) < 0)
			abort();
		pf_table_fini(&table);
	}
	free(rules.items);
	pf_groups_fini(&groups);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ip_specs specs = {0};
	struct error e = {0};
	char *text = text_of(data, size);

	check(ip_file_parse("f", text, size, &specs, &e), &e);
	ip_specs_fini(&specs);
	free(text);
	text = text_of(data, size);
	prefilter(text, size);
	free(text);
	return 0;
}
