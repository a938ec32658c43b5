/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The API's sockets: a Unix one for root, a TCP one for metrics.
 */
#ifndef LOADER_API_SOCKET_H
#define LOADER_API_SOCKET_H

#include "lib/error.h"

/**
 * api_socket_unix - listen on @path, mode 0660
 *
 * A socket file that nobody listens on is replaced; a living one, or anything else of that name,
 * is left alone: -EADDRINUSE or -EEXIST.
 * Return: descriptor (non-blocking, close-on-exec), or negative errno with @e
 */
int api_socket_unix(const char *path, struct error *e);

/** api_socket_check - can it be the address of api_socket_tcp()?  0, or -EINVAL with @e */
int api_socket_check(const char *address, struct error *e);

/** api_socket_tcp - listen on @address ("127.0.0.1:9964", "[::1]:9964"); descriptor or error */
int api_socket_tcp(const char *address, struct error *e);

#endif
