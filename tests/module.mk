# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The suites.  T=name runs the tests whose "label: name" holds it; V=1 shows every line.
RUN_TESTS = O=$(abspath $(O)) T='$(T)' V=$(V) tests/lib/run
UNIT_BINS = $(addprefix $(O)/bin/,$(UNIT_TESTS))
BPF_BINS = $(addprefix $(O)/bin/,$(BPF_TESTS))
VERIFIER_BINS = $(addprefix $(O)/bin/,$(VERIFIER_TESTS))
# Programs that stories put on their paths.
STORY_BPF := $(patsubst tests/lib/%.bpf.c,$(O)/bin/tests/%.o,$(wildcard tests/lib/*.bpf.c))
E2E_STORIES := $(sort $(wildcard tests/e2e/*.sh tests/e2e/*.py))

## check: every suite, lint included; what CI runs
.PHONY: check
check:
	$(Q)O=$(abspath $(O)) T='$(T)' V=$(V) scripts/check

## check-unit: pure code, with SAN=1 under ASan and UBSan
.PHONY: check-unit
check-unit: $(UNIT_BINS)
	$(Q)$(RUN_TESTS) $(UNIT_BINS)

## check-bpf: every entry point, packet in, packet out (root)
.PHONY: check-bpf
check-bpf: $(BPF_BINS)
	$(Q)$(RUN_TESTS) $(BPF_BINS)

## check-verifier: every combination of switches loads, within its budget (root)
.PHONY: check-verifier
check-verifier: $(VERIFIER_BINS)
	$(Q)$(RUN_TESTS) $(VERIFIER_BINS)

## check-e2e: real agent, plugin and processes in namespaces of their own (root)
.PHONY: check-e2e
check-e2e: all $(STORY_BPF)
	$(Q)$(RUN_TESTS) $(E2E_STORIES)

$(STORY_BPF): $(O)/bin/tests/%.o: tests/lib/%.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

## check-capacity: as many policy entries as the limit says, and one more (root)
.PHONY: check-capacity
check-capacity: all
	$(Q)AXO_CAPACITY=1048576 $(RUN_TESTS) tests/e2e/policy_capacity.sh

## check-long: a connection whose responses are held for as long as may be (root)
.PHONY: check-long
check-long: all
	$(Q)AXO_HOLD_S=60 O=$(abspath $(O)) T=outlives V=1 tests/lib/run tests/e2e/chaos_hold.sh

# For scripts/check: build every test program, say which there are.
.PHONY: test-programs list-tests list-unit
test-programs: $(UNIT_BINS) $(BPF_BINS) $(VERIFIER_BINS) $(STORY_BPF)
unit-programs: $(UNIT_BINS)
.PHONY: unit-programs
list-tests:
	@echo $(UNIT_BINS) $(BPF_BINS) $(VERIFIER_BINS) $(E2E_STORIES)
list-unit:
	@echo $(UNIT_BINS)

## coverage: lines that the unit tests reach, per folder
.PHONY: coverage
coverage:
	$(Q)O=$(abspath $(O)) scripts/coverage
