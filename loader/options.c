/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flags, the file, the defaults, and what must fit together; see options.h. */
#include "loader/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "axoneme/names.h"
#include "lib/cleanup.h"
#include "loader/api_socket.h"
#include "loader/options_table.h"

typedef int (*flag_fn)(struct options *o, const struct option_def *def, const char *value,
		       struct error *e);

/* Call @fn for each flag: "--name value", "--name=value", "--switch". */
static int flags_walk(struct options *o, int argc, char **argv, flag_fn fn, struct error *e)
{
	for (int i = 1; i < argc; i++) {
		const struct option_def *def;
		_cleanup_free_ char *name = NULL;
		const char *value, *equals = strchr(argv[i], '=');
		int r;

		if (strncmp(argv[i], "--", 2) != 0)
			return error_set(e, EINVAL, "argument \"%.100s\": expected a flag",
					 argv[i]);
		name = strndup(argv[i] + 2, equals ? (size_t)(equals - argv[i] - 2) : SIZE_MAX / 2);
		if (!name)
			return error_set(e, ENOMEM, "no memory");
		def = option_find(name, true, e);
		if (!def)
			return -EINVAL;
		value = equals ? equals + 1 : NULL;
		if (def->kind == OPTION_SWITCH && value)
			return error_set(e, EINVAL, "--%s takes no value", def->name);
		if (def->kind != OPTION_SWITCH && !value && i + 1 < argc)
			value = argv[++i];
		if (def->kind != OPTION_SWITCH && !value)
			return error_set(e, EINVAL, "--%s: value is missing", def->name);
		r = fn(o, def, value, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* First pass: what the file cannot say, and a list in flags empties the file's. */
static int flag_first(struct options *o, const struct option_def *def, const char *value,
		      struct error *e)
{
	return def->flag_only || def->kind == OPTION_SWITCH ? option_set(o, def, value, e) : 0;
}

static int flag_clear(struct options *o, const struct option_def *def, const char *value,
		      struct error *e)
{
	(void)value;
	(void)e;
	option_clear(o, def);
	return 0;
}

static int flag_set(struct options *o, const struct option_def *def, const char *value,
		    struct error *e)
{
	struct error why = {0};

	if (option_set(o, def, value, &why) < 0)
		return error_set(e, why.code, "--%s", why.msg);
	return 0;
}

static int set_defaults(struct options *o, struct error *e)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *def = &option_table[i];
		int r = def->dflt ? option_set(o, def, def->dflt, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_file(struct options *o, struct error *e)
{
	if (o->config)
		return options_read_file(o, o->config, e);
	if (access(AXO_DEFAULT_CONFIG, F_OK) < 0 && errno == ENOENT)
		return 0;
	return options_read_file(o, AXO_DEFAULT_CONFIG, e);
}

/* Defaults that follow from the machine or from another option. */
static int derive(struct options *o, struct error *e)
{
	char host[256] = "";

	if (!o->node_name) {
		if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
			return error_set(e, EINVAL, "the host has no name: expected --node-name");
		o->node_name = strdup(host);
	}
	if (!o->queue_dir && asprintf(&o->queue_dir, "%s/queue", o->state_dir) < 0)
		o->queue_dir = NULL;
	return o->node_name && o->queue_dir ? 0 : error_set(e, ENOMEM, "no memory");
}

static int check_pod_cidr(const struct options *o, struct error *e)
{
	const struct cidr *c = o->pod_cidr.items;
	char a[CIDR_STR_MAX], b[CIDR_STR_MAX];

	if (o->pod_cidr.count == 0)
		return error_set(e, EINVAL, "pod-cidr is missing: expected one prefix per family");
	if (o->pod_cidr.count > 2 || (o->pod_cidr.count == 2 && c[0].family == c[1].family))
		return error_set(e, EINVAL, "pod-cidr %s and %s: expected one prefix per family",
				 cidr_to_str(&c[0], a), cidr_to_str(&c[1], b));
	for (size_t i = 0; i < o->pod_cidr.count; i++) {
		int longest = c[i].family == 4 ? 30 : 126;

		if (c[i].bits > longest)
			return error_set(e, EINVAL,
					 "pod-cidr %s: expected a prefix of /%d or shorter",
					 cidr_to_str(&c[i], a), longest);
	}
	return 0;
}

static int check_reserve(const struct options *o, struct error *e)
{
	char text[CIDR_STR_MAX];

	for (size_t i = 0; i < o->reserve.count; i++) {
		const struct cidr *r = &o->reserve.items[i];
		bool inside = false;

		for (size_t k = 0; k < o->pod_cidr.count; k++)
			inside |= cidr_contains(&o->pod_cidr.items[k], &r->addr) &&
				  o->pod_cidr.items[k].bits <= r->bits;
		if (!inside)
			return error_set(e, EINVAL, "reserve %s: expected a part of a pod CIDR",
					 cidr_to_str(r, text));
	}
	return 0;
}

static int check_kube_apiserver(const struct options *o, struct error *e)
{
	char text[CIDR_STR_MAX];

	for (size_t i = 0; i < o->kube_apiserver.count; i++) {
		const struct cidr *c = &o->kube_apiserver.items[i];

		if (!c->bits)
			return error_set(e, EINVAL,
					 "kube-apiserver %s: expected a prefix longer than /0",
					 cidr_to_str(c, text));
	}
	return 0;
}

static int check_whole(const struct options *o, struct error *e)
{
	int r = check_pod_cidr(o, e);

	if (r == 0)
		r = check_reserve(o, e);
	if (r == 0)
		r = check_kube_apiserver(o, e);
	if (r < 0)
		return r;
	if (o->mtu &&
	    o->mtu < (o->pod_cidr.count == 2 || o->pod_cidr.items[0].family == 6 ? 1280 : 68))
		return error_set(e, EINVAL,
				 "mtu %llu: expected at least 1280 for IPv6, 68 for IPv4",
				 (unsigned long long)o->mtu);
	if (strcmp(o->xdp, "auto") != 0 && strcmp(o->xdp, "on") != 0 &&
	    strcmp(o->xdp, "generic") != 0 && strcmp(o->xdp, "off") != 0)
		return error_set(e, EINVAL, "xdp: \"%.40s\": expected auto, on, generic or off",
				 o->xdp);
	if (strcmp(o->chaos_delay, "auto") != 0 && strcmp(o->chaos_delay, "fq") != 0 &&
	    strcmp(o->chaos_delay, "tap") != 0)
		return error_set(e, EINVAL, "chaos-delay: \"%.40s\": expected auto, fq or tap",
				 o->chaos_delay);
	if (strcmp(o->routing, "native") != 0 && strcmp(o->routing, "stack") != 0)
		return error_set(e, EINVAL, "routing: \"%.40s\": expected native or stack",
				 o->routing);
	return strcmp(o->metrics_listen, "off") && *o->metrics_listen
		       ? api_socket_check(o->metrics_listen, e)
		       : 0;
}

bool options_native(const struct options *o)
{
	return !strcmp(o->routing, "native");
}

int options_parse(struct options *o, int argc, char **argv, struct error *e)
{
	int r;

	memset(o, 0, sizeof(*o));
	r = set_defaults(o, e);
	if (r == 0)
		r = flags_walk(o, argc, argv, flag_first, e);
	if (r < 0 || o->help || o->version)
		return r;
	r = read_file(o, e);
	if (r == 0)
		r = flags_walk(o, argc, argv, flag_clear, e);
	if (r == 0)
		r = flags_walk(o, argc, argv, flag_set, e);
	if (r == 0)
		r = derive(o, e);
	if (r < 0 || o->cleanup)
		return r;
	return check_whole(o, e);
}

void options_fini(struct options *o)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *def = &option_table[i];

		option_clear(o, def);
		if (def->kind == OPTION_TEXT || def->kind == OPTION_PATH)
			free(*(char **)((char *)o + def->offset));
	}
	memset(o, 0, sizeof(*o));
}

void options_usage(FILE *to)
{
	fputs("usage: axonemed [FLAG...]\n\nEvery flag with a value is also a key of the configuration file.\n\n",
	      to);
	for (size_t i = 0; i < option_count; i++) {
		const struct option_def *def = &option_table[i];
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", def->name, def->value ? def->value : "");
		fprintf(to, "  %-28s %s", left, def->help);
		if (def->dflt)
			fprintf(to, " (default %s)", def->dflt);
		fputc('\n', to);
	}
}
