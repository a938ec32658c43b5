/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Versions of the specification; see version.h. */
#include "cni/version.h"

#include <errno.h>
#include <string.h>

static const char *const names[CNI_VERSIONS] = {
	[CNI_0_3_1] = "0.3.1",
	[CNI_0_4_0] = "0.4.0",
	[CNI_1_0_0] = "1.0.0",
	[CNI_1_1_0] = "1.1.0",
};

int version_from_str(const char *text, enum cni_version *version)
{
	for (int i = 0; i < CNI_VERSIONS; i++) {
		if (!strcmp(text, names[i])) {
			*version = i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *version_to_str(enum cni_version version)
{
	return names[version];
}

json_t *version_answer(const char *asked)
{
	json_t *supported = json_array();

	for (int i = 0; i < CNI_VERSIONS; i++)
		json_array_append_new(supported, json_string(names[i]));
	return json_pack("{s:s, s:o}", "cniVersion", asked ? asked : CNI_NEWEST,
			 "supportedVersions", supported);
}
