# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
ARCHIVES += policy
policy_SRCS := $(wildcard policy/*.c)
