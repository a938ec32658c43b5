/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Network sysctls of one device.
 */
#ifndef LOADER_SYSCTL_H
#define LOADER_SYSCTL_H

/** sysctl_set - /proc/sys/net/ipvFAMILY/conf/DEVICE/KEY = @value; not written when it is that already */
int sysctl_set(int family, const char *device, const char *key, const char *value);

/** sysctl_is - 1 = it has @value, 0 = another one; negative errno */
int sysctl_is(int family, const char *device, const char *key, const char *value);

#endif
