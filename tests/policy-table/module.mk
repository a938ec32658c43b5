# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the reference evaluator says of the policies of tests/policy-table/*.table, for
# tests/e2e/policy_table.sh.
policy_table_OBJS := $(O)/obj/tests/policy-table/expect.o
policy_table_LIBS := -ljansson -lyaml

$(O)/bin/tests/policy-table: $(policy_table_OBJS) $(O)/libtests-policy-reference.a \
		$(O)/libpolicy.a $(O)/liblib.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_LDFLAGS) -o $@ $^ $(policy_table_LIBS)

check-e2e test-programs: $(O)/bin/tests/policy-table
