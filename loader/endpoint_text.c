/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Parts of endpoints as text; see endpoint_text.h. */
#include "loader/endpoint_text.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "loader/labels.h"

static void cleanup_json(json_t **j)
{
	json_decref(*j);
}
#define _cleanup_json_ _cleanup_(cleanup_json)

int mac_from_str(const char *text, uint8_t mac[static 6])
{
	uint8_t bytes[6];

	if (strlen(text) != MAC_STR_MAX - 1)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++) {
		const char *p = text + 3 * i;

		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) ||
		    (i < 5 && p[2] != ':'))
			return -EINVAL;
		bytes[i] = (uint8_t)strtoul((char[]){p[0], p[1], '\0'}, NULL, 16);
	}
	memcpy(mac, bytes, sizeof(bytes));
	return 0;
}

const char *mac_to_str(const uint8_t mac[static 6], char buf[static MAC_STR_MAX])
{
	snprintf(buf, MAC_STR_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return buf;
}

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {{"TCP", IPPROTO_TCP}, {"UDP", IPPROTO_UDP}, {"SCTP", IPPROTO_SCTP}};

static int protocol_from_str(const char *name, uint8_t *number)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!strcasecmp(name, protocols[i].name)) {
			*number = protocols[i].number;
			return 0;
		}
	}
	return -EINVAL;
}

static const char *protocol_to_str(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].number == number)
			return protocols[i].name;
	}
	return "TCP";
}

static int port_name_check(const char *name, size_t at, struct error *e)
{
	size_t len = strlen(name);

	if (len == 0 || len >= sizeof(((struct endpoint_port *)0)->name))
		return error_set(e, EINVAL,
				 "ports[%zu].name \"%.40s\": expected 1 to 15 characters", at,
				 name);
	for (const char *p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_' && *p != '.')
			return error_set(e, EINVAL,
					 "ports[%zu].name \"%s\": expected letters, digits and '-'",
					 at, name);
	}
	return 0;
}

static int port_from_json(struct endpoint_port *port, const json_t *j, size_t at, struct error *e)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	const json_t *protocol = json_object_get(j, "protocol");
	json_int_t number = json_integer_value(json_object_get(j, "port"));
	const char *key;
	json_t *value;

	if (!json_is_object(j) || !name)
		return error_set(e, EINVAL, "ports[%zu]: expected an object with name and port",
				 at);
	json_object_foreach((json_t *)j, key, value) {
		if (strcmp(key, "name") != 0 && strcmp(key, "port") != 0 &&
		    strcmp(key, "protocol") != 0)
			return error_set(
				e, EINVAL,
				"ports[%zu]: unknown key \"%.40s\", expected name, port, protocol",
				at, key);
	}
	if (number < 1 || number > 65535)
		return error_set(e, EINVAL, "ports[%zu].port: expected a number from 1 to 65535",
				 at);
	if (protocol && (!json_is_string(protocol) ||
			 protocol_from_str(json_string_value(protocol), &port->proto) < 0))
		return error_set(e, EINVAL, "ports[%zu].protocol: expected TCP, UDP or SCTP", at);
	if (!protocol)
		port->proto = IPPROTO_TCP;
	port->port = (uint16_t)number;
	if (port_name_check(name, at, e) < 0)
		return -EINVAL;
	snprintf(port->name, sizeof(port->name), "%s", name);
	return 0;
}

int endpoint_ports_from_json(struct endpoint *ep, const json_t *ports, struct error *e)
{
	size_t count = json_array_size(ports);
	_cleanup_free_ struct endpoint_port *items = NULL;

	if (ports && !json_is_array(ports))
		return error_set(e, EINVAL, "ports: expected an array");
	if (count > ENDPOINT_PORTS_MAX)
		return error_set(e, E2BIG, "ports: %zu of them: expected at most %d", count,
				 ENDPOINT_PORTS_MAX);
	if (count == 0)
		return 0;
	items = calloc(count, sizeof(*items));
	if (!items)
		return error_set(e, ENOMEM, "no memory");
	for (size_t i = 0; i < count; i++) {
		int r = port_from_json(&items[i], json_array_get(ports, i), i, e);

		if (r < 0)
			return r;
	}
	free(ep->ports);
	ep->ports = TAKE_PTR(items);
	ep->port_count = count;
	return 0;
}

static int label_from_json(struct label_set *set, const json_t *j, size_t at, struct error *e)
{
	const char *key = json_string_value(json_object_get(j, "key"));
	const char *value = json_string_value(json_object_get(j, "value"));
	struct error why = {0};

	if (!key || !value || json_object_size(j) != 2)
		return error_set(e, EINVAL,
				 "labels[%zu]: expected {\"key\": \"...\", \"value\": \"...\"}",
				 at);
	if (label_set_put(set, key, value, &why) < 0)
		return error_set(e, why.code, "labels[%zu]: %.200s", at, why.msg);
	return 0;
}

int endpoint_labels_from_json(struct endpoint *ep, const json_t *labels, struct error *e)
{
	struct label_set set = {0};
	int r = 0;

	if (labels && !json_is_array(labels))
		return error_set(e, EINVAL, "labels: expected an array");
	for (size_t i = 0; i < json_array_size(labels) && r == 0; i++)
		r = label_from_json(&set, json_array_get(labels, i), i, e);
	if (r == 0)
		r = label_set_put_namespace(&set, ep->namespace_, e);
	if (r < 0) {
		label_set_fini(&set);
		return r;
	}
	labels_free(ep->labels, ep->label_count);
	ep->labels = set.items;
	ep->label_count = set.count;
	return 0;
}

char *endpoint_labels_to_text(const struct endpoint *ep)
{
	_cleanup_json_ json_t *array = json_array();

	for (size_t i = 0; i < ep->label_count; i++) {
		if (json_array_append_new(array, json_string(ep->labels[i])) < 0)
			return NULL;
	}
	return json_dumps(array, JSON_COMPACT);
}

char *endpoint_ports_to_text(const struct endpoint *ep)
{
	_cleanup_json_ json_t *array = json_array();

	for (size_t i = 0; i < ep->port_count; i++) {
		const struct endpoint_port *p = &ep->ports[i];

		if (json_array_append_new(array, json_pack("{s:s, s:i, s:s}", "name", p->name,
							   "port", p->port, "protocol",
							   protocol_to_str(p->proto))) < 0)
			return NULL;
	}
	return json_dumps(array, JSON_COMPACT);
}

int endpoint_ports_from_text(struct endpoint *ep, const char *text, struct error *e)
{
	json_error_t why;
	_cleanup_json_ json_t *array = json_loads(text, 0, &why);

	if (!array)
		return error_set(e, EINVAL, "ports: %s", why.text);
	return endpoint_ports_from_json(ep, array, e);
}

int endpoint_labels_from_text(struct endpoint *ep, const char *text, struct error *e)
{
	json_error_t why;
	_cleanup_json_ json_t *array = json_loads(text, 0, &why);
	size_t count = json_array_size(array);

	if (!json_is_array(array))
		return error_set(e, EINVAL, "labels: expected a JSON array");
	ep->labels = calloc(count + 1, sizeof(char *));
	if (!ep->labels)
		return error_set(e, ENOMEM, "no memory");
	for (size_t i = 0; i < count; i++) {
		const char *label = json_string_value(json_array_get(array, i));

		ep->labels[i] = strdup(label ? label : "");
		if (!ep->labels[i])
			return error_set(e, ENOMEM, "no memory");
		ep->label_count++;
	}
	return 0;
}
