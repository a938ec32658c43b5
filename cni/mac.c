/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* MAC addresses as text; see mac.h. */
#include "cni/mac.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

int mac_parse(const char *text, uint8_t mac[6])
{
	static const uint8_t zero[6];
	uint8_t got[6];

	if (strlen(text) != MAC_STR_MAX - 1)
		return -EINVAL;
	for (int i = 0; i < 6; i++, text += 3) {
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		got[i] = (uint8_t)(hex(text[0]) << 4 | hex(text[1]));
	}
	if (got[0] & 1 || !memcmp(got, zero, sizeof(zero)))
		return -EINVAL;
	memcpy(mac, got, sizeof(got));
	return 0;
}

const char *mac_to_str(const uint8_t mac[6], char buf[static MAC_STR_MAX])
{
	snprintf(buf, MAC_STR_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return buf;
}
