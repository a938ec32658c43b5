/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names that more than one program must agree on: devices, map and program pins, paths.
 *
 * Pins live below the bpffs directory (--bpffs-dir): maps as DIR/<map>, programs as
 * DIR/<program>, links as DIR/link_<device>_<program>.  Map names have at most 15 characters
 * (BPF_OBJ_NAME_LEN, include/uapi/linux/bpf.h).
 */
#ifndef AXONEME_NAMES_H
#define AXONEME_NAMES_H

/** AXO_DEV_HOST - host end of the gateway pair: carries the gateway addresses, NOARP */
#define AXO_DEV_HOST "axo_host"
/** AXO_DEV_NET - datapath end of the gateway pair: from_host is attached to its ingress */
#define AXO_DEV_NET "axo_net"
/** AXO_DEV_DELAY - the delay line: packets go in here and, behind a TAP, come out here */
#define AXO_DEV_DELAY "axo_delay"
/** AXO_DEV_DELAY_OUT - the delay line by fq: the other end of AXO_DEV_DELAY, where they come out */
#define AXO_DEV_DELAY_OUT "axo_delay_out"
/** AXO_DEV_POD_PREFIX - a pod's host-side device: this, then 12 hex digits (see lib/attachment.h) */
#define AXO_DEV_POD_PREFIX "axo"

#define AXO_DEFAULT_RUN_DIR "/run/axoneme"
#define AXO_DEFAULT_SOCKET "/run/axoneme/axoneme.sock"
#define AXO_DEFAULT_STATE_DIR "/var/lib/axoneme"
#define AXO_DEFAULT_BPFFS_DIR "/sys/fs/bpf/axoneme"
#define AXO_DEFAULT_CONFIG "/etc/axoneme/axoneme.yaml"
#define AXO_DEFAULT_POLICY_DIR "/etc/axoneme/policies"
#define AXO_DEFAULT_QUEUE_DIR "/var/lib/axoneme/queue"
#define AXO_DEFAULT_METRICS "127.0.0.1:9964"

#define AXO_SOCKET_NAME "axoneme.sock"
#define AXO_DB_NAME "axoneme.db"
/* Copy of the last good --prefilter-file, in the state directory. */
#define AXO_PREFILTER_KEPT "prefilter"

/* Maps: see docs/maps.md. */
#define AXO_MAP_ENDPOINT "axo_endpoint"
#define AXO_MAP_ADDRESS "axo_address"
#define AXO_MAP_IPCACHE "axo_ipcache"
#define AXO_MAP_FLOW "axo_flow"
#define AXO_MAP_FLOW_LRU "axo_flow_lru"
#define AXO_MAP_FRAG "axo_frag"
#define AXO_MAP_DROPS "axo_drops"
#define AXO_MAP_STATE "axo_state"
#define AXO_MAP_EVENTS "axo_events"
#define AXO_MAP_COUNTS "axo_counts"
#define AXO_MAP_ICMP_BUCKET "axo_icmp_bucket"
#define AXO_MAP_POL_PEER "axo_pol_peer"
#define AXO_MAP_POL_ENTRY "axo_pol_entry"
#define AXO_MAP_POL_HITS "axo_pol_hits"
#define AXO_MAP_ROUTE "axo_route"
#define AXO_MAP_HOST "axo_host"
#define AXO_MAP_FEATURE "axo_feature"
#define AXO_MAP_SET_JOIN "axo_set_join"
#define AXO_MAP_NAME_TABLE "axo_name_table"
#define AXO_MAP_FQDN "axo_fqdn"
#define AXO_MAP_FQDN_NAME "axo_fqdn_name"
#define AXO_MAP_FQDN_USE "axo_fqdn_use"
#define AXO_MAP_DNS_QUERY "axo_dns_query"
#define AXO_MAP_DNS_FLOW "axo_dns_flow"
#define AXO_MAP_SNI_FLOW "axo_sni_flow"
#define AXO_MAP_PROGS "axo_progs"
#define AXO_MAP_CHAOS "axo_chaos"
#define AXO_MAP_CHAOS_LEASE "axo_chaos_lease"
#define AXO_MAP_CHAOS_RUN "axo_chaos_run"
#define AXO_MAP_CHAOS_STAT "axo_chaos_stat"
#define AXO_MAP_CHAOS_FLOW "axo_chaos_flow"
#define AXO_MAP_CHAOS_ASK "axo_chaos_ask"
#define AXO_MAP_DELAY "axo_delay"
#define AXO_MAP_DELAY_LOST "axo_delay_lost"
#define AXO_MAP_L7_POOL "axo_l7_pool"
#define AXO_MAP_HTTP_FLOW "axo_http_flow"
#define AXO_MAP_HTTP_SUMS "axo_http_sums"
#define AXO_MAP_PREFILTER "axo_prefilter"
#define AXO_MAP_PF_HEAD "axo_pf_head"
#define AXO_MAP_PF_COUNT "axo_pf_count"
#define AXO_MAP_XDP_SAMPLE "axo_xdp_sample"
/* What the pinned programs were made from: the agent's alone, programs do not know it. */
#define AXO_MAP_BUILD "axo_build"

#endif
