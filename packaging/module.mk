# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is installed, one "source=destination=mode" each; uninstall removes exactly these.
MAN_PAGES := $(sort $(wildcard docs/man/*.8))
COMPLETIONS := $(sort $(wildcard packaging/completion/*))
MANDIR ?= $(PREFIX)/share/man/man8
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
DOCDIR ?= $(PREFIX)/share/doc/axoneme

INSTALLED := \
	$(O)/bin/axonemed=$(PREFIX)/sbin/axonemed=755 \
	$(O)/bin/axoneme=$(PREFIX)/bin/axoneme=755 \
	$(O)/bin/axoneme-cni=$(CNIBINDIR)/axoneme-cni=755 \
	$(foreach p,$(MAN_PAGES),$(p)=$(MANDIR)/$(notdir $(p))=644) \
	$(foreach c,$(COMPLETIONS),$(c)=$(COMPLETIONDIR)/$(notdir $(c))=644) \
	packaging/axonemed.service=$(UNITDIR)/axonemed.service=644 \
	packaging/axoneme.yaml.example=$(SYSCONFDIR)/axoneme/axoneme.yaml.example=644 \
	LICENSE=$(DOCDIR)/copyright=644

## install: binaries, plugin, man pages, completion, unit, example (DESTDIR=, PREFIX=, CNIBINDIR=)
.PHONY: install
install: all
	$(Q)DESTDIR='$(DESTDIR)' packaging/install add $(INSTALLED)

## uninstall: remove what install put there, and the directories that are empty then
.PHONY: uninstall
uninstall:
	$(Q)DESTDIR='$(DESTDIR)' packaging/install remove $(INSTALLED)
