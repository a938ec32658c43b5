/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where policies come from: texts, and what the API was given.
 *
 * Every object of the API is a source of its own, so that one can be replaced without the others
 * that came with it.
 */
#ifndef LOADER_POLICY_SOURCE_H
#define LOADER_POLICY_SOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "policy/report.h"

struct policy;
struct policy_engine;
struct policy_text;

/**
 * struct policy_outcome - what came of a text; policy_outcome_init() and _fini()
 * @dry_run: in: only say what it would do
 * @count:   objects
 * @report:  warnings: those of the text, and what it says in vain as things are now
 * @would:   of a dry run: what it would do (policy_dry_run.h), owned
 */
struct policy_outcome {
	bool dry_run;
	size_t count;
	struct report report;
	json_t *would;
};

void policy_outcome_init(struct policy_outcome *o, const char *file, bool dry_run);
void policy_outcome_fini(struct policy_outcome *o);

/**
 * policy_text_parse - all objects of @t
 * Warnings stand in the log.
 */
int policy_text_parse(const struct policy_text *t, struct policy **list, struct error *e);

/** policy_sources_load - what the API was given, from the disk into the set */
int policy_sources_load(struct policy_engine *p, struct error *e);

/** policy_source_put - the objects of @t come, or are replaced */
int policy_source_put(struct policy_engine *p, const struct policy_text *t,
		      struct policy_outcome *o, struct error *e);

/** policy_source_delete_text - the objects that @t names go */
int policy_source_delete_text(struct policy_engine *p, const struct policy_text *t,
			      struct policy_outcome *o, struct error *e);

/** policy_source_delete - one object; -EPERM: it is of a file of the directory */
int policy_source_delete(struct policy_engine *p, const struct policy *policy,
			 struct policy_outcome *o, struct error *e);

/** policy_source_is_api - is @source one of the API? */
bool policy_source_is_api(const char *source);

/**
 * policy_source_find - by name; @kind NULL: any
 * Return: 0; -ENOENT; -EEXIST: several kinds have the name
 */
int policy_source_find(const struct policy_engine *p, const char *kind, const char *namespace_,
		       const char *name, const struct policy **out, struct error *e);

/** policy_source_text - the document that @policy was read from; free; NULL = no memory */
char *policy_source_text(struct policy_engine *p, const struct policy *policy);

#endif
