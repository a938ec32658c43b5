/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text to number: the one strict function.
 */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdint.h>

/**
 * number_parse - decimal digits only: no sign, space, base prefix or trailing text
 * Return: 0 and *out; -EINVAL (no number) or -ERANGE (not in @min..@max)
 */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *out);

#endif
