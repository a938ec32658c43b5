#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What a stranger does: the demo, install and uninstall, the build's own messages.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

mk() { MAKEFLAGS='' make -s -C "$ROOT" "O=$OUT" "$@"; }

files_below() { (cd "$1" && find . -type f | sort); }

# timeout 180
test_install_and_uninstall_undo_each_other() {
	mk install "DESTDIR=$S/tmp/dest" >/dev/null
	files_below "$S/tmp/dest" >"$S/files"
	for file in ./usr/sbin/axonemed ./usr/bin/axoneme ./opt/cni/bin/axoneme-cni \
		./usr/share/man/man8/axonemed.8 ./usr/share/man/man8/axoneme.8 \
		./usr/share/man/man8/axoneme-cni.8 ./usr/lib/systemd/system/axonemed.service \
		./usr/share/bash-completion/completions/axoneme ./etc/axoneme/axoneme.yaml.example; do
		grep -qx -- "$file" "$S/files" || fail "$file is not installed"
	done
	assert_eq 755 "$(stat -c %a "$S/tmp/dest/usr/sbin/axonemed")" "mode"
	assert_eq 644 "$(stat -c %a "$S/tmp/dest/usr/share/man/man8/axonemed.8")" "mode"
	"$S/tmp/dest/usr/sbin/axonemed" --check --config "$S/tmp/dest/etc/axoneme/axoneme.yaml.example"
	mk uninstall "DESTDIR=$S/tmp/dest"
	not test -e "$S/tmp/dest" || fail "left: $(find "$S/tmp/dest")"
}

# timeout 180
test_uninstall_leaves_what_others_put_there() {
	mkdir -p "$S/tmp/dest/opt/cni/bin" "$S/tmp/dest/etc/axoneme"
	echo theirs >"$S/tmp/dest/opt/cni/bin/bridge"
	echo mine >"$S/tmp/dest/etc/axoneme/axoneme.yaml"
	mk install "DESTDIR=$S/tmp/dest" >/dev/null
	mk uninstall "DESTDIR=$S/tmp/dest"
	assert_eq "./etc/axoneme/axoneme.yaml ./opt/cni/bin/bridge" "$(files_below "$S/tmp/dest" | xargs)"
}

# timeout 180
test_prefixes_are_taken_into_account() {
	mk install "DESTDIR=$S/tmp/dest" PREFIX=/usr/local CNIBINDIR=/usr/lib/cni >/dev/null
	"$S/tmp/dest/usr/local/bin/axoneme" version >/dev/null
	[ -x "$S/tmp/dest/usr/lib/cni/axoneme-cni" ]
	grep -q '^ExecStart=/usr/local/sbin/axonemed' "$S/tmp/dest/usr/lib/systemd/system/axonemed.service"
	mk uninstall "DESTDIR=$S/tmp/dest" PREFIX=/usr/local CNIBINDIR=/usr/lib/cni
	not test -e "$S/tmp/dest"
}

# timeout 300
test_the_demo_shows_what_it_promises() {
	"$ROOT/scripts/demo" >"$S/said" 2>&1 || fail "the demo failed: $(tail -n 30 "$S/said")"
	assert_eq 5 "$(grep -c '^Hello from pod web' "$S/said")" "answers of nginx"
	assert_match "3 received, 0% packet loss" "$(cat "$S/said")" "ping"
	assert_match "spoofed" "$(cat "$S/said")" "the drop"
	assert_match '"identity":' "$(cat "$S/said")" "the map"
	assert_match "Nothing is left behind" "$(cat "$S/said")" "the end"
	assert_eq lo "$(ip -j link | jq -r 'map(.ifname) | join(" ")')" "devices"
}

# timeout 300
test_an_interrupted_demo_cleans_up() {
	local demo maps
	"$ROOT/scripts/demo" >"$S/demo.log" 2>&1 &
	demo=$!
	# A background process of a script ignores SIGINT; SIGTERM takes the same way.
	wait_until 200 demo_began_or_ended "$demo"
	grep -q "Two pods" "$S/demo.log" || fail "the demo ended: $(tail -n 5 "$S/demo.log")"
	maps=$(maps_of_agent)
	[ -n "$maps" ] || fail "the demo's agent holds no map"
	kill -TERM "$demo"
	local status=0
	wait "$demo" || status=$?
	assert_eq 130 "$status" "exit status"
	wait_until 10 alone
	for map in $maps; do
		wait_until 10 not bpftool map show id "$map"
	done
}

demo_began_or_ended() { grep -q "Two pods" "$S/demo.log" || process_ended "$1"; }

# Only this test's own processes are left in its process namespace.
alone() { not pgrep -x "axonemed|nginx|ping|unshare"; }
# By id: other agents of the machine may come and go meanwhile.
maps_of_agent() { sed -n 's/^map_id:\t//p' "/proc/$(pgrep -x axonemed)"/fdinfo/* | sort -u; }

test_make_names_the_package_of_a_missing_dependency() {
	cp -r "$ROOT/scripts" "$S/tmp/scripts"
	sed -i 's|^jansson.*||; s|libjansson-dev=.*|libjansson-dev=/nowhere/jansson.h|' "$S/tmp/scripts/deps"
	assert_fails "$S/tmp/scripts/deps" --check
	assert_match "Debian package libjansson-dev" "$(cat "$S/said")"
	assert_eq 1 "$(wc -l <"$S/said")" "lines"
}

test_make_help_lists_the_targets() {
	mk help >"$S/said"
	for target in all bpf agent cni check check-unit check-bpf check-verifier check-e2e fuzz bench \
		lint format coverage install uninstall deps demo clean; do
		grep -q "make $target:" "$S/said" || fail "no help for $target"
	done
}

test_programs_say_their_version() {
	local version
	version=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
	assert_match "$version" "$("$BIN/axonemed" --version)"
	assert_match "$version" "$("$BIN/axoneme" --socket /nowhere version 2>/dev/null || true)"
	grep -q "^## $version" "$ROOT/CHANGELOG.md"
}

story_main "$@"
