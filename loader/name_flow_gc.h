/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that are judged by names: entries whose flow is gone are deleted.
 */
#ifndef LOADER_NAME_FLOW_GC_H
#define LOADER_NAME_FLOW_GC_H

struct agent;

/** name_flow_gc - one walk over axo_dns_flow and axo_sni_flow */
void name_flow_gc(const struct agent *agent);

#endif
