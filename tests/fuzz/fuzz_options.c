/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration file: whatever it holds is taken or refused with a sentence that names it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "loader/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("axoneme.yaml", 0);
	char program[] = "axonemed", flag[] = "--config", path[64];
	char *argv[] = {program, flag, path, NULL};
	struct options o = {0};
	struct error e = {0};

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (options_parse(&o, 3, argv, &e) < 0 && (e.code >= 0 || !e.msg[0]))
		abort();
	options_fini(&o);
	return 0;
}
