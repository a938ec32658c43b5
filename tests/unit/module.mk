# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One program per tests/unit/<module>/test_<file>.c, linked with what <module> may use.
unit_SRCS := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_ARCHIVES_lib := lib
UNIT_ARCHIVES_ipam := ipam lib
UNIT_ARCHIVES_policy := tests/policy-reference policy lib
UNIT_ARCHIVES_bpf := policy lib
UNIT_ARCHIVES_cni := cni lib
UNIT_ARCHIVES_bpf := lib
UNIT_ARCHIVES_loader := loader loader/cli policy ipam lib
UNIT_ARCHIVES_bpf :=
UNIT_LIBS := -lcmocka -ljansson -lmnl -lsqlite3 -lyaml -levent_core -levent_extra -levent_pthreads -lbpf -lelf -lz -lcap -lnftables -lpthread

define unit_test
UNIT_TESTS += $(2)
$(2)_SRCS := $(1)
$(2)_ARCHIVES := $$(UNIT_ARCHIVES_$(3))
$(2)_LIBS := $$(UNIT_LIBS)
endef
unit_name = tests/unit-$(notdir $(patsubst %/,%,$(dir $(1))))-$(patsubst test_%.c,%,$(notdir $(1)))
$(foreach s,$(unit_SRCS),$(eval $(call unit_test,$(s),$(call unit_name,$(s)),$(notdir $(patsubst %/,%,$(dir $(s)))))))
