/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers as people read them.
 */
#ifndef LOADER_CLI_UNITS_H
#define LOADER_CLI_UNITS_H

#include <stdint.h>

#define UNITS_STR_MAX 80

/** units_bytes - "512 B", "4.0 KiB", "1.2 MiB" into @buf, which is also returned */
const char *units_bytes(uint64_t bytes, char buf[static UNITS_STR_MAX]);

/** units_seconds - "12s", "3m5s", "2h10m", "4d3h" into @buf, which is also returned */
const char *units_seconds(uint64_t seconds, char buf[static UNITS_STR_MAX]);

/** units_end - "10.0.0.7:80", "[fd00::7]:80", or the address alone when @port is 0 */
const char *units_end(const char *address, unsigned int port, char buf[static UNITS_STR_MAX]);

#endif
