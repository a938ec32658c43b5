#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# podman 4.3 with the plugin: run, a fixed address, a second network, remove.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

setup() {
	need podman runc busybox
	# podman and libcni keep caches there.
	mount -t tmpfs var-lib /var/lib
	agent_start
	rootfs
	podman_conf
}

rootfs() {
	mkdir -p "$S/rootfs/bin" "$S/rootfs/etc" "$S/rootfs/proc" "$S/rootfs/sys" "$S/rootfs/dev" "$S/rootfs/tmp"
	cp "$(command -v busybox)" "$S/rootfs/bin/busybox"
	"$S/rootfs/bin/busybox" --install -s "$S/rootfs/bin" 2>/dev/null ||
		for tool in sh ip ping wget httpd nc sleep cat; do ln -sf busybox "$S/rootfs/bin/$tool"; done
	for tool in sh ip ping wget httpd nc sleep cat; do ln -sf busybox "$S/rootfs/bin/$tool"; done
}

# podman reads the conflist that the agent wrote; a second network is a copy with another name.
podman_conf() {
	jq '.name = "second"' "$(cni_conflist)" >"$S/cni/20-second.conflist"
	cat >"$S/containers.conf" <<-EOF
		[network]
		network_backend = "cni"
		network_config_dir = "$S/cni"
		cni_plugin_dirs = ["$BIN", "/usr/lib/cni"]
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
	EOF
}

pod_man() {
	CONTAINERS_CONF=$S/containers.conf podman --root "$S/podman" --runroot "$S/podman-run" \
		--tmpdir "$S/podman-tmp" --storage-driver vfs --runtime "$(command -v runc)" "$@"
}

can_run() {
	pod_man run --rm --network none --rootfs "$S/rootfs" /bin/busybox true >"$S/podman.log" 2>&1 ||
		skip "podman cannot run a container here: $(tail -n 1 "$S/podman.log")"
}

# timeout 120
test_podman_runs_a_container() {
	can_run
	pod_man run --rm --network axoneme --rootfs "$S/rootfs" /bin/ip -4 addr >"$S/said"
	assert_match "inet 10.1.0.2/32" "$(cat "$S/said")"
	wait_until 5 settled 0
}

# timeout 120
test_podman_asks_for_an_address_and_a_mac() {
	can_run
	pod_man run --rm --network axoneme --ip 10.1.0.77 --mac-address 02:11:22:33:44:55 \
		--rootfs "$S/rootfs" /bin/ip addr >"$S/said"
	assert_match "inet 10.1.0.77/32" "$(cat "$S/said")"
	assert_match "02:11:22:33:44:55" "$(cat "$S/said")"
}

# timeout 120
test_containers_of_podman_talk() {
	can_run
	mkdir "$S/rootfs/www"
	echo "served by a container" >"$S/rootfs/www/index.html"
	pod_man run -d --name web --network axoneme --rootfs "$S/rootfs" /bin/busybox httpd -f -h /www >/dev/null
	local ip
	ip=$(axo endpoint list -o json | jq -r '.[0].ipv4')
	wait_until 5 curl -sf --max-time 1 -o /dev/null "http://$ip/"
	assert_eq "served by a container" \
		"$(pod_man run --rm --network axoneme --rootfs "$S/rootfs" /bin/sh -c "printf 'GET /index.html HTTP/1.0\r\n\r\n' | nc -w 3 $ip 80" |
			tail -n 1)"
	pod_man rm -f -t 0 web >/dev/null
	wait_until 5 settled 0
}

# timeout 120
test_podman_connects_a_second_network() {
	can_run
	pod_man run -d --name c --network axoneme --rootfs "$S/rootfs" /bin/sleep 1000 >/dev/null
	pod_man network connect second c
	assert_eq 2 "$(endpoint_count)" "endpoints"
	pod_man exec c /bin/ip -4 addr >"$S/said"
	assert_match "eth1" "$(cat "$S/said")"
	local ip
	for ip in $(axo endpoint list -o json | jq -r '.[] | .ipv4, .ipv6'); do ping_ok host "$ip"; done
	pod_man network disconnect second c
	wait_until 5 settled 1
	pod_man rm -f -t 0 c >/dev/null
	wait_until 5 settled 0
}

# timeout 120
test_podman_removes_while_the_agent_is_down() {
	can_run
	pod_man run -d --name c --network axoneme --rootfs "$S/rootfs" /bin/sleep 1000 >/dev/null
	agent_stop
	pod_man rm -f -t 0 c >/dev/null
	agent_start
	wait_until 5 settled 0
}

# timeout 120
test_podman_publishes_a_port() {
	can_run
	need iptables
	[ -x /usr/lib/cni/portmap ] || skip "/usr/lib/cni/portmap is not installed"
	world_add
	iptables -t nat -L -n >/dev/null 2>&1 || skip "this kernel has no iptables nat table"
	jq '.name = "published" | .plugins += [{type: "portmap", capabilities: {portMappings: true}}]' \
		"$(cni_conflist)" >"$S/cni/30-published.conflist"
	mkdir "$S/rootfs/www"
	echo "served through the host" >"$S/rootfs/www/index.html"
	pod_man run -d --name web -p 8080:80 --network published --rootfs "$S/rootfs" \
		/bin/busybox httpd -f -h /www >/dev/null
	wait_until 10 in_ns world curl -sf --max-time 2 -o "$S/got" "http://$HOST4:8080/index.html"
	assert_eq "served through the host" "$(cat "$S/got")"
	pod_man rm -f -t 0 web >/dev/null
	assert_fails in_ns world curl -sf --max-time 2 -o /dev/null "http://$HOST4:8080/index.html"
	wait_until 5 settled 0
}

story_main "$@"
