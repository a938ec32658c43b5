# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Documents are read where they are; the man pages are installed by packaging/module.mk.

## man: read the man pages of this tree
.PHONY: man
man:
	$(Q)man -l $(MAN_PAGES)
