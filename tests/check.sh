#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run stages of tests, and sum up their TAP in one last line:
#
#   check.sh STAGE...	host, kunit, distro, debug, new_device, life (and
#			fuzz), style
set -uo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top" || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
skipped=0

modules() {
	make -s -C tests/sim/applet && tests/vm/modules.sh "$1" > /dev/null
}

stage_host() {
	make -s -C lib all && make -s -C tools all && make -s -C dts-overlay all &&
		make -s -C tests/host check
}

stage_kunit() {
	modules debug && tests/vm/run.sh debug tests/vm/kunit.sh
}

kselftest() {	# KERNEL [TEST...]
	local kernel=$1
	shift
	modules "$kernel" && make -s -C tests/kselftest &&
		tests/vm/run.sh "$kernel" tests/vm/kselftest.sh "$@"
}

stage_distro() { kselftest distro; }
stage_debug() { kselftest debug; }
# what differs without an enable line: resets, and what they cost
stage_new_device() { BIND=new_device kselftest distro se05x_reset_test se05x_select_test; }

# the VM sleeps most of the time here, so the fuzzer runs beside it
stage_life() {
	local status fuzz
	fuzz=$(mktemp)
	stage_fuzz > "$fuzz" 2>&1 &
	modules distro && tests/vm/run.sh distro tests/vm/life.sh
	status=$?
	wait
	cat "$fuzz"
	rm -f "$fuzz"
	return $status
}

stage_fuzz() {
	if make -s -C tests/fuzz fuzz SECONDS=30; then echo "ok 1 - fuzz"; else echo "not ok 1 - fuzz"; fi
	echo 1..1
}

stage_style() {
	if tests/style.sh; then echo "ok 1 - style"; else echo "not ok 1 - style"; fi
	echo 1..1
}

# A stage that ends badly or gives fewer results than it planned has failed,
# even if each result that came is good.
run_stage() {
	local ok bad skip planned status
	echo "== $1"
	"stage_$1" 2>&1 | tee "$log"
	status=$?
	skip=$(grep -cE '^ok .*# *SKIP' "$log")
	ok=$(($(grep -cE '^ok ' "$log") - skip))
	bad=$(grep -cE '^not ok ' "$log")
	planned=$(sed -n "s/^1\.\.\([0-9]*\).*/\1/p" "$log" | awk "{ n += \$1 } END { print n + 0 }")
	if [ "${planned:-0}" = 0 ] || [ "$planned" != $((ok + bad + skip)) ]; then
		echo "not ok - $1: ${planned:-0} planned, $((ok + bad + skip)) results"
		bad=$((bad + 1))
	elif [ $status != 0 ] && [ "$bad" = 0 ]; then
		echo "not ok - $1: exit status $status"
		bad=1
	fi
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
}

for stage in "$@"; do
	run_stage "$stage"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
