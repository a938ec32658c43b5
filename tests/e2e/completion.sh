#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the shell offers when somebody presses the tabulator.
# shellcheck source=tests/lib/story.sh
. "$(dirname "$0")/../lib/story.sh"

COMPLETION=$(dirname "$0")/../../packaging/completion

setup() {
	PATH=$BIN:$PATH
	# shellcheck source=packaging/completion/axoneme
	. "$COMPLETION/axoneme"
	# shellcheck source=packaging/completion/axonemed
	. "$COMPLETION/axonemed"
}

# offered WORD... - what is offered for the last word
offered() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	"_$1"
	echo "${COMPREPLY[*]}"
}

test_commands_are_offered() {
	assert_match status "$(offered axoneme "")" "first words"
	assert_eq "conntrack" "$(offered axoneme con)" "a first word"
	assert_eq "list get label audit" "$(offered axoneme endpoint "")" "second words"
	assert_eq "flush" "$(offered axoneme -o json conntrack f)" "behind options"
	assert_eq "" "$(offered axoneme status "")" "status takes nothing"
}

test_options_are_those_of_the_command() {
	assert_match "--endpoint" "$(offered axoneme conntrack list --)"
	assert_no_match "--endpoint" "$(offered axoneme status --)"
	assert_match "--group" "$(offered axoneme prefilter add --)"
	assert_no_match "--group" "$(offered axoneme prefilter delete --)"
	assert_eq "table json" "$(offered axoneme status -o "")"
	assert_eq "drop policy-verdict chaos l7 all" "$(offered axoneme monitor --type "")"
}

test_endpoints_are_offered() {
	agent_start
	pod_add a
	assert_match "default/a" "$(offered axoneme --socket "$SOCK" endpoint get "")"
	assert_match "default/a" "$(offered axoneme --socket "$SOCK" conntrack list -e "")"
}

test_options_of_the_agent_are_offered() {
	assert_match "--pod-cidr" "$(offered axonemed --)"
	assert_eq "on off" "$(offered axonemed --masquerade "")"
	assert_eq "--log-level" "$(offered axonemed --lo)"
	assert_eq "auto on generic off" "$(offered axonemed --xdp "")"
	assert_eq "auto fq tap" "$(offered axonemed --chaos-delay "")"
	assert_eq "lo" "$(offered axonemed --device lo)"
}

story_main "$@"
