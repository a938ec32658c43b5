#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a plugin may be called with: each wrong thing is one clear error and loses nothing.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() { agent_start; }

# refused CODE COMMAND... - error JSON on stdout, exit not 0
refused() {
	local code=$1
	shift
	assert_fails "$@"
	assert_eq "$code" "$(jq -r .code "$S/said" 2>/dev/null || head -c 300 "$S/said")" "code of: $*"
	[ -n "$(jq -r .msg "$S/said")" ] || fail "an error without a message"
	[ "$(jq -r .cniVersion "$S/said")" != null ] || fail "an error without cniVersion"
}

call() {
	local conf=$1
	shift
	env -i "$@" "$BIN/axoneme-cni" <<<"$conf"
}

test_missing_variables_are_named() {
	local all=(CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 CNI_PATH="$BIN")
	local name
	netns_add a
	for name in CNI_COMMAND CNI_CONTAINERID CNI_NETNS CNI_IFNAME; do
		local some=()
		for pair in "${all[@]}"; do
			[[ $pair == $name=* ]] || some+=("$pair")
		done
		refused 4 call "$(cni_conf)" "${some[@]}"
		assert_match "$name" "$(jq -r .msg "$S/said")" "message"
	done
	wait_until 3 settled 0
}

test_a_bad_container_id_is_refused() {
	local id
	netns_add a
	for id in ../../etc/x .hidden 'a/b' 'a b' "$(printf 'x%.0s' $(seq 4000))"; do
		refused 4 call "$(cni_conf)" CNI_COMMAND=ADD "CNI_CONTAINERID=$id" CNI_NETNS=/run/netns/a \
			CNI_IFNAME=eth0
		refused 4 call "$(cni_conf)" CNI_COMMAND=DEL "CNI_CONTAINERID=$id" CNI_NETNS=/run/netns/a \
			CNI_IFNAME=eth0
	done
	wait_until 3 settled 0
}

test_a_bad_interface_name_is_refused() {
	local name
	netns_add a
	for name in sixteen-bytes-xx . .. a/b a:b 'a b' "$(printf 'x%.0s' $(seq 4000))"; do
		refused 4 call "$(cni_conf)" CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/run/netns/a \
			"CNI_IFNAME=$name"
	done
	wait_until 3 settled 0
}

test_a_name_of_15_bytes_works() {
	netns_add a
	cni ADD a fifteen-bytes-x >"$S/pods/a.json"
	ping_ok host "$(pod_ip4 a)"
}

test_malformed_json_is_refused() {
	local text
	netns_add a
	for text in '' '{' '[]' 'null' '{"cniVersion":"1.0.0"' "$(head -c 300 /dev/urandom | tr -d '\0')"; do
		assert_fails call "$text" CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0
		assert_match "^(6|7)$" "$(jq -r .code "$S/said")" "code for: $text"
	done
	assert_fails env -i CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 \
		"$BIN/axoneme-cni" </dev/null
	wait_until 3 settled 0
}

test_an_endless_configuration_is_refused() {
	netns_add a
	assert_fails bash -c "yes '{\"a\":' | head -c 50000000 | CNI_COMMAND=ADD CNI_CONTAINERID=a \
		CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 '$BIN/axoneme-cni'"
	assert_match "^[67]$" "$(jq -r .code "$S/said")" "code"
}

test_wrong_types_are_refused() {
	local change
	netns_add a
	for change in '.name = 7' '.name = "../x"' 'del(.name)' '.socket = 1' '.queueDir = []' \
		'.runtimeConfig = []' '.runtimeConfig.ips = "10.1.0.5"' '.runtimeConfig.ips = [7]' \
		'.args = 3' '.args.cni.labels = 7' '.args.cni.labels = [{"key": 1}]' \
		'.args.cni.ports = [{"name": "http", "port": 70000, "protocol": "TCP"}]' \
		'.prevResult = 5'; do
		assert_fails cni ADD a eth0 "$(cni_conf "$change")"
		assert_match "^(4|7)$" "$(jq -r .code "$S/said")" "code for $change: $(cat "$S/said")"
	done
	wait_until 3 settled 0
}

test_the_hosts_own_namespace_is_refused() {
	CNI_NETNS=/proc/self/ns/net refused 4 cni ADD a eth0
	wait_until 3 settled 0
}

test_absurd_labels_are_refused_and_leave_nothing() {
	local labels
	netns_add a
	for labels in '[range(200) | {key: "k\(.)", value: "v"}]' '[{key: "k", value: ("x" * 5000)}]' \
		'[{key: "bad key!", value: "x"}]' '[{key: "io.kubernetes.pod.namespace", value: "x"}]'; do
		refused 7 cni ADD a eth0 "$(cni_conf ".args.cni.labels = $labels")"
	done
	wait_until 3 settled 0
	assert_eq lo "$(pod_exec a ip -j link | jq -r 'map(.ifname) | join(" ")')" "devices of the pod"
}

test_unknown_keys_pass() {
	pod_add a '.fancy = {"deep": [1]} | .runtimeConfig.portMappings = [{"hostPort": 80}]'
	ping_ok host "$(pod_ip4 a)"
}

test_unknown_args_need_ignoreunknown() {
	netns_add a
	CNI_ARGS="FANCY=1" refused 4 cni ADD a eth0
	CNI_ARGS="IgnoreUnknown=1;FANCY=1" cni ADD a eth0 >/dev/null
}

test_malformed_args_are_refused() {
	netns_add a
	CNI_ARGS="nonsense" assert_fails cni ADD a eth0
	CNI_ARGS="IP=999.1.1.1" assert_fails cni ADD a eth0
	wait_until 3 settled 0
}

test_unknown_commands_are_refused() {
	refused 4 call "$(cni_conf)" CNI_COMMAND=EXPLODE CNI_CONTAINERID=a CNI_NETNS=/run/netns/a \
		CNI_IFNAME=eth0
}

test_add_without_an_agent_fails_and_leaves_nothing() {
	cni_conf >"$S/conf.json"
	agent_stop
	netns_add a
	refused 11 cni ADD a eth0 "$(cat "$S/conf.json")"
	assert_eq lo "$(pod_exec a ip -j link | jq -r 'map(.ifname) | join(" ")')" "devices of the pod"
	devices_are 0
	agent_start
	settled 0
}

test_the_error_goes_to_stdout_in_the_callers_version() {
	netns_add a
	CNI_VERSION=0.4.0 assert_fails cni ADD a sixteen-bytes-xx
	assert_eq 0.4.0 "$(jq -r .cniVersion "$S/said")" "cniVersion"
}

story_main "$@"
