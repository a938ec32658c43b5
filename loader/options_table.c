/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The options themselves, and how their texts are read; see options_table.h. */
#include "loader/options_table.h"

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "axoneme/limits.h"
#include "axoneme/names.h"
#include "axoneme/policy.h"
#include "lib/cleanup.h"
#include "lib/nearest.h"
#include "lib/number.h"
#include "loader/labels.h"

#define STR_(x) #x
#define STR(x) STR_(x)
#define FIELD(f) .offset = offsetof(struct options, f)

const struct option_def option_table[] = {
	{.name = "config",
	 .kind = OPTION_PATH,
	 FIELD(config),
	 .flag_only = true,
	 .value = "FILE",
	 .help = "configuration file (default " AXO_DEFAULT_CONFIG ", if it exists)"},
	{.name = "node-name",
	 .kind = OPTION_TEXT,
	 FIELD(node_name),
	 .value = "NAME",
	 .help = "this host's name (default: the kernel's host name)"},
	{.name = "pod-cidr",
	 .kind = OPTION_CIDRS,
	 FIELD(pod_cidr),
	 .value = "CIDR",
	 .help = "addresses of this host's pods; once per family"},
	{.name = "cluster-cidr",
	 .kind = OPTION_CIDRS,
	 FIELD(cluster_cidr),
	 .value = "CIDR",
	 .help = "addresses of all pods; repeatable"},
	{.name = "reserve",
	 .kind = OPTION_CIDRS,
	 FIELD(reserve),
	 .value = "CIDR",
	 .help = "part of the pod CIDR that is never handed out; repeatable"},
	{.name = "device",
	 .kind = OPTION_DEVICES,
	 FIELD(device),
	 .value = "IF",
	 .help = "network device of the host; repeatable (default: those of default routes)"},
	{.name = "xdp",
	 .kind = OPTION_TEXT,
	 FIELD(xdp),
	 .dflt = "auto",
	 .value = "WORD",
	 .help = "auto, on, generic or off: the prefilter's program on the host's devices"},
	{.name = "prefilter-file",
	 .kind = OPTION_PATH,
	 FIELD(prefilter_file),
	 .value = "FILE",
	 .help = "prefixes whose packets are dropped on arrival; watched (default: none)"},
	{.name = "chaos-delay",
	 .kind = OPTION_TEXT,
	 FIELD(chaos_delay),
	 .dflt = "auto",
	 .value = "auto|fq|tap",
	 .help = "who holds the packets that chaos delays: the kernel's fq, or a thread"},
	{.name = "node-label",
	 .kind = OPTION_LABELS,
	 FIELD(node_label),
	 .value = "KEY=VALUE",
	 .help = "label of this host, for nodeSelector of host policies; repeatable"},
	{.name = "routing",
	 .kind = OPTION_TEXT,
	 FIELD(routing),
	 .dflt = "native",
	 .value = "native|stack",
	 .help = "how pods reach the network: past the host's stack, or through it"},
	{.name = "masquerade",
	 .kind = OPTION_ON_OFF,
	 FIELD(masquerade),
	 .dflt = "on",
	 .value = "on|off",
	 .help = "translate pods' addresses when they talk to the world"},
	{.name = "no-masquerade-cidr",
	 .kind = OPTION_CIDRS,
	 FIELD(no_masquerade_cidr),
	 .value = "CIDR",
	 .help = "destinations outside the cluster that see pods' addresses; repeatable"},
	{.name = "service-cidr",
	 .kind = OPTION_CIDRS,
	 FIELD(service_cidr),
	 .value = "CIDR",
	 .help = "destinations that the host's stack translates, as service addresses; repeatable"},
	{.name = "mtu",
	 .kind = OPTION_NUMBER,
	 FIELD(mtu),
	 .dflt = "0",
	 .max = 65535,
	 .value = "BYTES",
	 .help = "MTU of pods; 0 = that of the host's device"},
	{.name = "cooldown",
	 .kind = OPTION_DURATION,
	 FIELD(cooldown_ms),
	 .dflt = "30s",
	 .max = 86400000,
	 .value = "DURATION",
	 .help = "how long a released address is not handed out (500ms, 30s, 5m, 1h)"},
	{.name = "fqdn-min-ttl",
	 .kind = OPTION_DURATION,
	 FIELD(fqdn_min_ttl_ms),
	 .dflt = "60s",
	 .max = 86400000,
	 .value = "DURATION",
	 .help = "addresses learned from DNS answers are valid that long at least"},
	{.name = "flow-max",
	 .kind = OPTION_NUMBER,
	 FIELD(flow_max),
	 .dflt = STR(AXO_MAX_FLOWS),
	 .min = 1024,
	 .max = 16777216,
	 .value = "N",
	 .help = "established connections at most"},
	{.name = "flow-lru-max",
	 .kind = OPTION_NUMBER,
	 FIELD(flow_lru_max),
	 .dflt = STR(AXO_MAX_FLOWS_LRU),
	 .min = 1024,
	 .max = 16777216,
	 .value = "N",
	 .help = "half-open and closing connections at most"},
	{.name = "cni-conf-dir",
	 .kind = OPTION_PATH,
	 FIELD(cni_conf_dir),
	 .value = "DIR",
	 .help = "write the network configuration list there when ready (default: write none)"},
	{.name = "run-dir",
	 .kind = OPTION_PATH,
	 FIELD(run_dir),
	 .dflt = AXO_DEFAULT_RUN_DIR,
	 .value = "DIR",
	 .help = "holds the API socket"},
	{.name = "state-dir",
	 .kind = OPTION_PATH,
	 FIELD(state_dir),
	 .dflt = AXO_DEFAULT_STATE_DIR,
	 .value = "DIR",
	 .help = "holds the database"},
	{.name = "bpffs-dir",
	 .kind = OPTION_PATH,
	 FIELD(bpffs_dir),
	 .dflt = AXO_DEFAULT_BPFFS_DIR,
	 .value = "DIR",
	 .help = "holds pinned maps and links"},
	{.name = "policy-dir",
	 .kind = OPTION_PATH,
	 FIELD(policy_dir),
	 .dflt = AXO_DEFAULT_POLICY_DIR,
	 .value = "DIR",
	 .help = "policy files; watched, and applied as they change"},
	{.name = "allow-host",
	 .kind = OPTION_ON_OFF,
	 FIELD(allow_host),
	 .dflt = "on",
	 .value = "on|off",
	 .help = "the host reaches its pods whatever policies deny"},
	{.name = "policy-audit",
	 .kind = OPTION_ON_OFF,
	 FIELD(policy_audit),
	 .dflt = "off",
	 .value = "on|off",
	 .help = "policies are asked, counted and reported, and deny nothing"},
	{.name = "kube-apiserver",
	 .kind = OPTION_CIDRS,
	 FIELD(kube_apiserver),
	 .value = "CIDR",
	 .help = "whom policies mean by kube-apiserver; repeatable"},
	{.name = "policy-entry-max",
	 .kind = OPTION_NUMBER,
	 FIELD(policy_entry_max),
	 .dflt = STR(AXO_MAX_POL_ENTRIES),
	 .min = 16,
	 .max = AXO_MAX_POL_ENTRIES,
	 .value = "N",
	 .help = "policy entries at most, second copies included; memory grows with what is used"},
	{.name = "ip-file",
	 .kind = OPTION_PATH,
	 FIELD(ip_file),
	 .value = "FILE",
	 .help = "prefixes and their identities; watched (default: none)"},
	{.name = "queue-dir",
	 .kind = OPTION_PATH,
	 FIELD(queue_dir),
	 .value = "DIR",
	 .help = "where plugins leave DELs while no agent answers (default: STATE-DIR/queue)"},
	{.name = "metrics-listen",
	 .kind = OPTION_TEXT,
	 FIELD(metrics_listen),
	 .dflt = AXO_DEFAULT_METRICS,
	 .value = "ADDR:PORT",
	 .help = "Prometheus metrics; off = none"},
	{.name = "log-level",
	 .kind = OPTION_LOG_LEVEL,
	 FIELD(log_level),
	 .dflt = "info",
	 .value = "LEVEL",
	 .help = "debug, info, warn or error"},
	{.name = "check",
	 .kind = OPTION_SWITCH,
	 FIELD(check),
	 .help = "validate the configuration and exit"},
	{.name = "cleanup",
	 .kind = OPTION_SWITCH,
	 FIELD(cleanup),
	 .help = "remove every trace of an agent that no longer runs, and exit"},
	{.name = "help", .kind = OPTION_SWITCH, FIELD(help), .help = "this text"},
	{.name = "version", .kind = OPTION_SWITCH, FIELD(version), .help = "print the version"},
};
const size_t option_count = ARRAY_SIZE(option_table);

const struct option_def *option_find(const char *name, bool flag, struct error *e)
{
	const char *names[ARRAY_SIZE(option_table)];
	const char *dashes = flag ? "--" : "";
	size_t n = 0;

	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *def = &option_table[i];

		if (!flag && (def->flag_only || def->kind == OPTION_SWITCH))
			continue;
		if (!strcmp(def->name, name))
			return def;
		names[n++] = def->name;
	}
	const char *meant = nearest_word(name, names, n);
	const char *what = flag ? "flag" : "key";
	if (meant)
		error_set(e, EINVAL, "unknown %s \"%s%.80s\", did you mean \"%s%s\"?", what, dashes,
			  name, dashes, meant);
	else
		error_set(e, EINVAL, "unknown %s \"%s%.80s\"; axonemed --help lists them all", what,
			  dashes, name);
	return NULL;
}

static int duration_parse(const char *text, uint64_t max_ms, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	size_t digits = strspn(text, "0123456789");
	char number[24] = "";
	uint64_t n;

	if (digits == 0 || digits >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, digits);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text + digits, units[i].name) != 0)
			continue;
		int r = number_parse(number, 0, max_ms / units[i].ms, &n);
		if (r == 0)
			*ms = n * units[i].ms;
		return r;
	}
	return -EINVAL;
}

static int set_text(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int set_path(char **field, const struct option_def *def, const char *text, struct error *e)
{
	if (text[0] != '/')
		return error_set(e, EINVAL, "%s: \"%.100s\": expected an absolute path", def->name,
				 text);
	return set_text(field, text);
}

static int add_cidr(struct cidr_list *list, const struct option_def *def, const char *text,
		    struct error *e)
{
	struct error why = {0};
	struct cidr cidr;

	if (list->count == OPTIONS_MAX_LIST)
		return error_set(e, E2BIG, "%s: more than %d times", def->name, OPTIONS_MAX_LIST);
	if (cidr_parse(text, &cidr, &why) < 0)
		return error_set(e, why.code, "%s: %.200s", def->name, why.msg);
	list->items[list->count++] = cidr;
	return 0;
}

static int add_device(struct text_list *list, const struct option_def *def, const char *text,
		      struct error *e)
{
	size_t len = strlen(text);

	if (list->count == OPTIONS_MAX_LIST)
		return error_set(e, E2BIG, "%s: more than %d times", def->name, OPTIONS_MAX_LIST);
	/* The name becomes part of a sysctl's path. */
	if (len == 0 || len >= IFNAMSIZ || strchr(text, '/') || !strcmp(text, ".") ||
	    !strcmp(text, ".."))
		return error_set(e, EINVAL,
				 "%s: \"%.80s\": expected a device name of 1 to %d characters",
				 def->name, text, IFNAMSIZ - 1);
	list->items[list->count] = strdup(text);
	if (!list->items[list->count])
		return error_set(e, ENOMEM, "no memory");
	list->count++;
	return 0;
}

static int add_label(struct text_list *list, const struct option_def *def, const char *text,
		     struct error *e)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *key = equals ? strndup(text, (size_t)(equals - text)) : NULL;
	struct label_set set = {0};
	struct error why = {0};
	int r;

	if (list->count == OPTIONS_MAX_LIST)
		return error_set(e, E2BIG, "%s: more than %d times", def->name, OPTIONS_MAX_LIST);
	if (!key)
		return error_set(e, EINVAL, "%s: \"%.80s\": expected KEY=VALUE", def->name, text);
	r = label_set_put(&set, key, equals + 1, &why);
	if (r < 0)
		return error_set(e, r, "%s: %.200s", def->name, why.msg);
	list->items[list->count++] = TAKE_PTR(set.items[0]);
	set.count = 0;
	label_set_fini(&set);
	return 0;
}

static int set_number(uint64_t *field, const struct option_def *def, const char *text,
		      struct error *e)
{
	if (number_parse(text, def->min, def->max, field) < 0)
		return error_set(e, EINVAL, "%s: \"%.80s\": expected a number from %llu to %llu",
				 def->name, text, (unsigned long long)def->min,
				 (unsigned long long)def->max);
	return 0;
}

static int set_on_off(bool *field, const struct option_def *def, const char *text, struct error *e)
{
	bool on = !strcmp(text, "on") || !strcmp(text, "true");

	if (!on && strcmp(text, "off") != 0 && strcmp(text, "false") != 0)
		return error_set(e, EINVAL, "%s: \"%.80s\": expected on or off", def->name, text);
	*field = on;
	return 0;
}

int option_set(struct options *o, const struct option_def *def, const char *text, struct error *e)
{
	void *field = (char *)o + def->offset;

	switch (def->kind) {
	case OPTION_TEXT:
		return set_text(field, text);
	case OPTION_PATH:
		return set_path(field, def, text, e);
	case OPTION_CIDRS:
		return add_cidr(field, def, text, e);
	case OPTION_DEVICES:
		return add_device(field, def, text, e);
	case OPTION_LABELS:
		return add_label(field, def, text, e);
	case OPTION_NUMBER:
		return set_number(field, def, text, e);
	case OPTION_DURATION:
		if (duration_parse(text, def->max, field) < 0)
			return error_set(
				e, EINVAL,
				"%s: \"%.80s\": expected a duration like 30s, at most %llus",
				def->name, text, (unsigned long long)def->max / 1000);
		return 0;
	case OPTION_ON_OFF:
		return set_on_off(field, def, text, e);
	case OPTION_LOG_LEVEL:
		if (log_level_from_str(text, field) < 0)
			return error_set(e, EINVAL,
					 "%s: \"%.80s\": expected debug, info, warn or error",
					 def->name, text);
		return 0;
	case OPTION_SWITCH:
		*(bool *)field = true;
		return 0;
	}
	return error_set(e, EINVAL, "%s: no such kind of option", def->name);
}

void option_clear(struct options *o, const struct option_def *def)
{
	void *field = (char *)o + def->offset;

	if (def->kind == OPTION_CIDRS)
		((struct cidr_list *)field)->count = 0;
	if (def->kind == OPTION_DEVICES || def->kind == OPTION_LABELS) {
		struct text_list *list = field;

		while (list->count)
			free(list->items[--list->count]);
	}
}
