/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The result of ADD; see result.h. */
#include "cni/result.h"

#include <string.h>

#include "cni/mac.h"
#include "lib/cleanup.h"

static json_t *list_of(json_t *result, const char *key)
{
	json_t *list = json_object_get(result, key);

	if (!json_is_array(list)) {
		json_object_set_new(result, key, json_array());
		list = json_object_get(result, key);
	}
	return list;
}

static bool is_list_of_objects(const json_t *list)
{
	const json_t *entry;
	size_t i;

	if (!list || json_is_null(list))
		return true;
	if (!json_is_array(list))
		return false;
	json_array_foreach(list, i, entry) {
		if (!json_is_object(entry))
			return false;
	}
	return true;
}

json_t *result_new(const json_t *prev)
{
	json_auto_t *copy = NULL;
	json_t *result;

	if (!is_list_of_objects(json_object_get(prev, "interfaces")) ||
	    !is_list_of_objects(json_object_get(prev, "ips")) ||
	    !is_list_of_objects(json_object_get(prev, "routes")))
		return NULL;
	/* First in the text, for who reads it; result_finish() fills it in. */
	result = json_pack("{s:s}", "cniVersion", "");
	copy = json_deep_copy(prev);
	if (copy)
		json_object_update(result, copy);
	return result;
}

size_t result_add_interface(json_t *result, const char *name, const uint8_t mac[6], uint32_t mtu,
			    const char *sandbox)
{
	json_t *list = list_of(result, "interfaces");
	json_t *entry = json_object();
	char text[MAC_STR_MAX];

	json_object_set_new(entry, "name", json_string(name));
	json_object_set_new(entry, "mac", json_string(mac_to_str(mac, text)));
	if (mtu)
		json_object_set_new(entry, "mtu", json_integer(mtu));
	if (sandbox)
		json_object_set_new(entry, "sandbox", json_string(sandbox));
	json_array_append_new(list, entry);
	return json_array_size(list) - 1;
}

void result_add_ip(json_t *result, const struct cidr *address, const struct axo_addr *gateway,
		   size_t interface)
{
	char a[CIDR_STR_MAX], g[CIDR_STR_MAX];

	json_array_append_new(list_of(result, "ips"),
			      json_pack("{s:i, s:s, s:s}", "interface", (int)interface, "address",
					cidr_to_str(address, a), "gateway",
					addr_to_str(gateway, g)));
}

void result_add_default(json_t *result, const struct axo_addr *gateway, uint32_t table)
{
	const char *dst = addr_family(gateway) == 4 ? "0.0.0.0/0" : "::/0";
	char text[CIDR_STR_MAX];
	json_t *route = json_pack("{s:s, s:s}", "dst", dst, "gw", addr_to_str(gateway, text));

	if (table)
		json_object_set_new(route, "table", json_integer(table));
	json_array_append_new(list_of(result, "routes"), route);
}

void result_set_dns(json_t *result, json_t *dns)
{
	if (json_object_size(dns))
		json_object_set(result, "dns", dns);
	else if (!json_object_get(result, "dns"))
		json_object_set_new(result, "dns", json_object());
}

static void ips_finish(json_t *result, enum cni_version version)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, entry) {
		const char *address = json_string_value(json_object_get(entry, "address"));

		if (version >= CNI_1_0_0)
			json_object_del(entry, "version");
		else if (address)
			json_object_set_new(entry, "version",
					    json_string(strchr(address, ':') ? "6" : "4"));
	}
}

static void keys_drop(json_t *list, const char *const *keys, size_t count)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		for (size_t k = 0; k < count; k++)
			json_object_del(entry, keys[k]);
	}
}

/* Before 1.1.0 a route is of the main table, so one of another table cannot be told. */
static void other_tables_drop(json_t *routes)
{
	for (size_t i = json_array_size(routes); i-- > 0;) {
		json_t *table = json_object_get(json_array_get(routes, i), "table");

		if (table && json_integer_value(table) != 254)
			json_array_remove(routes, i);
	}
}

static void to_before_1_1(json_t *result)
{
	static const char *const interface_keys[] = {"mtu", "socketPath", "pciID"};
	static const char *const route_keys[] = {"mtu", "advmss", "priority", "table", "scope"};

	keys_drop(json_object_get(result, "interfaces"), interface_keys,
		  ARRAY_SIZE(interface_keys));
	other_tables_drop(json_object_get(result, "routes"));
	keys_drop(json_object_get(result, "routes"), route_keys, ARRAY_SIZE(route_keys));
}

void result_finish(json_t *result, enum cni_version version)
{
	json_object_set_new(result, "cniVersion", json_string(version_to_str(version)));
	ips_finish(result, version);
	if (version < CNI_1_1_0)
		to_before_1_1(result);
}
