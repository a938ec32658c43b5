/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files: read small ones whole, write them so that a crash leaves the old or the new one.
 */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>
#include <sys/types.h>

/**
 * file_read - the whole of @path, with a final 0 behind it
 * @max: refuse larger files with -EFBIG
 * @out: owned by the caller (free); @len (may be NULL) without the final 0
 * Works for /proc and pipes.  Return: 0 or negative errno.
 */
int file_read(const char *path, size_t max, char **out, size_t *len);

/**
 * file_write_atomic - write @path by temp file, fsync, rename and fsync of the directory
 *
 * The temp file lies in the same directory, its name starts with '.', and is removed on failure.
 * Return: 0 or negative errno; on failure @path is as before.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);

/** file_write_text - write a short text into an existing file (sysctl); 0 or negative errno */
int file_write_text(const char *path, const char *text);

/** dir_make - mkdir -p with @mode for the ones created; 0 or negative errno */
int dir_make(const char *path, mode_t mode);

#endif
