# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The plugin.  Everything but main.c is an archive, for its unit tests.
ARCHIVES += cni
cni_SRCS := $(filter-out cni/main.c,$(wildcard cni/*.c))

PROGRAMS += axoneme-cni
axoneme-cni_SRCS := cni/main.c
axoneme-cni_ARCHIVES := cni lib
axoneme-cni_LIBS := -l:libjansson.a -lmnl
