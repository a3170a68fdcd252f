#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the arm64 machine: the kselftests of one architecture. TAP.
#
#   kselftest.sh arm64|armhf [TEST...]
set -u

arch=$1
shift
sim=/sys/kernel/debug/se05x-sim
/scripts/overlay.sh yes 48 || exit 1
[ $# -gt 0 ] || set -- $(cd "/kselftest-$arch" && ls | grep -v _fail_test)
status=0
for t in "$@"; do
	echo "# $t for $arch"
	"/kselftest-$arch/$t" || status=1
	if [ "$(head -n 1 $sim/violations)" != 0 ]; then
		echo "not ok - $t: the chip saw rules broken:"
		sed 's/^/# /' $sim/violations
		echo 1 > $sim/reset
	fi
done
exit $status
