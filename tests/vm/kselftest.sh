#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: the kselftests against the simulated chip, TAP on stdout
#
#   kselftest.sh [TEST...]
#
# Without a name all but those in $SKIP.
#
# $TESTS is the folder of the programs, if they are of another architecture. With
# $CHANNEL the kernel has the chip's key, so commands to the IoT applet are protected.
#
# With $MINUTES they are repeated until that time has passed, each round with other
# faults and another course of what is random.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tests=$here/../kselftest
# shellcheck source=tests/arch/run-one.sh
. "$here/../arch/run-one.sh"

if [ $# = 0 ]; then
	for t in "$tests"/se05x_*_test.c; do
		case $t in
		*_fail_test.c) [ -e /proc/self/fail-nth ] || continue ;;
		esac
		t=$(basename "$t" .c)
		case " ${SKIP:-} " in
		*" $t "*) ;;
		*) set -- "$@" "$t" ;;
		esac
	done
fi
# The key that a new simulated chip has, after its version number
load_key() {
	[ -n "${CHANNEL:-}" ] || return 0
	printf '\013se05x-sim, S-ENCse05x-sim, S-MAC' |
		keyctl padd logon se05x:default %:.se05x > /dev/null
}

"$here/up.sh" && load_key || exit 1
status=0

# the driver anew, as a test wants it
driver() {	# [PARAMETER=VALUE...]
	rmmod se05x
	insmod "$here/../../build/$SE05X_KERNEL/kernel/se05x.ko" "$@"
	load_key
}

end=$((SECONDS + ${MINUTES:-0} * 60))
while :; do
	for t in "$@"; do
		echo "# $t"
		begun=$SECONDS
		run_one "${TESTS:-$tests}/$t" || status=1
		echo "# $t: $((SECONDS - begun)) s"
	done
	[ $SECONDS -lt $end ] || break
	export SE05X_STORM_SEED=$RANDOM SE05X_FUZZ_SEED=$RANDOM
	echo "# again, seeds $SE05X_STORM_SEED and $SE05X_FUZZ_SEED"
done
if [ -e /sys/kernel/debug/kmemleak ]; then
	# twice: what is on its way is not lost
	echo scan > /sys/kernel/debug/kmemleak
	sleep 6	# younger objects are not reported
	echo scan > /sys/kernel/debug/kmemleak
	echo 1..1
	if grep -q se05x /sys/kernel/debug/kmemleak; then
		echo "not ok 1 - kmemleak"
		sed 's/^/# /' /sys/kernel/debug/kmemleak | head -n 60
		status=1
	else
		echo "ok 1 - kmemleak"
	fi
fi
exit $status
