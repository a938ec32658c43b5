# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The reference evaluator and what compares the compiler with it, for unit tests and fuzzers.
ARCHIVES += tests/policy-reference
tests/policy-reference_SRCS := $(wildcard tests/policy-reference/*.c)
