/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The directory of pins, which must lie on a bpf file system.
 */
#ifndef LOADER_BPFFS_H
#define LOADER_BPFFS_H

#include "lib/error.h"

/**
 * bpffs_prepare - make @dir
 *
 * When nothing is mounted at /sys/fs/bpf and @dir lies below it, it is mounted: that is what
 * everybody expects to find there.
 * Return: 0; -ENODEV: @dir is not on a bpf file system; other errors with @e.
 */
int bpffs_prepare(const char *dir, struct error *e);

#endif
