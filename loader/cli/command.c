/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of commands; see command.h. */
#include "loader/cli/command.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/nearest.h"

#define MANY 256

const struct command commands[] = {
	{"status", "", 0, 0, 0, cmd_status, "state of the agent, pools, maps"},
	{"endpoint list", "", 0, 0, 0, cmd_endpoint_list, "all endpoints of this host"},
	{"endpoint get", "ENDPOINT", 1, 1, 0, cmd_endpoint_get, "one endpoint, all of it"},
	{"endpoint label", "ENDPOINT KEY=VALUE... KEY-...", 2, MANY, 0, cmd_endpoint_label,
	 "set labels, and remove those with a final '-'"},
	{"endpoint audit", "ENDPOINT on|off", 2, 2, 0, cmd_endpoint_audit,
	 "on: its policies report what they deny, and let it pass"},
	{"ip list", "", 0, 0, 0, cmd_ip_list, "prefixes and their identities"},
	{"ip add", "CIDR IDENTITY|LABEL...", 2, MANY, 0, cmd_ip_add, "say whose a prefix is"},
	{"ip delete", "CIDR...", 1, MANY, 0, cmd_ip_delete, "forget prefixes that were added"},
	{"identity list", "", 0, 0, 0, cmd_identity_list, "identities and their labels"},
	{"conntrack list", "[--endpoint ENDPOINT]", 0, 0, OPTION_ENDPOINT, cmd_conntrack_list,
	 "flows"},
	{"conntrack flush", "[--endpoint ENDPOINT]", 0, 0, OPTION_ENDPOINT, cmd_conntrack_flush,
	 "forget flows; the next packet of each is judged anew"},
	{"fqdn list", "", 0, 0, 0, cmd_fqdn_list, "names that pods asked for, and their addresses"},
	{"monitor", "[--type TYPE]", 0, 0, OPTION_TYPE, cmd_monitor,
	 "events as they happen, until interrupted (type: drop, policy-verdict, chaos, l7)"},
	{"policy validate", "FILE...", 1, MANY, 0, cmd_policy_validate,
	 "check policy files; needs no agent (- is standard input)"},
	{"policy apply", "[--dry-run] FILE...", 1, MANY, OPTION_DRY_RUN, cmd_policy_apply,
	 "put policies in force, each file as a whole (- is standard input)"},
	{"policy delete", "[--dry-run] [--kind KIND] NAMESPACE/NAME | --file FILE", 0, 1,
	 OPTION_FILE | OPTION_KIND | OPTION_DRY_RUN, cmd_policy_delete,
	 "remove policies that were applied"},
	{"policy list", "", 0, 0, 0, cmd_policy_list, "policies, and where they come from"},
	{"policy get", "[--kind KIND] NAMESPACE/NAME", 1, 1, OPTION_KIND, cmd_policy_get,
	 "a policy as it was given"},
	{"policy show", "--endpoint ENDPOINT|host", 0, 0, OPTION_ENDPOINT, cmd_policy_show,
	 "what is in force for an endpoint"},
	{"policy trace", "--from END --to END --dport PORT/PROTOCOL [--http REQUEST]", 0, 0,
	 OPTION_TRACE, cmd_policy_trace,
	 "may it pass, and why (END: endpoint, NAMESPACE/NAME, address, labels)"},
	{"chaos list", "", 0, 0, 0, cmd_chaos_list, "experiments, and how long they go on"},
	{"chaos stats", "[--histogram] [NAME]", 0, 1, OPTION_HISTOGRAM, cmd_chaos_stats,
	 "what each rule of an experiment did, and how late the delay line was"},
	{"chaos stop", "NAME | --all", 0, 1, OPTION_ALL, cmd_chaos_stop,
	 "end experiments before their time (NAME: NAMESPACE/NAME of the policy, or of chaos list)"},
	{"prefilter list", "[ADDRESS]", 0, 1, 0, cmd_prefilter_list,
	 "prefixes whose packets are dropped on arrival, or the one that decides on an address"},
	{"prefilter add", "[--group NAME] CIDR|!CIDR...", 1, MANY, OPTION_GROUP, cmd_prefilter_add,
	 "drop what comes from a prefix; with '!' it passes all the same"},
	{"prefilter delete", "CIDR...", 1, MANY, 0, cmd_prefilter_delete,
	 "forget prefixes that were added"},
	{"prefilter groups", "", 0, 0, 0, cmd_prefilter_groups,
	 "groups of prefixes, and what each dropped"},
	{"version", "", 0, 0, 0, cmd_version, "versions of this program and of the agent"},
};
const size_t command_count = ARRAY_SIZE(commands);

/* Words of @name that @words begin with; 0 = not all of them are there. */
static int words_match(const char *name, char **words, int count)
{
	size_t first = strcspn(name, " ");

	if (strlen(words[0]) != first || strncmp(words[0], name, first))
		return 0;
	if (!name[first])
		return 1;
	return count > 1 && !strcmp(words[1], name + first + 1) ? 2 : 0;
}

/* "list, get, label": the second words of commands whose first word is @word; false = none. */
static bool second_words(const char *word, char *buf, size_t size)
{
	size_t len = strlen(word);

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const char *name = commands[i].name;

		if (strncmp(name, word, len) || name[len] != ' ')
			continue;
		if (*buf)
			strncat(buf, ", ", size - strlen(buf) - 1);
		strncat(buf, name + len + 1, size - strlen(buf) - 1);
	}
	return *buf;
}

static const char *nearest_command(const char *text)
{
	const char *names[ARRAY_SIZE(commands)];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	return nearest_word(text, names, ARRAY_SIZE(names));
}

/* A lone mistyped first word is nearer to a first word than to any whole name. */
static const char *nearest_first_word(const char *text)
{
	char firsts[ARRAY_SIZE(commands)][32];
	const char *names[ARRAY_SIZE(commands)];
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		snprintf(firsts[i], sizeof(firsts[i]), "%.*s", (int)strcspn(commands[i].name, " "),
			 commands[i].name);
		names[i] = firsts[i];
	}
	near = nearest_word(text, names, ARRAY_SIZE(names));
	for (size_t i = 0; near && i < ARRAY_SIZE(commands); i++)
		if (near == names[i])
			return commands[i].name;
	return NULL;
}

static void complain(const struct cli *cli, char **words, int count)
{
	char seconds[128];
	char two[128];
	const char *near;

	if (second_words(words[0], seconds, sizeof(seconds)) && count == 1) {
		cli_usage(cli, "%s: expected one of %s", words[0], seconds);
		return;
	}
	snprintf(two, sizeof(two), "%s%s%s", words[0], count > 1 ? " " : "",
		 count > 1 ? words[1] : "");
	near = nearest_command(two);
	if (near)
		cli_usage(cli, "unknown command '%s' (nearest: %s)", two, near);
	else if (*seconds)
		cli_usage(cli, "unknown command '%s': expected one of %s", two, seconds);
	else if ((near = nearest_first_word(words[0])))
		cli_usage(cli, "unknown command '%s' (nearest: %s)", words[0], near);
	else
		cli_usage(cli, "unknown command '%s' (see axoneme help)", words[0]);
}

const struct command *command_find(const struct cli *cli, char **words, int count, int *used)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		*used = words_match(commands[i].name, words, count);
		if (*used)
			return &commands[i];
	}
	complain(cli, words, count);
	return NULL;
}
