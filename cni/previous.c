/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* prevResult as CHECK and DEL get it; see previous.h. */
#include "cni/previous.h"

#include <string.h>

static const char *text_at(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int interface_find(const json_t *result, const char *name, struct previous *prev,
			  struct failure *f)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(result, "interfaces"), i, entry) {
		const char *found = text_at(entry, "name");

		if (found && !strcmp(found, name) &&
		    json_string_length(json_object_get(entry, "sandbox"))) {
			prev->interface = entry;
			prev->index = i;
			return 0;
		}
	}
	return failure_set(f, CNI_INVALID_CONFIG, "prevResult: interface %s is missing", name);
}

static int ip_read(const json_t *entry, struct previous *prev, struct failure *f)
{
	const char *address = text_at(entry, "address"), *gateway = text_at(entry, "gateway");
	const json_t *index = json_object_get(entry, "interface");
	struct previous_ip *ip = &prev->ips[prev->count];
	struct error e;

	if (!json_is_integer(index) || (size_t)json_integer_value(index) != prev->index)
		return 0;
	if (prev->count == PREVIOUS_MAX_IPS)
		return failure_set(f, CNI_INVALID_CONFIG,
				   "prevResult: more than %d addresses on one interface",
				   PREVIOUS_MAX_IPS);
	if (!address || cidr_parse_host(address, &ip->address, &e) < 0)
		return failure_set(f, CNI_INVALID_CONFIG, "prevResult.ips: %s",
				   address ? e.msg : "address is missing");
	ip->has_gateway = gateway && addr_parse(gateway, &ip->gateway, NULL) == 0;
	prev->count++;
	return 0;
}

int previous_read(const struct netconf *conf, const char *name, struct previous *prev,
		  struct failure *f)
{
	struct previous got = {.count = 0};
	json_t *entry;
	size_t i;
	int r;

	if (!conf->prev_result)
		return failure_set(f, CNI_INVALID_CONFIG, "prevResult is missing");
	r = interface_find(conf->prev_result, name, &got, f);
	json_array_foreach(json_object_get(conf->prev_result, "ips"), i, entry) {
		if (r == 0)
			r = ip_read(entry, &got, f);
	}
	if (r == 0)
		*prev = got;
	return r;
}

bool previous_is_gateway(const struct previous *prev, const struct axo_addr *gateway)
{
	for (int i = 0; i < prev->count; i++)
		if (prev->ips[i].has_gateway && !addr_cmp(&prev->ips[i].gateway, gateway))
			return true;
	return false;
}

bool previous_is_further(const struct netconf *conf, const char *name)
{
	struct axo_addr gateway;
	struct previous prev;
	struct failure f;
	json_t *route;
	int defaults = 0;
	size_t i;

	if (previous_read(conf, name, &prev, &f) < 0)
		return false;
	json_array_foreach(json_object_get(conf->prev_result, "routes"), i, route) {
		const char *gw = text_at(route, "gw");

		if (!gw || addr_parse(gw, &gateway, NULL) < 0 ||
		    !previous_is_gateway(&prev, &gateway))
			continue;
		if (json_object_get(route, "table"))
			return true;
		defaults++;
	}
	return defaults < prev.count;
}
