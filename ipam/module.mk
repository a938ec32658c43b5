# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
ARCHIVES += ipam
ipam_SRCS := $(wildcard ipam/*.c)
