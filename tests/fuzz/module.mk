# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One libFuzzer program per tests/fuzz/fuzz_<name>.c, under ASan and UBSan.  Its seeds and past
# findings lie in tests/fuzz/corpus/<name>/ and are replayed by every test run.
#
# What a fuzzer links follows from its name: the agent's parts, policy, or else the plugin's.
fuzz_SRCS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
fuzz_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(fuzz_SRCS))
fuzz_archives = $(if $(filter api% options% labels% prefilter%,$(1)),loader policy ipam lib,$(if $(filter \
	policy% chaos% regex% dns% http%,$(1)),tests/policy-reference policy lib,cni ipam lib))

# The strict parser that the HTTP reader is compared with ships as source.
LLHTTP := /usr/share/llhttp
fuzz_objects = $(if $(filter http,$(1)),$(patsubst %,$(O)/fuzz/obj/llhttp-%.o,api http llhttp))
$(O)/fuzz/obj/llhttp-%.o: $(LLHTTP)/%.c
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) -O1 -DLLHTTP_STRICT_MODE=1 -I/usr/share/include/llhttp -c -o $@ $<
$(O)/fuzz/obj/tests/fuzz/fuzz_http.o: FUZZ_CFLAGS += -isystem /usr/share/include/llhttp
FUZZ_CFLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
FUZZ_LIBS = $(UNIT_LIBS)
FUZZ_SECONDS ?= 60

$(O)/fuzz/obj/loader/%.o: | $(SKELETON)
$(O)/fuzz/obj/%.o: %.c | toolchain
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(filter-out $(OPT) $(SANFLAGS),$(ALL_CFLAGS)) $(FUZZ_CFLAGS) \
		-MMD -MP -c -o $@ $<

# Its own module.mk comes later and says the same.
tests/policy-reference_SRCS := $(wildcard tests/policy-reference/*.c)

define fuzz_archive
$(O)/fuzz/lib$(subst /,-,$(1)).a: $(patsubst %.c,$(O)/fuzz/obj/%.o,$($(1)_SRCS))
	$(Q)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach a,lib ipam policy tests/policy-reference cni loader,$(eval $(call fuzz_archive,$(a))))

define fuzz_program
$(O)/fuzz/$(1): $(O)/fuzz/obj/tests/fuzz/fuzz_$(1).o $(call fuzz_objects,$(1)) $(foreach a,$(call fuzz_archives,$(1)),$(O)/fuzz/lib$(subst /,-,$(a)).a)
	$$(call say,FUZZLD,$$@)
	$(Q)$$(CLANG) -fsanitize=fuzzer,address,undefined -o $$@ $$^ -Wl,--as-needed $$(FUZZ_LIBS)
endef
$(foreach n,$(fuzz_NAMES),$(eval $(call fuzz_program,$(n))))
FUZZ_BINS := $(addprefix $(O)/fuzz/,$(fuzz_NAMES))

-include $(shell find $(O)/fuzz/obj -name '*.d' 2>/dev/null)

.PHONY: fuzz-programs check-fuzz
fuzz-programs: $(FUZZ_BINS)
check-fuzz: fuzz-programs
	$(Q)$(RUN_TESTS) fuzz=tests/fuzz/replay

## fuzz: look for new findings, FUZZ_SECONDS=60 each, T=name one of them
.PHONY: fuzz
fuzz: fuzz-programs
	$(Q)for name in $(or $(T),$(fuzz_NAMES)); do \
		mkdir -p $(O)/fuzz/corpus-$$name tests/fuzz/corpus/$$name; \
		echo "  FUZZ     $$name, $(FUZZ_SECONDS) s"; \
		$(O)/fuzz/$$name -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
			-artifact_prefix=tests/fuzz/corpus/$$name/ \
			$(O)/fuzz/corpus-$$name tests/fuzz/corpus/$$name || exit 1; \
	done
