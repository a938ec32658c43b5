# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Targets that scripts do.  Each script runs on its own, from any directory, too.

## lint: layering, sizes, format, shell, man pages, tables; needs the generated skeleton
.PHONY: lint
lint: $(SKELETON)
	$(Q)O=$(abspath $(O)) T='$(T)' V=$(V) tests/lib/run lint=scripts/lint

## format: apply .clang-format to every C file
.PHONY: format
format:
	$(Q)clang-format -i $(shell find $(FORMATTED) -name '*.[ch]')
FORMATTED := bpf include lib ipam loader cni tests

## demo: two pods, a web server and a client, shown (root)
.PHONY: demo
demo:
	$(Q)scripts/demo

## compile_commands: compile_commands.json for editors and clang-tidy
.PHONY: compile_commands
compile_commands: $(SKELETON)
	$(Q)O='$(O)' CC='$(CC)' scripts/compile-commands $(ALL_CFLAGS) -- $(BPF_CFLAGS) >compile_commands.json
