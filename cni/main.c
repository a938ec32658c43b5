/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* axoneme-cni: the CNI plugin.  A runtime runs it; see docs/cni.md. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni/plugin.h"

int main(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version"))) {
		puts("axoneme-cni " AXO_VERSION ", CNI 0.3.1, 0.4.0, 1.0.0, 1.1.0");
		return 0;
	}
	if (argc > 1) {
		fprintf(stderr,
			"axoneme-cni is a CNI plugin: it takes no arguments, see axoneme-cni(8)\n");
		return 2;
	}
	return plugin_main(STDIN_FILENO, STDOUT_FILENO);
}
