/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A dry run as people read it; see policy_dry_run.h. */
#include "loader/cli/policy_dry_run.h"

#include <string.h>

#include "lib/cleanup.h"
#include "loader/cli/client.h"
#include "loader/cli/join.h"

void policy_warnings_print(const struct cli *cli, const char *file, const json_t *answer)
{
	const json_t *w;
	size_t i;

	if (!cli->err)
		return;
	json_array_foreach(json_object_get(answer, "warnings"), i, w) {
		fprintf(cli->err, "warning: %s:", file);
		if (client_number(w, "line"))
			fprintf(cli->err, "%lld:%lld:", client_number(w, "line"),
				client_number(w, "column"));
		fprintf(cli->err, " %s\n", client_text(w, "message"));
	}
}

/* "TCP 80, UDP any", or "all protocols" */
static void ports_print(FILE *out, const json_t *ports)
{
	const json_t *p;
	size_t i;

	json_array_foreach(ports, i, p) {
		const char *proto = client_text(p, "protocol"), *port = client_text(p, "port");

		fputs(i ? ", " : "", out);
		if (!strcmp(proto, "any"))
			fputs("all protocols", out);
		else
			fprintf(out, "%s %s", proto, port);
	}
}

/* How a line begins, by "change". */
static const char *change_words(const char *change)
{
	static const char *const words[][2] = {
		{"allowed", "+ allowed"},    {"denied", "- denied "},
		{"restricted", "- limited"}, {"unrestricted", "+ freed  "},
		{"changed", "~ limited"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i][0], change))
			return words[i][1];
	return change;
}

/* A text may have commas of its own. */
static void limits_print(FILE *out, const char *head, const json_t *texts)
{
	const json_t *t;
	size_t i;

	json_array_foreach(texts, i, t)
		fprintf(out, "%s%s", i ? "; " : head, json_string_value(t));
}

static void change_print(FILE *out, const json_t *c)
{
	_cleanup_free_ char *peers = join_texts(json_object_get(c, "peers"));
	_cleanup_free_ char *but = join_texts(json_object_get(c, "butPeers"));
	json_int_t more = client_number(c, "peerCount") -
			  (json_int_t)json_array_size(json_object_get(c, "peers"));
	bool in = !strcmp(client_text(c, "direction"), "ingress");

	fprintf(out, "  %s %s %s", change_words(client_text(c, "change")), in ? "from" : "to  ",
		peers ? peers : "");
	if (more > 0)
		fprintf(out, " and %lld more", more);
	if (but && *but)
		fprintf(out, " but %s", but);
	fputs(": ", out);
	ports_print(out, json_object_get(c, "ports"));
	if (json_array_size(json_object_get(c, "butPorts"))) {
		fputs(" but ", out);
		ports_print(out, json_object_get(c, "butPorts"));
	}
	limits_print(out, ", only: ", json_object_get(c, "only"));
	limits_print(out, ", before only: ", json_object_get(c, "onlyBefore"));
	fputc('\n', out);
}

void policy_dry_run_print(const struct cli *cli, const char *file, const json_t *answer)
{
	const json_t *groups = json_object_get(answer, "changes"), *group, *change;
	bool applied = json_object_get(answer, "applied") != NULL;
	size_t i, k;

	policy_warnings_print(cli, file, answer);
	json_array_foreach(groups, i, group) {
		_cleanup_free_ char *names = join_texts(json_object_get(group, "endpoints"));

		fprintf(cli->out, "%s:\n", names ? names : "");
		json_array_foreach(json_object_get(group, "changes"), k, change)
			change_print(cli->out, change);
	}
	if (!json_array_size(groups))
		fputs("nobody on this host would gain or lose access\n", cli->out);
	fprintf(cli->out, "%s: %lld would be %s (dry run: nothing was changed)\n", file,
		client_number(answer, applied ? "applied" : "deleted"),
		applied ? "applied" : "deleted");
}
