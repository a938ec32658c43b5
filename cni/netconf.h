/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network configuration: the JSON object on stdin (CNI specification, section 1), as far as every
 * command needs it.  What only ADD looks at is in cni/request.h.
 *
 * Unknown keys pass.  A known key of the wrong type is an error, null is the same as absent.
 */
#ifndef CNI_NETCONF_H
#define CNI_NETCONF_H

#include <jansson.h>

#include "cni/failure.h"
#include "cni/version.h"

/** NETCONF_MAX - bytes of a configuration; larger ones are refused unread */
#define NETCONF_MAX (1 << 20)

/**
 * struct netconf - a configuration
 * @root:      the object; owns everything else
 * @version:   cniVersion
 * @name:      name of the network; NULL = absent (only STATUS and VERSION do without)
 * @socket:    of the agent
 * @queue_dir: for DELs that the agent cannot take now
 * @prev_result: prevResult, an object; NULL = absent
 */
struct netconf {
	json_t *root;
	enum cni_version version;
	const char *name;
	const char *socket;
	const char *queue_dir;
	json_t *prev_result;
};

/** netconf_load - text to a JSON object (a new reference), or CNI_UNDECODABLE */
int netconf_load(const char *text, size_t len, json_t **root, struct failure *f);

/** netconf_parse - check @root and keep a reference; netconf_free() what was parsed */
int netconf_parse(json_t *root, struct netconf *conf, struct failure *f);
void netconf_free(struct netconf *conf);

/**
 * netconf_get - value of @key in @object if it has @type; *out is NULL when it is absent or null
 * @where: the object's name in messages, "" for the root
 */
int netconf_get(const json_t *object, const char *where, const char *key, json_type type,
		json_t **out, struct failure *f);

/** netconf_get_nocase - the same with the key in any case (runtimeConfig) */
int netconf_get_nocase(const json_t *object, const char *where, const char *key, json_type type,
		       json_t **out, struct failure *f);

#endif
