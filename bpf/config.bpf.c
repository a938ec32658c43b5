// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The one definition of the load-time configuration (include/axoneme/config.h).
 *
 * It ends up in .rodata of the linked object.  The agent fills it between open and load; the
 * verifier then knows every value and removes what is switched off.
 */
#include "bpf/lib/config.h"

const volatile struct axo_config axo_cfg = {};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
