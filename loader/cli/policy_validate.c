/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Checking policy files, with an agent or without; see policy_validate.h. */
#include "loader/cli/policy_validate.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "loader/api.h"
#include "loader/cli/client.h"
#include "policy/node.h"
#include "policy/parse.h"
#include "policy/set.h"

/** struct checked - what was found in one file; @objects and @rules: of a good one */
struct checked {
	const char *file;
	bool good;
	uint32_t objects;
	uint32_t rules;
	struct report report;
};

static void policies_count(const struct policy *head, struct checked *c)
{
	for (const struct policy *p = head; p; p = p->next) {
		c->objects++;
		c->rules += p->refs;
	}
}

static void text_write(const struct cli *cli, const struct checked *c)
{
	if (cli->err)
		report_write(&c->report, cli->err);
	if (c->good)
		fprintf(cli->out, "%s: ok (objects: %u, rules: %u, warnings: %u)\n", c->file,
			c->objects, c->rules, c->report.warnings);
}

static json_t *finding_json(const struct finding *f)
{
	return json_pack("{s:s, s:i, s:i, s:s}", "severity",
			 f->severity == SEVERITY_ERROR ? "error" : "warning", "line", f->pos.line,
			 "column", f->pos.column, "message", f->text);
}

static json_t *checked_json(const struct checked *c)
{
	json_t *findings = json_array();

	for (uint32_t i = 0; i < c->report.count; i++)
		json_array_append_new(findings, finding_json(&c->report.items[i]));
	return json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:o}", "file", c->file, "valid", c->good,
			 "objects", c->objects, "rules", c->rules, "errors", c->report.errors,
			 "warnings", c->report.warnings, "findings", findings);
}

static int file_get(const struct cli *cli, const char *file, char **text, size_t *len)
{
	int err = file_read(strcmp(file, "-") ? file : "/dev/stdin", NODE_MAX_BYTES, text, len);

	if (err == -EFBIG)
		cli_fail(cli, "%s: larger than %u bytes", file, NODE_MAX_BYTES);
	else if (err)
		cli_fail(cli, "%s: %s", file, strerror(-err));
	return err;
}

/* @set: what the files before hold; a name that is there already is an error. */
static void text_check(const char *text, size_t len, struct policy_set *set, struct checked *c)
{
	struct policy *head = NULL;
	struct error e;

	report_init(&c->report, c->file);
	c->good = !policy_parse(c->file, text, len, &c->report, &head);
	if (c->good)
		policies_count(head, c);
	if (c->good && policy_set_apply(set, c->file, head, &e)) {
		report_add(&c->report, SEVERITY_ERROR, (struct pos){0}, "%s", e.msg);
		c->good = false;
	}
	if (!c->good)
		policies_free(head);
}

/* --- what only an agent can know --- */

static bool is_known(const struct report *r, struct pos pos, const char *text)
{
	for (uint32_t i = 0; i < r->count; i++)
		if (r->items[i].pos.line == pos.line && r->items[i].pos.column == pos.column &&
		    !strcmp(r->items[i].text, text))
			return true;
	return false;
}

static void warning_add(struct report *r, const json_t *warning)
{
	const struct pos pos = {(uint32_t)client_number(warning, "line"),
				(uint32_t)client_number(warning, "column")};
	const char *text = client_text(warning, "message");

	if (!is_known(r, pos, text))
		report_add(r, SEVERITY_WARNING, pos, "%s", text);
}

/*
 * Where an agent runs: what the file would say in vain as things are there, and whether it fits.
 * Where none does, or one has these names from elsewhere, there is nothing to be said.
 */
static void agent_warn(const struct cli *cli, const char *text, size_t len, struct checked *c)
{
	_cleanup_json_ json_t *body = json_pack("{s:s, s:s%}", "file", c->file, "text", text, len);
	_cleanup_json_ json_t *answer = NULL;
	const struct call call = {"POST", "/v1/policies/dry-run", body};
	const json_t *w;
	size_t i;
	int status = body ? client_try(cli, &call, &answer) : -EINVAL;

	if (status == 200)
		json_array_foreach(json_object_get(answer, "warnings"), i, w)
			warning_add(&c->report, w);
	else if (status > 0 && client_number(answer, "code") == API_EXHAUSTED)
		report_add(&c->report, SEVERITY_WARNING, (struct pos){0},
			   "the agent has no room: %s", client_text(answer, "message"));
}

/* @results: NULL = text is wanted. */
static bool file_validate(const struct cli *cli, const char *file, struct policy_set *set,
			  json_t *results)
{
	struct checked c = {.file = file};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (file_get(cli, file, &text, &len))
		return false;
	text_check(text, len, set, &c);
	if (c.good)
		agent_warn(cli, text, len, &c);
	if (results)
		json_array_append_new(results, checked_json(&c));
	else
		text_write(cli, &c);
	report_fini(&c.report);
	return c.good;
}

int policy_validate(const struct cli *cli, char *const *files, int count)
{
	_cleanup_json_ json_t *results = cli->json ? json_array() : NULL;
	struct policy_set *set = policy_set_new();
	int bad = 0;

	for (int i = 0; i < count; i++)
		bad += !file_validate(cli, files[i], set, results);
	policy_set_free(set);
	if (results)
		client_print(cli, results);
	return bad;
}
