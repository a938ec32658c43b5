/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pins; see pin.h. */
#include "loader/pin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static void pin_path(char path[static PATH_MAX], const char *dir, const char *name)
{
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
}

int pin_get(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	pin_path(path, dir, name);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

int pin_replace(const char *dir, const char *name, int fd)
{
	char path[PATH_MAX];
	int r = pin_remove(dir, name);

	pin_path(path, dir, name);
	if (r == 0 && bpf_obj_pin(fd, path) < 0)
		r = -errno;
	return r;
}

int pin_remove(const char *dir, const char *name)
{
	char path[PATH_MAX];

	pin_path(path, dir, name);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}
