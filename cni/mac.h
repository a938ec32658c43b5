/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* MAC addresses as text. */
#ifndef CNI_MAC_H
#define CNI_MAC_H

#include <stdint.h>

/** MAC_STR_MAX - bytes of mac_to_str()'s text and its final 0 */
#define MAC_STR_MAX 18

/** mac_parse - "02:00:00:00:00:01", in any case: unicast, not zero; 0 or -EINVAL */
int mac_parse(const char *text, uint8_t mac[6]);

/** mac_to_str - lower-case text into @buf, which is also returned */
const char *mac_to_str(const uint8_t mac[6], char buf[static MAC_STR_MAX]);

#endif
