#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# GC releases what the runtime does not name, and nothing when it names nothing.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	CNI_VERSION=1.1.0
	agent_start
	pod_add a
	pod_add b
	pod_add c
}

# gc JQ-FILTER - as a runtime calls it
gc() {
	CNI_COMMAND=GC CNI_CONTAINERID='' CNI_NETNS='' CNI_IFNAME='' CNI_PATH=$BIN \
		"$BIN/axoneme-cni" <<<"$(cni_conf "$1")"
}

test_gc_keeps_what_is_named() {
	assert_eq "" "$(gc '.["cni.dev/valid-attachments"] = [{containerID: "b", ifname: "eth0"}]')" "output"
	wait_until 5 settled 1
	assert_eq b "$(axo endpoint list -o json | jq -r '.[0].containerId')" "who is left"
	ping_ok host "$(pod_ip4 b)"
}

test_gc_of_an_empty_list_removes_all() {
	gc '.["cni.dev/valid-attachments"] = []'
	wait_until 5 settled 0
}

test_gc_without_the_key_is_refused_and_touches_nothing() {
	assert_fails gc .
	assert_eq 7 "$(jq .code "$S/said")" "code"
	assert_fails gc '.["cni.dev/valid-attachments"] = null'
	settled 3
}

test_gc_knows_the_old_key() {
	gc '.["cni.dev/attachments"] = [{containerID: "a", ifname: "eth0"}]'
	wait_until 5 settled 1
}

test_gc_leaves_other_networks_alone() {
	NETWORK=other
	gc '.["cni.dev/valid-attachments"] = []'
	settled 3
}

test_gc_takes_the_interface_into_account() {
	gc '.["cni.dev/valid-attachments"] = [{containerID: "a", ifname: "eth7"}]'
	wait_until 5 settled 0
}

test_gc_survives_pods_whose_namespace_is_gone() {
	ip netns del a
	gc '.["cni.dev/valid-attachments"] = []'
	wait_until 5 settled 0
}

story_main "$@"
