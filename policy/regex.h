/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Regular expressions: is the text one that can be compiled to an automaton?
 *
 * POSIX extended syntax and the part of RE2's that is regular: . [] [^] [[:alpha:]] \d \w \s and
 * their opposites, escaped punctuation, \t \n \r \xHH, () (?:) (?i:) | * + ? {m} {m,} {m,n} with a
 * lazy '?' behind (which changes nothing here: values are matched whole), ^ at the start and $ at
 * the end.  Back references and look-around are not regular and refused by name.
 */
#ifndef POLICY_REGEX_H
#define POLICY_REGEX_H

#include "lib/error.h"

#define REGEX_MAX_LEN 4096
#define REGEX_MAX_DEPTH 32
#define REGEX_MAX_REPEAT 1000

/** regex_check - 0, or -EINVAL with what is wrong at which character (from 1) */
int regex_check(const char *text, struct error *e);

#endif
