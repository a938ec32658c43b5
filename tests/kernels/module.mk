# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The suites on other kernels: a dropped-in linux-VERSION is picked up.  Minutes, and needs the
# packages of two kernels, so no part of check.
# K=6.1 chooses one; T=name chooses tests inside, so the runner outside must not see it.
## check-kernels: bpf, verifier and a short e2e on Debian's kernels in emulated machines
.PHONY: check-kernels
check-kernels: all $(addprefix $(O)/bin/,$(BPF_TESTS) $(VERIFIER_TESTS))
	$(Q)O=$(abspath $(O)) T= VM_T='$(T)' tests/lib/run -t 600 $(sort $(wildcard tests/kernels/linux-$(K)*))
