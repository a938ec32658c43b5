#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# 500 pods on one host.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

PODS=500

# The namespaces are made by one process; the plugin is called once per pod, eight at a time.
pods_add_many() {
	local i
	cni_conf >"$S/conf.json"
	for i in $(seq $PODS); do echo "netns add p$i"; done >"$S/batch"
	ip -batch "$S/batch"
	export S BIN
	# shellcheck disable=SC2016 # expanded by the inner shell
	seq $PODS | xargs -P 8 -I % bash -c 'CNI_COMMAND=ADD CNI_CONTAINERID=p% CNI_NETNS=/run/netns/p% \
		CNI_IFNAME=eth0 "$BIN/axoneme-cni" <"$S/conf.json" >"$S/pods/p%.json" || exit 255'
}

# timeout 400
test_every_pod_of_500_reaches_ten_others_and_the_host() {
	local began rss
	POD_CIDRS="10.1.0.0/22 fd01::/112"
	agent_start
	began=${EPOCHREALTIME/./}
	pods_add_many
	note "$PODS ADDs: $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
	settled $PODS
	"$PY" "$STORY_LIB/mesh.py" "$S/pods" 10 $GW4 $GW6
	rss=$(agent_rss_kb)
	note "agent RSS $rss kB, maps $(axo status -o json | jq .memory.mapsBytes) bytes"
	assert_le "$rss" 12288 "resident kB of the agent"
	began=${EPOCHREALTIME/./}
	agent_kill9
	agent_start
	note "restart to ready: $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
	settled $PODS
	"$PY" "$STORY_LIB/mesh.py" "$S/pods" 1 $GW4 $GW6
	pods_del_many
	wait_until 60 settled 0
}

pods_del_many() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	seq $PODS | xargs -P 8 -I % bash -c 'CNI_COMMAND=DEL CNI_CONTAINERID=p% CNI_NETNS=/run/netns/p% \
		CNI_IFNAME=eth0 "$BIN/axoneme-cni" <"$S/conf.json" || exit 255'
}

story_main "$@"
