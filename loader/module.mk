# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The agent and the command line.  Everything but main.c is an archive, for the unit tests.
ARCHIVES += loader loader/cli
loader_SRCS := $(filter-out loader/main.c,$(wildcard loader/*.c))
loader/cli_SRCS := $(filter-out loader/cli/main.c,$(wildcard loader/cli/*.c))

PROGRAMS += axonemed
axonemed_SRCS := loader/main.c
axonemed_ARCHIVES := loader policy ipam lib
axonemed_LIBS := -lbpf -lelf -lz -lmnl -ljansson -lyaml -levent_core -levent_extra -levent_pthreads -lsqlite3 -lcap -lnftables -lpthread

PROGRAMS += axoneme
axoneme_SRCS := loader/cli/main.c
axoneme_ARCHIVES := loader/cli policy lib
axoneme_LIBS := -ljansson -lyaml
