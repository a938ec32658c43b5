/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parts of an endpoint as text: MAC addresses, and labels and ports as JSON, as the plugin sends
 * them and as the database keeps them.  Pure.
 */
#ifndef LOADER_ENDPOINT_TEXT_H
#define LOADER_ENDPOINT_TEXT_H

#include <jansson.h>
#include <stdint.h>

#include "lib/error.h"
#include "loader/endpoint.h"

#define MAC_STR_MAX 18
#define ENDPOINT_PORTS_MAX 256

/** mac_from_str - "0a:1b:..." of six pairs of hex digits; 0 or -EINVAL */
int mac_from_str(const char *text, uint8_t mac[static 6]);
const char *mac_to_str(const uint8_t mac[static 6], char buf[static MAC_STR_MAX]);

/** endpoint_ports_from_json - @ports: an array of {name, port, protocol}, or NULL for none */
int endpoint_ports_from_json(struct endpoint *ep, const json_t *ports, struct error *e);

/** endpoint_labels_from_json - @labels: an array of {key, value}, or NULL; the namespace is added */
int endpoint_labels_from_json(struct endpoint *ep, const json_t *labels, struct error *e);

/* JSON arrays as text, for the database; "..._to_text" is owned by the caller, NULL = no memory. */
char *endpoint_labels_to_text(const struct endpoint *ep);
char *endpoint_ports_to_text(const struct endpoint *ep);
int endpoint_labels_from_text(struct endpoint *ep, const char *text, struct error *e);
int endpoint_ports_from_text(struct endpoint *ep, const char *text, struct error *e);

#endif
