/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The DEL queue; see queue.h. */
#include "cni/queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni/agent.h"
#include "lib/cleanup.h"
#include "lib/file.h"

/* A directory that was made now, and the ones above it, reach the disk with its file system. */
static int dir_ensure(const char *dir)
{
	_cleanup_close_ int fd = -1;
	int r;

	if (access(dir, F_OK) == 0)
		return 0;
	r = dir_make(dir, 0700);
	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) < 0)
		return -errno;
	return 0;
}

int queue_put(const char *dir, const struct attachment *a)
{
	json_auto_t *body = attachment_json(a);
	_cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	char device[IFNAMSIZ], path[PATH_MAX];
	int r;

	if (!text)
		return -ENOMEM;
	attachment_device(a, device);
	r = snprintf(path, sizeof(path), "%s/%s.del", dir, device);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	r = dir_ensure(dir);
	return r < 0 ? r : file_write_atomic(path, text, strlen(text), 0600);
}
