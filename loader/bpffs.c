/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The directory of pins; see bpffs.h. */
#include "loader/bpffs.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

#define USUAL "/sys/fs/bpf"

/* Is the nearest existing ancestor of @dir, or itself, on a bpf file system? */
static bool on_bpffs(const char *dir)
{
	char path[PATH_MAX];
	struct statfs fs;

	snprintf(path, sizeof(path), "%s", dir);
	while (statfs(path, &fs) < 0) {
		char *slash = strrchr(path, '/');

		if (errno != ENOENT || !slash || slash == path)
			return false;
		*slash = '\0';
	}
	return (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

static bool below_usual(const char *dir)
{
	size_t len = strlen(USUAL);

	return !strncmp(dir, USUAL, len) && (dir[len] == '/' || dir[len] == '\0');
}

int bpffs_prepare(const char *dir, struct error *e)
{
	int r;

	if (!on_bpffs(dir) && below_usual(dir)) {
		if (mount("bpf", USUAL, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
			return error_set(e, errno,
					 "cannot mount a bpf file system at " USUAL ": %s",
					 strerror(errno));
		log_info("bpf file system mounted", "dir", USUAL);
	}
	if (!on_bpffs(dir))
		return error_set(
			e, ENODEV,
			"bpffs-dir %.150s is not on a bpf file system: expected one (mount -t bpf bpf DIR)",
			dir);
	r = dir_make(dir, 0700);
	if (r < 0)
		return error_set(e, r, "cannot make bpffs-dir %.150s: %s", dir, strerror(-r));
	return 0;
}
