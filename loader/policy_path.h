/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The name of a policy in a path of the API: /v1/policies/NAMESPACE/NAME or /v1/policies/NAME.
 */
#ifndef LOADER_POLICY_PATH_H
#define LOADER_POLICY_PATH_H

/** struct policy_path - @namespace_ "": clusterwide */
struct policy_path {
	char namespace_[256];
	char name[256];
};

/** policy_path_parse - 0, or -EINVAL: too long */
int policy_path_parse(const char *path, struct policy_path *out);

/** policy_name_parse - "NAMESPACE/NAME" or "NAME"; 0, or -EINVAL: empty or too long */
int policy_name_parse(const char *text, struct policy_path *out);

#endif
