# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One program per tests/bpf/test_<name>.c; helpers shared by them are the other .c files here.
bpf_test_SRCS := $(sort $(wildcard tests/bpf/test_*.c))
bpf_test_HELPERS := $(filter-out $(bpf_test_SRCS),$(wildcard tests/bpf/*.c))

# What the agent writes into maps, where a test cannot well make it itself.
bpf_test_LOADER := $(addprefix loader/prefilter_,interval.c map.c rules.c table.c)

define bpf_test
BPF_TESTS += $(2)
$(2)_SRCS := $(1) $(bpf_test_HELPERS) $(bpf_test_LOADER)
$(2)_ARCHIVES := policy lib
$(2)_LIBS := -lcmocka -lbpf -lelf -lz -lmnl -ljansson -lyaml
endef
$(foreach s,$(bpf_test_SRCS),$(eval $(call bpf_test,$(s),tests/bpf-$(patsubst test_%.c,%,$(notdir $(s))))))
# The delay line is the agent's own.
tests/bpf-chaos_live_ARCHIVES := loader policy lib
tests/bpf-chaos_live_LIBS += -lpthread -lcap
