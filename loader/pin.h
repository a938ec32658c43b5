/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Pins: names of kernel objects below the bpffs directory.
 */
#ifndef LOADER_PIN_H
#define LOADER_PIN_H

/** pin_get - open @dir/@name; the descriptor (owned) or negative errno */
int pin_get(const char *dir, const char *name);

/** pin_replace - @dir/@name names @fd from now on */
int pin_replace(const char *dir, const char *name, int fd);

/** pin_remove - 0 also when there was none */
int pin_remove(const char *dir, const char *name);

#endif
