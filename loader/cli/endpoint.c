/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which endpoint is meant; see endpoint.h. */
#include "loader/cli/endpoint.h"

#include <string.h>

#include "lib/cidr.h"
#include "lib/cleanup.h"
#include "lib/number.h"
#include "loader/cli/client.h"

static bool has_name(const json_t *ep, const char *text)
{
	const char *namespace_ = client_text(ep, "namespace");
	size_t len = strlen(namespace_);

	return !strncmp(text, namespace_, len) && text[len] == '/' &&
	       !strcmp(text + len + 1, client_text(ep, "name"));
}

/* Addresses are compared as addresses: fd00:0::7 is fd00::7. */
static bool has_address(const json_t *ep, const struct axo_addr *addr)
{
	struct axo_addr own;

	return (!addr_parse(client_text(ep, "ipv4"), &own, NULL) && !addr_cmp(&own, addr)) ||
	       (!addr_parse(client_text(ep, "ipv6"), &own, NULL) && !addr_cmp(&own, addr));
}

static enum cli_exit get_by_id(const struct cli *cli, uint64_t id, json_t **endpoint)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/endpoints/%u", (unsigned int)id);
	return client_get(cli, path, endpoint);
}

/* @addr: NULL = @text is a name. */
static enum cli_exit search(const struct cli *cli, const char *text, const struct axo_addr *addr,
			    json_t **endpoint)
{
	_cleanup_json_ json_t *list = NULL;
	json_t *found = NULL;
	json_t *ep;
	size_t i;

	if (client_get(cli, "/v1/endpoints", &list))
		return CLI_FAILED;
	json_array_foreach(list, i, ep) {
		if (addr ? !has_address(ep, addr) : !has_name(ep, text))
			continue;
		if (found)
			return cli_fail(cli,
					"%s has several endpoints (%lld on %s, %lld on %s, ...): "
					"expected a number",
					text, client_number(found, "id"),
					client_text(found, "ifname"), client_number(ep, "id"),
					client_text(ep, "ifname"));
		found = ep;
	}
	if (!found)
		return cli_fail(cli, "no endpoint %s", text);
	*endpoint = json_incref(found);
	return CLI_DONE;
}

enum cli_exit endpoint_find(const struct cli *cli, const char *text, json_t **endpoint)
{
	struct axo_addr addr;
	uint64_t id;

	if (!number_parse(text, 1, UINT32_MAX, &id))
		return get_by_id(cli, id, endpoint);
	if (!addr_parse(text, &addr, NULL))
		return search(cli, text, &addr, endpoint);
	if (strchr(text, '/'))
		return search(cli, text, NULL, endpoint);
	return cli_usage(cli, "endpoint '%s': expected a number, NAMESPACE/NAME or an address",
			 text);
}
