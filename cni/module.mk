# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The plugin.  Everything but main.c is an archive, for its unit tests.
#
# Linked statically: a quarter of the start of so small a process is the dynamic linker
# (docs/cni.md has the figures).  The sanitizers want it dynamic.
ARCHIVES += cni
cni_SRCS := $(filter-out cni/main.c,$(wildcard cni/*.c))

PROGRAMS += axoneme-cni
axoneme-cni_SRCS := cni/main.c
axoneme-cni_ARCHIVES := cni lib
axoneme-cni_LIBS := -l:libjansson.a
axoneme-cni_LDFLAGS := $(if $(SAN),,-static-pie)
