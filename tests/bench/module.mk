# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Benchmarks: numbers as ratios against peers in one run.  No test, never part of check.
BENCH_TOOLS := rr dns_rr crr stream turns mesh get flood
BENCH_BINS := $(addprefix $(O)/bin/bench/,$(BENCH_TOOLS))

$(BENCH_BINS): $(O)/bin/bench/%: $(O)/obj/tests/bench/%.o $(O)/obj/tests/bench/ends.o $(O)/liblib.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^

BENCH_FLOOR := $(O)/bin/bench/floor.o
$(BENCH_FLOOR): tests/bench/floor.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

BENCH_FORWARD := $(O)/bin/bench/xdp_forward.o
$(BENCH_FORWARD): tests/bench/xdp_forward.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

# The HTTP reader alone, and the compiler of its tables.
BENCH_HTTP := $(O)/bin/bench/http_head
$(BENCH_HTTP): $(O)/obj/tests/bench/http_head.o $(O)/libpolicy.a $(O)/liblib.a $(BENCH_HTTP).o
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $(filter-out $(BENCH_HTTP).o,$^) -lbpf -lyaml -ljansson
$(BENCH_HTTP).o: tests/bench/http_head.bpf.c $(wildcard bpf/lib/l7_*.h include/axoneme/*.h)
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -c -o $@ $<

# The edge's own source, with a source address of its own for every packet.
BENCH_PREFILTER := $(O)/bin/bench/prefilter $(O)/bin/bench/prefilter.o
$(O)/bpf/bench_prefilter.o: tests/bench/prefilter.bpf.c
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) $(BPF_CFLAGS) -Wno-unused-function -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@ $<
$(O)/bin/bench/prefilter.o: $(O)/bpf/bench_prefilter.o $(O)/bpf/config.bpf.o
	$(call say,BPFLINK,$@)
	$(Q)mkdir -p $(@D) && $(BPFTOOL) gen object $@ $^
$(O)/bin/bench/prefilter: $(O)/obj/tests/bench/prefilter.o $(addprefix $(O)/obj/loader/prefilter_,interval.o map.o rules.o table.o) $(O)/liblib.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ -lbpf -lelf -lz

## bench: measure against peers, print one table (B=name: one figure; ROUNDS=n)
.PHONY: bench bench-tools
bench-tools: $(BENCH_BINS) $(BENCH_FLOOR) $(BENCH_FORWARD) $(BENCH_HTTP) $(BENCH_PREFILTER)
bench: all bench-tools
	$(Q)tests/bench/run --build $(O) $(if $(ROUNDS),--rounds $(ROUNDS)) $(B)

## bench-fq: figures of chaos where the kernel has fq, in an emulated machine (K=6.1, 6.12; ROUNDS=n)
.PHONY: bench-fq
bench-fq: all bench-tools
	$(Q)VM_TIMEOUT=$${VM_TIMEOUT:-1800} scripts/vm $(or $(K),6.1) tests/bench/run --build $(abspath $(O)) \
		--rounds $(or $(ROUNDS),3) $(or $(B),chaoslate chaoslarge chaosothers chaosheld chaosline)
