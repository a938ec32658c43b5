/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers as people read them; see units.h. */
#include "loader/cli/units.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

const char *units_bytes(uint64_t bytes, char buf[static UNITS_STR_MAX])
{
	static const char *const names[] = {"KiB", "MiB", "GiB", "TiB"};
	double value = bytes;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, UNITS_STR_MAX, "%u B", (unsigned int)bytes);
		return buf;
	}
	/* 1023.95 would be shown as 1024.0. */
	for (value /= 1024; value >= 1023.95 && i + 1 < ARRAY_SIZE(names); i++)
		value /= 1024;
	snprintf(buf, UNITS_STR_MAX, "%.1f %s", value, names[i]);
	return buf;
}

const char *units_seconds(uint64_t seconds, char buf[static UNITS_STR_MAX])
{
	static const struct {
		unsigned int seconds;
		char name;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;
	unsigned long long rest;

	while (i + 1 < ARRAY_SIZE(units) && seconds < units[i].seconds)
		i++;
	snprintf(buf, UNITS_STR_MAX, "%llu%c", (unsigned long long)(seconds / units[i].seconds),
		 units[i].name);
	rest = seconds % units[i].seconds;
	if (i + 1 < ARRAY_SIZE(units) && rest / units[i + 1].seconds)
		snprintf(buf + strlen(buf), UNITS_STR_MAX - strlen(buf), "%llu%c",
			 rest / units[i + 1].seconds, units[i + 1].name);
	return buf;
}

const char *units_end(const char *address, unsigned int port, char buf[static UNITS_STR_MAX])
{
	if (!port)
		snprintf(buf, UNITS_STR_MAX, "%s", address);
	else if (strchr(address, ':'))
		snprintf(buf, UNITS_STR_MAX, "[%s]:%u", address, port);
	else
		snprintf(buf, UNITS_STR_MAX, "%s:%u", address, port);
	return buf;
}
