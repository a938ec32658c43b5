/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What ADD is asked for; see request.h. */
#include "cni/request.h"

#include <errno.h>
#include <string.h>

#include "cni/labels.h"
#include "cni/mac.h"
#include "cni/nocase.h"
#include "lib/cidr.h"

#define ANNOTATIONS "io.kubernetes.cri.pod-annotations"

/* The two objects that requests come in; NULL = absent. */
struct sources {
	json_t *runtime; /* runtimeConfig */
	json_t *cni;	 /* args.cni */
};

static int sources_find(const struct netconf *conf, struct sources *s, struct failure *f)
{
	json_t *args = NULL;
	int r = netconf_get(conf->root, "", "runtimeConfig", JSON_OBJECT, &s->runtime, f);

	if (r == 0)
		r = netconf_get(conf->root, "", "args", JSON_OBJECT, &args, f);
	if (r == 0)
		r = netconf_get(args, "args", "cni", JSON_OBJECT, &s->cni, f);
	return r;
}

static int ip_add(json_t *ips, const char *where, int code, const char *text, struct failure *f)
{
	char buf[CIDR_STR_MAX], other[CIDR_STR_MAX];
	struct axo_addr taken;
	struct cidr ip;
	struct error e;
	json_t *entry;
	size_t i;

	if (cidr_parse_host(text, &ip, &e) < 0)
		return failure_set(f, code, "%s: %s", where, e.msg);
	addr_to_str(&ip.addr, buf);
	json_array_foreach(ips, i, entry) {
		if (addr_parse(json_string_value(entry), &taken, NULL) == 0 &&
		    addr_family(&taken) == ip.family)
			return failure_set(f, code,
					   "%s: %s and %s: expected at most one address per family",
					   where, addr_to_str(&taken, other), buf);
	}
	json_array_append_new(ips, json_string(buf));
	return 0;
}

static int ips_from_array(json_t *ips, const char *where, const json_t *array, struct failure *f)
{
	json_t *entry;
	size_t i;
	int r = 0;

	json_array_foreach(array, i, entry) {
		if (r == 0 && !json_is_string(entry))
			r = failure_set(f, CNI_INVALID_CONFIG, "%s: expected an array of strings",
					where);
		if (r == 0)
			r = ip_add(ips, where, CNI_INVALID_CONFIG, json_string_value(entry), f);
	}
	return r;
}

static int ips_from_args(json_t *ips, const char *text, struct failure *f)
{
	char part[CIDR_STR_MAX];
	int r = 0;

	while (r == 0 && text) {
		size_t len = strcspn(text, ",");

		if (len >= sizeof(part))
			return failure_set(f, CNI_INVALID_ENVIRONMENT,
					   "CNI_ARGS IP \"%.80s\": expected an address", text);
		memcpy(part, text, len);
		part[len] = '\0';
		r = ip_add(ips, "CNI_ARGS IP", CNI_INVALID_ENVIRONMENT, part, f);
		text = text[len] ? text + len + 1 : NULL;
	}
	return r;
}

static int ips_parse(const struct sources *s, const struct args *args, json_t *ips,
		     struct failure *f)
{
	json_t *runtime = NULL, *cni = NULL;
	int r = netconf_get_nocase(s->runtime, "runtimeConfig", "ips", JSON_ARRAY, &runtime, f);

	if (r == 0)
		r = netconf_get(s->cni, "args.cni", "ips", JSON_ARRAY, &cni, f);
	if (r < 0)
		return r;
	if (json_array_size(runtime))
		return ips_from_array(ips, "runtimeConfig.ips", runtime, f);
	if (json_array_size(cni))
		return ips_from_array(ips, "args.cni.ips", cni, f);
	return ips_from_args(ips, args->ip, f);
}

static int mac_read(const char *where, int code, const char *text, uint8_t mac[6],
		    struct failure *f)
{
	if (mac_parse(text, mac) < 0)
		return failure_set(
			f, code,
			"%s \"%.64s\": expected a unicast MAC address like 02:00:00:00:00:01",
			where, text);
	return 0;
}

static int mac_choose(const struct sources *s, const struct args *args, uint8_t mac[6],
		      struct failure *f)
{
	json_t *runtime = NULL, *cni = NULL;
	int r = netconf_get_nocase(s->runtime, "runtimeConfig", "mac", JSON_STRING, &runtime, f);

	if (r == 0)
		r = netconf_get(s->cni, "args.cni", "mac", JSON_STRING, &cni, f);
	if (r < 0)
		return r;
	if (json_string_length(runtime))
		return mac_read("runtimeConfig.mac", CNI_INVALID_CONFIG, json_string_value(runtime),
				mac, f);
	if (json_string_length(cni))
		return mac_read("args.cni.mac", CNI_INVALID_CONFIG, json_string_value(cni), mac, f);
	if (args->mac)
		return mac_read("CNI_ARGS MAC", CNI_INVALID_ENVIRONMENT, args->mac, mac, f);
	return 0;
}

typedef int (*list_add)(json_t *list, const char *where, const json_t *value, struct failure *f);

/* An annotation holds JSON as text. */
static int annotation_add(json_t *list, const json_t *annotations, const char *name, list_add add,
			  struct failure *f)
{
	const json_t *text = json_object_get(annotations, name);
	json_auto_t *value = NULL;
	json_error_t error;

	if (!text || json_is_null(text))
		return 0;
	if (!json_is_string(text))
		return failure_set(f, CNI_INVALID_CONFIG, "annotation %s: expected a string", name);
	value = json_loads(json_string_value(text), 0, &error);
	if (!value)
		return failure_set(f, CNI_INVALID_CONFIG, "annotation %s is not JSON: %.160s", name,
				   error.text);
	return add(list, name, value, f);
}

static int lists_parse(const struct sources *s, struct request *req, struct failure *f)
{
	json_t *annotations = NULL;
	int r = netconf_get_nocase(s->runtime, "runtimeConfig", ANNOTATIONS, JSON_OBJECT,
				   &annotations, f);

	if (r == 0)
		r = annotation_add(req->labels, annotations, LABELS_ANNOTATION, labels_add_map, f);
	if (r == 0)
		r = annotation_add(req->ports, annotations, PORTS_ANNOTATION, ports_add, f);
	if (r == 0)
		r = labels_add(req->labels, "args.cni.labels", json_object_get(s->cni, "labels"),
			       f);
	if (r == 0)
		r = ports_add(req->ports, "args.cni.ports", json_object_get(s->cni, "ports"), f);
	return r;
}

/* The capability "dns" has names of its own (CONVENTIONS.md of the specification). */
static json_t *dns_from_runtime(const json_t *dns)
{
	json_t *out = json_object(), *v;

	if ((v = nocase_get(dns, "servers")) && json_is_array(v))
		json_object_set(out, "nameservers", v);
	if ((v = nocase_get(dns, "searches")) && json_is_array(v))
		json_object_set(out, "search", v);
	if ((v = nocase_get(dns, "options")) && json_is_array(v))
		json_object_set(out, "options", v);
	return out;
}

static int dns_choose(const struct netconf *conf, const struct sources *s, struct request *req,
		      struct failure *f)
{
	json_t *runtime = NULL, *own = NULL;
	int r = netconf_get_nocase(s->runtime, "runtimeConfig", "dns", JSON_OBJECT, &runtime, f);

	if (r == 0)
		r = netconf_get(conf->root, "", "dns", JSON_OBJECT, &own, f);
	if (r == 0)
		req->dns = runtime ? dns_from_runtime(runtime) : json_incref(own);
	return r;
}

int request_parse(const struct netconf *conf, const struct args *args, struct request *req,
		  struct failure *f)
{
	struct request got = {
		.ips = json_array(),
		.labels = json_array(),
		.ports = json_array(),
		.pod_namespace = args->pod_namespace,
		.pod_name = args->pod_name,
	};
	struct sources s = {.runtime = NULL};
	int r = sources_find(conf, &s, f);

	if (r == 0)
		r = ips_parse(&s, args, got.ips, f);
	if (r == 0)
		r = mac_choose(&s, args, got.mac, f);
	if (r == 0)
		r = lists_parse(&s, &got, f);
	if (r == 0)
		r = dns_choose(conf, &s, &got, f);
	if (r < 0) {
		request_free(&got);
		return r;
	}
	*req = got;
	return 0;
}

void request_free(struct request *req)
{
	json_decref(req->ips);
	json_decref(req->labels);
	json_decref(req->ports);
	json_decref(req->dns);
	*req = (struct request){.ips = NULL};
}
