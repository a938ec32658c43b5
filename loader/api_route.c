/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of routes; see api_route.h.  docs/api.md has them in the same order. */
#include "loader/api_route.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/nearest.h"
#include "lib/number.h"
#include "loader/api_chaos.h"
#include "loader/api_ip.h"
#include "loader/api_policy.h"
#include "loader/api_prefilter.h"
#include "loader/api_read.h"

/* X(METHOD, path, handler, query, has body, before ready, metric) */
#define ROUTES(X)                                                                    \
	X(POST, "/v1/attachments", api_attachment_post, NULL, 1, 0, ADD_RESERVE)     \
	X(PUT, "/v1/attachments", api_attachment_put, NULL, 1, 0, ADD_ATTACH)        \
	X(DELETE, "/v1/attachments", api_attachment_delete, NULL, 1, 0, DEL)         \
	X(POST, "/v1/attachments/flush", api_attachment_flush, NULL, 1, 0, FLUSH)    \
	X(POST, "/v1/attachments/check", api_attachment_check, NULL, 1, 0, CHECK)    \
	X(POST, "/v1/attachments/gc", api_attachment_gc, NULL, 1, 0, GC)             \
	X(GET, "/v1/attachments/status", api_attachment_status, NULL, 0, 1, STATUS)  \
	X(GET, "/v1/endpoints", api_endpoints_get, NULL, 0, 0, NONE)                 \
	X(GET, "/v1/endpoints/ID", api_endpoint_get, NULL, 0, 0, NONE)               \
	X(PATCH, "/v1/endpoints/ID/labels", api_label_patch, NULL, 1, 0, NONE)       \
	X(PATCH, "/v1/endpoints/ID/audit", api_audit_patch, NULL, 1, 0, NONE)        \
	X(GET, "/v1/status", api_status_get, NULL, 0, 1, NONE)                       \
	X(GET, "/v1/ips", api_ips_get, NULL, 0, 0, NONE)                             \
	X(PUT, "/v1/ips", api_ips_put, NULL, 1, 0, NONE)                             \
	X(DELETE, "/v1/ips", api_ips_delete, NULL, 1, 0, NONE)                       \
	X(GET, "/v1/prefilter", api_prefilter_get, NULL, 0, 0, NONE)                 \
	X(PUT, "/v1/prefilter", api_prefilter_put, NULL, 1, 0, NONE)                 \
	X(DELETE, "/v1/prefilter", api_prefilter_delete, NULL, 1, 0, NONE)           \
	X(GET, "/v1/prefilter/entries", api_pf_entries_get, "address", 0, 0, NONE)   \
	X(GET, "/v1/identities", api_identities_get, NULL, 0, 0, NONE)               \
	X(GET, "/v1/fqdns", api_fqdns_get, NULL, 0, 0, NONE)                         \
	X(GET, "/v1/flows", api_flows_get, "endpoint", 0, 0, NONE)                   \
	X(DELETE, "/v1/flows", api_flows_delete, "endpoint", 0, 0, NONE)             \
	X(GET, "/v1/events", api_events_get, "type", 0, 0, NONE)                     \
	X(GET, "/v1/endpoints/ID/policy", api_endpoint_policy_get, NULL, 0, 0, NONE) \
	X(GET, "/v1/host/policy", api_host_policy_get, NULL, 0, 0, NONE)             \
	X(GET, "/v1/policies", api_policies_get, NULL, 0, 0, NONE)                   \
	X(PUT, "/v1/policies", api_policies_put, NULL, 1, 0, NONE)                   \
	X(DELETE, "/v1/policies", api_policies_delete, NULL, 1, 0, NONE)             \
	X(POST, "/v1/policies/dry-run", api_policies_dry_run, NULL, 1, 0, NONE)      \
	X(POST, "/v1/policies/trace", api_policy_trace, NULL, 1, 0, NONE)            \
	X(GET, "/v1/policies/NAME", api_policy_get, "kind", 0, 0, NONE)              \
	X(DELETE, "/v1/policies/NAME", api_policy_delete, "kind", 0, 0, NONE)        \
	X(GET, "/v1/policies/NAME/NAME", api_policy_get, "kind", 0, 0, NONE)         \
	X(DELETE, "/v1/policies/NAME/NAME", api_policy_delete, "kind", 0, 0, NONE)   \
	X(GET, "/v1/chaos", api_chaos_get, NULL, 0, 0, NONE)                         \
	X(POST, "/v1/chaos/stop", api_chaos_stop, NULL, 1, 0, NONE)                  \
	X(GET, "/v1/version", api_version_get, NULL, 0, 1, NONE)                     \
	X(GET, "/metrics", api_metrics_get, NULL, 0, 1, NONE)

static const struct api_route routes[] = {
#define X(method, path, handler, query, body, early, command) \
	{API_##method, path, handler, query, body, early, METRIC_##command},
	ROUTES(X)
#undef X
};

static size_t segment_len(const char *s)
{
	return strcspn(s, "/");
}

/* 0 or -ENOENT; a number that is none does not fit. */
static int path_match(const char *pattern, const char *path, uint32_t *id)
{
	*id = 0;
	while (*pattern && *path) {
		size_t np = segment_len(pattern);
		size_t n = segment_len(path);

		if (np == 2 && !strncmp(pattern, "ID", 2)) {
			char digits[16] = "";
			uint64_t number;

			if (n >= sizeof(digits))
				return -ENOENT;
			memcpy(digits, path, n);
			if (number_parse(digits, 1, UINT32_MAX, &number))
				return -ENOENT;
			*id = number;
		} else if (np == 4 && !strncmp(pattern, "NAME", 4)) {
			if (!n)
				return -ENOENT;
		} else if (np != n || strncmp(pattern, path, n)) {
			return -ENOENT;
		}
		pattern += np;
		path += n;
		if (*pattern != *path)
			return -ENOENT;
		if (*pattern) {
			pattern++;
			path++;
		}
	}
	return *pattern || *path ? -ENOENT : 0;
}

int api_route_find(enum api_method method, const char *path, const struct api_route **route,
		   uint32_t *id, unsigned int *allowed)
{
	unsigned int methods = 0;
	uint32_t number;

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (path_match(routes[i].path, path, &number))
			continue;
		if (routes[i].method == method) {
			*route = &routes[i];
			*id = number;
			return 0;
		}
		methods |= 1U << routes[i].method;
	}
	if (!methods)
		return -ENOENT;
	*allowed = methods;
	return -EOPNOTSUPP;
}

const char *api_route_nearest(const char *path)
{
	const char *paths[ARRAY_SIZE(routes)];

	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		paths[i] = routes[i].path;
	return nearest_word(path, paths, ARRAY_SIZE(paths));
}

const char *api_method_to_str(enum api_method method)
{
	static const char *const names[] = {
		[API_GET] = "GET",	 [API_POST] = "POST",	[API_PUT] = "PUT",
		[API_DELETE] = "DELETE", [API_PATCH] = "PATCH", [API_OTHER] = "other",
	};

	return names[method];
}
