# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# One program per tests/verifier/test_<name>.c.
verifier_test_SRCS := $(sort $(wildcard tests/verifier/test_*.c))

define verifier_test
VERIFIER_TESTS += $(2)
$(2)_SRCS := $(1)
$(2)_ARCHIVES := lib
$(2)_LIBS := -lcmocka -lbpf -lelf -lz
endef
$(foreach s,$(verifier_test_SRCS),$(eval $(call verifier_test,$(s),tests/verifier-$(patsubst test_%.c,%,$(notdir $(s))))))
