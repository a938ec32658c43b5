# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The only Makefile.  Folders say what they hold in their module.mk; this file says how it is made.
#
#   V=1 shows commands, O=dir builds elsewhere, SAN=1 adds ASan and UBSan, DEBUG=1 turns
#   optimisation off, T=name runs one test.

VERSION := 0.1.0
O ?= build
PREFIX ?= /usr
SYSCONFDIR ?= /etc
CNIBINDIR ?= /opt/cni/bin
UNITDIR ?= /usr/lib/systemd/system
DESTDIR ?=

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= /usr/sbin/bpftool
LLVM_STRIP ?= llvm-strip
PKG_CONFIG ?= pkg-config
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-8s %s\n' $(1) $(2))

WARN := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
OPT := $(if $(DEBUG),-O0 -g3,-O2 -g)
, := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
CFLAGS ?=
ALL_CFLAGS = -std=gnu17 $(OPT) $(WARN) $(SANFLAGS) -D_GNU_SOURCE -DAXO_VERSION='"$(VERSION)"' \
	-ffunction-sections -fdata-sections -I. -Iinclude -I$(O)/gen $(CFLAGS)
ALL_LDFLAGS = $(SANFLAGS) -Wl,--gc-sections -Wl,-z,now -Wl,-z,relro $(LDFLAGS)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

# A module.mk adds to these nouns:
#   ARCHIVES   folders whose <folder>_SRCS become $(O)/lib<folder>.a
#   PROGRAMS   binaries: <name>_SRCS, <name>_ARCHIVES, <name>_LIBS (pkg-config names or -l flags)
#   UNIT_TESTS, BPF_TESTS, VERIFIER_TESTS, FUZZERS: test programs, same suffixes as PROGRAMS
ARCHIVES :=
PROGRAMS :=
UNIT_TESTS :=
BPF_TESTS :=
VERIFIER_TESTS :=
FUZZERS :=

# In this order: rules below use the nouns of the folders before them.
MODULES := lib ipam policy loader cni bpf tests/* tests scripts docs packaging
include $(wildcard $(addsuffix /module.mk,$(MODULES)))

obj = $(patsubst %.c,$(O)/obj/%.o,$(1))

# The list beside an archive changes when a source comes or goes, so that no stale object stays.
define archive_rule
$(O)/lib$(subst /,-,$(1)).list: FORCE
	@mkdir -p $$(@D) && echo '$($(1)_SRCS)' | cmp -s - $$@ || echo '$($(1)_SRCS)' >$$@
$(O)/lib$(subst /,-,$(1)).a: $(call obj,$($(1)_SRCS)) $(O)/lib$(subst /,-,$(1)).list
	$$(call say,AR,$$@)
	$(Q)rm -f $$@ && ar rcs $$@ $$(filter %.o,$$^)
endef
.PHONY: FORCE
FORCE:
$(foreach a,$(ARCHIVES),$(eval $(call archive_rule,$(a))))

define program_rule
$(O)/bin/$(1): $(call obj,$($(1)_SRCS)) $(foreach a,$($(1)_ARCHIVES),$(O)/lib$(subst /,-,$(a)).a)
	$$(call say,LD,$$@)
	$(Q)mkdir -p $$(@D) && $$(CC) $$(ALL_LDFLAGS) $($(1)_LDFLAGS) -o $$@ $$^ $($(1)_LIBS)
endef
$(foreach p,$(PROGRAMS) $(UNIT_TESTS) $(BPF_TESTS) $(VERIFIER_TESTS),$(eval $(call program_rule,$(p))))

# Objects that include the skeleton wait for it; only loader/ and the BPF tests do.
$(call obj,$(wildcard loader/*.c tests/bpf/*.c tests/verifier/*.c)): | $(SKELETON)

$(O)/obj/%.o: %.c | toolchain
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) $($*_CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(O)/obj $(O)/bpf -name '*.d' 2>/dev/null)

## all: everything that is installed
.PHONY: all
all: $(addprefix $(O)/bin/,$(PROGRAMS))

## agent: axonemed and axoneme
.PHONY: agent
agent: $(O)/bin/axonemed $(O)/bin/axoneme

## cni: the plugin
.PHONY: cni
cni: $(O)/bin/axoneme-cni

## deps: install what is missing with apt-get
.PHONY: deps
deps:
	$(Q)scripts/deps

# One readable line per missing dependency, with its Debian package.
.PHONY: toolchain
toolchain:
	@scripts/deps --check

## clean: remove what was built
.PHONY: clean
clean:
	$(Q)rm -rf $(O)

## help: this list
.PHONY: help
help:
	@grep -hE '^## ' $(MAKEFILE_LIST) | sed 's/^## /  make /' | sort -u
