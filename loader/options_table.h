/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of options, and how a text becomes a value.  Private to loader/options*.c.
 */
#ifndef LOADER_OPTIONS_TABLE_H
#define LOADER_OPTIONS_TABLE_H

#include "loader/options.h"

/** enum option_kind - what a value looks like, and the type of the field that holds it */
enum option_kind {
	OPTION_TEXT,	  /* char * */
	OPTION_PATH,	  /* char *, absolute */
	OPTION_CIDRS,	  /* struct cidr_list, repeatable */
	OPTION_DEVICES,	  /* struct text_list of interface names, repeatable */
	OPTION_LABELS,	  /* struct text_list of "k8s:KEY=VALUE", repeatable */
	OPTION_NUMBER,	  /* uint64_t */
	OPTION_DURATION,  /* uint64_t, milliseconds */
	OPTION_ON_OFF,	  /* bool */
	OPTION_LOG_LEVEL, /* enum log_level */
	OPTION_SWITCH,	  /* bool; a flag without a value, not for the file */
};

/**
 * struct option_def - one option
 * @name:     flag (behind "--") and key
 * @offset:   of its field in struct options
 * @dflt:     default as text, or NULL
 * @min, @max: for numbers and durations (milliseconds)
 * @flag_only: not allowed in the file
 * @value:    placeholder in the help
 */
struct option_def {
	const char *name;
	enum option_kind kind;
	size_t offset;
	const char *dflt;
	uint64_t min;
	uint64_t max;
	bool flag_only;
	const char *value;
	const char *help;
};

extern const struct option_def option_table[];
extern const size_t option_count;

/** option_find - by @name, or NULL with @e naming the nearest one; @flag chooses the wording */
const struct option_def *option_find(const char *name, bool flag, struct error *e);

/** option_set - parse @text; a repeatable option gets one more item.  @e names the option */
int option_set(struct options *o, const struct option_def *def, const char *text, struct error *e);

/** option_clear - forget the items of a repeatable option; nothing for others */
void option_clear(struct options *o, const struct option_def *def);

static inline bool option_is_list(const struct option_def *def)
{
	return def->kind == OPTION_CIDRS || def->kind == OPTION_DEVICES ||
	       def->kind == OPTION_LABELS;
}

/** options_read_file - apply every key of @path; -ENOENT when there is no such file */
int options_read_file(struct options *o, const char *path, struct error *e);

#endif
