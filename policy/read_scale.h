/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers with decimals and units: shares, times, rates.
 */
#ifndef POLICY_READ_SCALE_H
#define POLICY_READ_SCALE_H

#include <stdint.h>

#define SCALE_PPM 1000000u

/** scale_decimal - "0.8" times @scale; @end: behind it; 0, or -1: no number, or too many digits */
int scale_decimal(const char *text, uint64_t scale, uint64_t *out, const char **end);

/** scale_share - a whole text from "0" to "1" in millionths; 0 or -1 */
int scale_share(const char *text, uint32_t *ppm);

/** scale_duration - a whole text in Go's notation (1h2m3.5s, 50ms, 0), up to @max_ns; 0 or -1 */
int scale_duration(const char *text, uint64_t max_ns, uint64_t *ns);

/** scale_rate - "10mbit" in bits per second; 0 or -1 */
int scale_rate(const char *text, uint64_t *bits);

#endif
