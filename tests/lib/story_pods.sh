# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Stories: pods.  A pod is a network namespace that the real plugin was called for, as a runtime
# would.  The container id of pod NAME is NAME.

NETWORK=axoneme
CNI_VERSION=1.0.0

# cni_conf [JQ-FILTER] - the plugin's configuration as a runtime passes it: made from the conflist
# that the agent wrote
cni_conf() {
	jq --arg v "$CNI_VERSION" --arg n "$NETWORK" \
		"(.plugins[0] + {cniVersion: \$v, name: \$n}) | ${1:-.}" "$(cni_conflist)"
}

cni_conflist() {
	local found=("$S"/cni/*.conflist)
	[ -e "${found[0]}" ] || fail "the agent wrote no conflist into $S/cni"
	# Kept, because the agent may be down when it is needed again.
	cp "${found[0]}" "$S/kept.conflist"
	echo "${found[0]}"
}

# cni COMMAND POD IFNAME [CONFIG] - one call of the plugin; prints what it prints
cni() {
	local command=$1 pod=$2 ifname=$3 conf=${4:-}
	[ -n "$conf" ] || conf=$(cni_conf)
	CNI_COMMAND=$command CNI_CONTAINERID=$pod CNI_NETNS=${CNI_NETNS-/run/netns/$pod} \
		CNI_IFNAME=$ifname CNI_ARGS=${CNI_ARGS:-} CNI_PATH=$BIN \
		"$BIN/axoneme-cni" <<<"$conf"
}

# cni_error CODE COMMAND POD IFNAME [CONFIG] - must fail with that code; prints the message
cni_error() {
	local code=$1 status=0
	shift
	cni "$@" >"$S/error.json" 2>"$S/error.log" || status=$?
	[ "$status" -ne 0 ] || fail "cni $1 $2 $3 succeeded, expected error $code: $(cat "$S/error.json")"
	assert_eq "$code" "$(jq -r .code "$S/error.json")" \
		"code of cni $1 $2 $3, which said $(cat "$S/error.json")"
	jq -r .msg "$S/error.json"
}

# netns_add NAME - an empty namespace
netns_add() {
	ip netns add "$1"
	ip -n "$1" link set lo up
}

# pod_add NAME [JQ-FILTER] - namespace and ADD of eth0; the result is kept
pod_add() {
	netns_add "$1"
	cni ADD "$1" eth0 "$(cni_conf "${2:-.}")" >"$S/pods/$1.json" ||
		fail "ADD of pod $1: $(cat "$S/pods/$1.json")"
}

# pod_del NAME - DEL and the namespace
pod_del() {
	cni DEL "$1" eth0 || fail "DEL of pod $1"
	ip netns del "$1"
	rm -f "$S/pods/$1.json"
}

# pod_exec NAME COMMAND... - in the pod's network namespace
pod_exec() {
	local pod=$1
	shift
	nsenter --net="/run/netns/$pod" "$@"
}

pod_ip4() { jq -r '[.ips[].address | select(contains(":") | not)][0] // "" | sub("/.*"; "")' "$S/pods/$1.json"; }
pod_ip6() { jq -r '[.ips[].address | select(contains(":"))][0] // "" | sub("/.*"; "")' "$S/pods/$1.json"; }
pod_mac() { jq -r '[.interfaces[] | select(.sandbox // "" != "")][0].mac' "$S/pods/$1.json"; }
pod_dev() { jq -r '[.interfaces[] | select(.sandbox // "" == "")][0].name' "$S/pods/$1.json"; }

# endpoint NAME JQ-FILTER - of `axoneme endpoint list`
endpoint() {
	axo endpoint list -o json | jq -r --arg c "$1" "map(select(.containerId == \$c))[0] | $2"
}

endpoint_count() { axo endpoint list -o json | jq length; }

pod_devices() { ip -o link show type veth | grep -c ': axo[0-9a-f]\{12\}@' || true; }
devices_are() { [ "$(pod_devices)" -eq "$1" ]; }

# pool_field 4|6 FIELD - of the pool of that family in `axoneme status`
pool_field() {
	local colon=false
	[ "$1" = 4 ] || colon=true
	axo status -o json |
		jq -r --argjson c "$colon" ".pools[] | select((.cidr | contains(\":\")) == \$c) | .$2"
}

# settled N - N endpoints, N devices, no removal on its way, N addresses in use per family
settled() {
	[ "$(endpoint_count)" -eq "$1" ] && devices_are "$1" &&
		[ "$(axo status -o json | jq .removalsPending)" -eq 0 ] &&
		[ "$(pool_field 4 used)" -eq "$1" ] && [ "$(pool_field 6 used)" -eq "$1" ]
}
