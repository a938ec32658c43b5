#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Policies for the host itself, on its devices, in both directions; and what they never cut.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	world_add
}

# start [FLAG...] - the agent, with labels for the host
start() {
	agent_start --device nic0 --node-label role=edge "$@"
}

# host_policy NAME - apply a policy for this host; the rules are read from standard input
host_policy() {
	{
		cat <<-EOF
			apiVersion: cilium.io/v2
			kind: CiliumClusterwideNetworkPolicy
			metadata: {name: $1, annotations: {axoneme.io/host-policy-lockdown: "${LOCKDOWN:-false}"}}
			spec:
			  nodeSelector: {matchLabels: {role: ${ROLE:-edge}}}
		EOF
		cat
	} >"$S/$1.yaml"
	axo policy apply "$S/$1.yaml"
}

ssh_and() {
	cat <<-EOF
		  ingress:
		  - toPorts: [{ports: [{port: "22", protocol: TCP}, {port: "$1", protocol: TCP}, {port: "$1", protocol: UDP}]}]
		  - icmps: [{fields: [{type: 8, family: IPv4}, {type: EchoRequest, family: IPv6}]}]
	EOF
}

# hooks - of nic0; links are pinned by name, filters are listed (an old bpftool does not know tcx)
hooks() {
	{
		find "$S/bpf/axoneme" -name 'link_nic0_*_netdev' -printf '%f\n' 2>/dev/null | sed 's/link_nic0_//'
		tc filter show dev nic0 ingress | sed -n 's/.* \(from_netdev\) .*/\1/p'
		tc filter show dev nic0 egress | sed -n 's/.* \(to_netdev\) .*/\1/p'
	} | sort | xargs
}

test_ingress_is_enforced_and_answers_return() {
	start
	serve_tcp host 80
	serve_tcp host 81
	serve_udp host 80
	ssh_and 80 | host_policy web
	for address in $HOST4 $HOST6; do
		talk_tcp world host "$address" 80
		talk_udp world host "$address" 80
		expect_drop policy ask_tcp world "$address" 81
		ping_ok world "$address"
	done
	# What the host itself asks is answered: only its ingress is restricted.
	serve_tcp world 80
	serve_udp world 53
	for address in $WORLD4 $WORLD6; do
		talk_tcp host world "$address" 80
		talk_udp host world "$address" 53
		ping_ok host "$address"
	done
}

test_egress_is_enforced_and_answers_return() {
	start
	serve_tcp world 80
	serve_tcp world 81
	serve_tcp host 80
	host_policy out <<-'EOF'
		  egress:
		  - toPorts: [{ports: [{port: "80", protocol: TCP}]}]
	EOF
	for address in $WORLD4 $WORLD6; do
		talk_tcp host world "$address" 80
		expect_drop policy ask_tcp host "$address" 81
		assert_fails in_ns host ping -n -q -c 1 -W 0.3 "$address"
	done
	for address in $HOST4 $HOST6; do
		talk_tcp world host "$address" 80
		ping_ok world "$address"
	done
}

test_pods_are_not_the_host() {
	start
	pod_add a
	serve_tcp a 80
	serve_tcp world 81
	serve_udp world 53
	ssh_and 22 | host_policy closed
	LOCKDOWN=true host_policy out <<<'  egress: [{}]'
	for address in $(pod_ip4 a) $(pod_ip6 a); do
		talk_tcp world a "$address" 80
		ping_ok world "$address"
	done
	# Masqueraded: the world sees the host's address, and its policy does not speak of it.
	for address in $WORLD4 $WORLD6; do
		talk_tcp a world "$address" 81
		talk_udp a world "$address" 53
		ping_ok a "$address"
	done
	pod_exec a traceroute -n -q 1 -w 1 -m 5 $WORLD4 >"$S/trace"
	assert_match "192.0.2.254.*$WORLD4" "$(xargs <"$S/trace")"
}

test_nothing_is_attached_without_a_policy_for_this_host() {
	start --routing stack
	assert_eq "" "$(hooks)" "hooks"
	ROLE=other ssh_and 80 | ROLE=other host_policy web
	assert_eq "" "$(hooks)" "hooks of a policy for other hosts"
	ssh_and 80 | ROLE=edge host_policy web
	assert_eq "from_netdev to_netdev" "$(hooks)" "hooks"
	assert_eq "from_netdev to_netdev" "$(axo status -o json | jq -r '.devices[0].hooks | join(" ")')" "hooks"
	assert_match "for the host ingress" "$(axo status)"
	expect_drop policy ask_tcp world $HOST4 81
	axo policy delete web
	assert_eq "" "$(hooks)" "hooks after the policy"
	serve_tcp host 81
	talk_tcp world host $HOST4 81
}

test_a_policy_that_locks_out_ssh_is_refused() {
	start
	serve_tcp host 81
	assert_fails host_policy closed <<<'  ingress: [{}]'
	assert_match "locks out ssh.*TCP port 22.*host-policy-lockdown" "$(cat "$S/said")"
	talk_tcp world host $HOST4 81
	assert_eq "" "$(axo -o json policy list | jq -r '.[].name')" "policies"
	LOCKDOWN=true host_policy closed <<<'  ingress: [{}]'
	expect_drop policy ask_tcp world $HOST4 81
	axo status >"$S/status"
}

test_established_sessions_are_not_cut() {
	start
	in_ns host socat TCP6-LISTEN:22,fork,reuseaddr,ipv6only=0 EXEC:cat </dev/null >/dev/null 2>&1 &
	wait_until 5 listens host tcp 22
	mkfifo "$S/to"
	in_ns world socat - "TCP:$HOST4:22" <"$S/to" >"$S/from" 2>/dev/null &
	exec 7>"$S/to"
	echo one >&7
	wait_until 5 grep -q one "$S/from"
	assert_fails host_policy others <<-'EOF'
		  ingress:
		  - fromCIDR: [203.0.113.0/24]
		    toPorts: [{ports: [{port: "22", protocol: TCP}]}]
	EOF
	assert_match "session from $WORLD4" "$(cat "$S/said")"
	host_policy world <<-EOF
		  ingress:
		  - fromCIDR: [$WORLD4/32]
		    toPorts: [{ports: [{port: "22", protocol: TCP}]}]
	EOF
	echo two >&7
	wait_until 5 grep -q two "$S/from"
	exec 7>&-
}

# reading NS ADDRESS PORT - a client that only receives; what it has got is in the file "got"
reading() {
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_ns "$1" bash -c 'exec cat <"/dev/tcp/$0/$1"' "$2" "$3" >"$S/got" 2>/dev/null &
	wait_until 5 grep -q first "$S/got"
}

# say_when NS PORT - a server that says "first", and what it is told by the pipe "say"
say_when() {
	mkfifo "$S/say"
	in_ns "$1" socat -u "SYSTEM:echo first; cat $S/say" "TCP6-LISTEN:$2,reuseaddr,ipv6only=0" \
		</dev/null >/dev/null 2>&1 &
	wait_until 5 listens "$1" tcp "$2"
}

test_a_download_from_before_the_policy_goes_on() {
	start
	serve_tcp host 81
	for address in $WORLD4 $WORLD6; do
		say_when world 80
		reading host "$address" 80
		# Nothing is on its way, and the host has nothing to say.
		ssh_and 22 | host_policy web
		expect_drop policy ask_tcp world $HOST4 81
		echo second >"$S/say"
		wait_until 5 grep -q second "$S/got"
		axo policy delete web
		rm "$S/say"
	done
}

test_a_download_from_before_is_cut_by_an_egress_policy() {
	start
	say_when world 80
	reading host "$WORLD4" 80
	host_policy out <<-'EOF'
		  egress:
		  - toPorts: [{ports: [{port: "443", protocol: TCP}]}]
	EOF
	echo second >"$S/say" &
	wait_until 5 drops_above policy 0
	assert_fails grep -q second "$S/got"
}

test_an_upload_from_before_is_the_others() {
	start
	mkfifo "$S/say"
	in_ns host socat -u TCP6-LISTEN:80,reuseaddr,ipv6only=0 "OPEN:$S/got,creat" </dev/null >/dev/null 2>&1 &
	wait_until 5 listens host tcp 80
	in_ns world socat -u "SYSTEM:echo first; cat $S/say" "TCP:$HOST4:80" </dev/null >/dev/null 2>&1 &
	wait_until 5 grep -q first "$S/got"
	serve_tcp host 80
	ssh_and 22 | host_policy web
	echo second >"$S/say" &
	wait_until 5 drops_above policy 0
	assert_fails grep -q second "$S/got"
}

test_a_broken_policy_file_with_lockout_keeps_the_old_one() {
	start
	serve_tcp host 80
	ssh_and 80 | host_policy web
	cp "$S/web.yaml" "$S/policies/web.yaml"
	axo policy delete web
	wait_until 5 has_policy web
	sed -i '/ingress:/,$d' "$S/policies/web.yaml"
	echo '  ingress: [{}]' >>"$S/policies/web.yaml"
	wait_until 5 grep -q "locks out ssh" "$S/agent.log"
	talk_tcp world host $HOST4 80
}

has_policy() { axo -o json policy list | jq -e --arg n "$1" 'any(.[]; .name == $n)'; }

test_neighbours_and_routers_are_always_heard() {
	start
	LOCKDOWN=true host_policy closed <<-'EOF'
		  ingress: [{}]
		  egress: [{}]
	EOF
	ip neigh flush dev nic0
	ip -n router neigh flush dev host0
	# The world asks in vain, but the router finds the host's MAC, and the host finds the router's.
	expect_drop policy in_ns world ping -n -q -c 1 -W 0.3 $HOST4
	assert_match "lladdr" "$(ip -n router neigh show 192.0.2.1)"
	expect_drop policy in_ns world ping -n -q -c 1 -W 0.3 $HOST6
	assert_match "lladdr" "$(ip -n router -6 neigh show 2001:db8:1::1)"
	pod_add a
	ping_ok a $WORLD4
	ping_ok a $WORLD6
}

test_it_holds_without_the_agent_and_over_its_restart() {
	start
	serve_tcp host 80
	ssh_and 80 | host_policy web
	agent_kill9
	talk_tcp world host $HOST4 80
	assert_fails ask_tcp world $HOST4 81
	start
	talk_tcp world host $HOST4 80
	expect_drop policy ask_tcp world $HOST4 81
	agent_stop
	agent_run --cleanup
	assert_eq "" "$(hooks)" "hooks after --cleanup"
	serve_tcp host 81
	talk_tcp world host $HOST4 81
}

test_the_host_is_a_subject_of_trace_show_and_dry_run() {
	start
	pod_add a
	ssh_and 80 >"$S/rules"
	host_policy web <"$S/rules"
	axo policy trace --from $WORLD4 --to host --dport 81/tcp >"$S/trace"
	assert_match "^deny: .*ingress" "$(cat "$S/trace")"
	axo policy trace --from $WORLD4 --to $HOST4 --dport 80/tcp >"$S/trace"
	assert_match "^allow: .*ingress.*web#ingress" "$(xargs <"$S/trace")"
	assert_match "^allow" "$(axo policy trace --from host --to $WORLD4 --dport 81/tcp)"
	# Its own pods do not meet it on a device.
	assert_match "^allow" "$(axo policy trace --from "$(pod_ip4 a)" --to host --dport 81/tcp)"
	assert_match "role=edge" "$(axo policy trace --from $WORLD4 --to host --dport 81/tcp -o json | jq -c .to.labels)"
	assert_fails ask_tcp world $HOST4 81
	assert_match "ingress: enforced, [1-9].* denied by default" "$(axo policy show --endpoint host)"
	assert_match "web#ingress" "$(axo policy show --endpoint host)"
	sed 's/"80"/"82"/g' "$S/web.yaml" >"$S/next.yaml"
	axo policy apply --dry-run "$S/next.yaml" >"$S/dry"
	assert_match "host: .*- denied from world-ipv4.*: TCP 80, UDP 80 .*1 would be applied" "$(xargs <"$S/dry")"
	assert_match "[+] allowed from world-ipv4.*: TCP 82, UDP 82" "$(xargs <"$S/dry")"
	assert_match "host: .*[+] allowed from world-ipv4" "$(axo policy delete --dry-run web | xargs)"
}

test_a_published_port_is_one_of_the_host() {
	need iptables
	start
	pod_add a
	serve_tcp a 80
	iptables -t nat -A PREROUTING -i nic0 -p tcp --dport 8080 -j DNAT --to-destination "$(pod_ip4 a):80"
	talk_tcp world a $HOST4 8080
	ssh_and 22 | host_policy closed
	expect_drop policy ask_tcp world $HOST4 8080
	ssh_and 8080 | host_policy closed
	talk_tcp world a $HOST4 8080
}

test_errors_about_allowed_flows_arrive() {
	start
	ssh_and 80 | host_policy web
	ip -n router link set world0 mtu 1300
	ip -n world link set eth0 mtu 1300
	serve_udp world 53
	in_ns host ping -n -q -c 1 -W 1 -s 1400 -M 'do' $WORLD4 >"$S/ping" 2>&1 || true
	assert_match "mtu 1300" "$(ip route get $WORLD4)"
	# A closed port is told.
	assert_match "refused" "$(in_ns host socat -T1 - "UDP:$WORLD4:9" <<<x 2>&1 || true)"
}

story_main "$@"
