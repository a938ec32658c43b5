/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network sysctls; see sysctl.h. */
#include "loader/sysctl.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"

static void sysctl_path(char path[static PATH_MAX], int family, const char *device, const char *key)
{
	snprintf(path, PATH_MAX, "/proc/sys/net/ipv%d/conf/%s/%s", family, device, key);
}

int sysctl_is(int family, const char *device, const char *key, const char *value)
{
	_cleanup_free_ char *found = NULL;
	char path[PATH_MAX];
	int r;

	sysctl_path(path, family, device, key);
	r = file_read(path, 4096, &found, NULL);
	if (r < 0)
		return r;
	found[strcspn(found, "\n")] = '\0';
	return !strcmp(found, value);
}

int sysctl_set(int family, const char *device, const char *key, const char *value)
{
	char path[PATH_MAX];
	int r = sysctl_is(family, device, key, value);

	if (r != 0)
		return r < 0 ? r : 0;
	sysctl_path(path, family, device, key);
	return file_write_text(path, value);
}
