# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Entry points are compiled one by one, linked into one object and embedded as one skeleton.
bpf_SRCS := $(sort $(wildcard bpf/*.bpf.c))
bpf_OBJS := $(patsubst bpf/%.bpf.c,$(O)/bpf/%.bpf.o,$(bpf_SRCS))
SKELETON := $(O)/gen/axoneme.skel.h
# -Wno-unused-function: headers hold functions, and no entry point needs all of them.
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu17 -Wall -Wextra -Werror -Wno-unused-function \
	-fno-strict-aliasing -Iinclude -I. -I/usr/include/$(shell $(CC) -dumpmachine)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c | toolchain
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<

$(O)/bpf/axoneme.o: $(bpf_OBJS)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(O)/bpf/axoneme.o
	$(call say,SKEL,$@)
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen skeleton $< name axoneme_bpf > $@

## bpf: the BPF object and its skeleton
.PHONY: bpf
bpf: $(SKELETON)
