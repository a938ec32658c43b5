/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers with decimals and units; see read_scale.h. */
#include "policy/read_scale.h"

#include <ctype.h>
#include <string.h>

#include "lib/cleanup.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* At most six digits behind the point count; more are refused as noise. */
int scale_decimal(const char *text, uint64_t scale, uint64_t *out, const char **end)
{
	uint64_t value = 0, digits = 0;
	const char *p = text;

	for (; isdigit((unsigned char)*p) && value < 1000000000; p++, digits++)
		value = value * 10 + (uint64_t)(*p - '0');
	if (isdigit((unsigned char)*p))
		return -1;
	value *= scale;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++, digits++) {
			scale /= 10;
			if (!scale && *p != '0')
				return -1;
			value += scale * (uint64_t)(*p - '0');
		}
	*out = value;
	*end = p;
	return digits ? 0 : -1;
}

int scale_share(const char *text, uint32_t *ppm)
{
	const char *end = "";
	uint64_t value = 0;

	if (scale_decimal(text, SCALE_PPM, &value, &end) || *end || value > SCALE_PPM)
		return -1;
	*ppm = (uint32_t)value;
	return 0;
}

static const struct unit *unit_find(const struct unit *units, size_t count, const char *text)
{
	const struct unit *found = NULL;

	for (size_t i = 0; i < count; i++)
		if (!strncmp(units[i].name, text, strlen(units[i].name)) &&
		    (!found || strlen(units[i].name) > strlen(found->name)))
			found = &units[i];
	return found;
}

int scale_duration(const char *text, uint64_t max_ns, uint64_t *ns)
{
	static const struct unit units[] = {
		{"ns", 1},	   {"us", 1000},	  {"ms", 1000000},
		{"s", 1000000000}, {"m", 60000000000ull}, {"h", 3600000000000ull},
	};
	uint64_t total = 0;

	if (!strcmp(text, "0")) {
		*ns = 0;
		return 0;
	}
	do {
		uint64_t part = 0;

		if (scale_decimal(text, SCALE_PPM, &part, &text))
			return -1;
		const struct unit *u = unit_find(units, ARRAY_SIZE(units), text);
		unsigned __int128 more = u ? (unsigned __int128)part * u->factor / SCALE_PPM : 0;
		if (!u || more > max_ns)
			return -1;
		total += (uint64_t)more;
		if (total > max_ns)
			return -1;
		text += strlen(u->name);
	} while (*text);
	*ns = total;
	return 0;
}

int scale_rate(const char *text, uint64_t *bits)
{
	static const struct unit units[] = {
		{"bit", 1}, {"kbit", 1000}, {"mbit", 1000000}, {"gbit", 1000000000}};
	const struct unit *u = NULL;
	const char *end = "";
	uint64_t part = 0;

	if (!scale_decimal(text, SCALE_PPM, &part, &end))
		u = unit_find(units, ARRAY_SIZE(units), end);
	*bits = u ? (uint64_t)((unsigned __int128)part * u->factor / SCALE_PPM) : 0;
	return !u || strcmp(end, u->name) != 0 || !*bits ? -1 : 0;
}
