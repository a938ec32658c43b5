/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Versions of the CNI specification that the plugin speaks.
 */
#ifndef CNI_VERSION_H
#define CNI_VERSION_H

#include <jansson.h>

/** enum cni_version - in order: a later one is greater */
enum cni_version { CNI_0_3_1, CNI_0_4_0, CNI_1_0_0, CNI_1_1_0, CNI_VERSIONS };

/** CNI_NEWEST - what errors carry when the caller's version is unknown */
#define CNI_NEWEST "1.1.0"

/** version_from_str - 0 and *version, or -EINVAL for a text that is none of ours */
int version_from_str(const char *text, enum cni_version *version);
const char *version_to_str(enum cni_version version);

/** version_answer - what VERSION prints; @asked is echoed, NULL = CNI_NEWEST.  A new reference */
json_t *version_answer(const char *asked);

#endif
