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
# shellcheck source=tests/arch/run-one.sh
. /scripts/run-one.sh
/scripts/overlay.sh yes 48 || exit 1
if [ $# = 0 ]; then
	for t in "/kselftest-$arch"/*; do
		case $t in
		*_fail_test) ;;	# the kernel can't be made to fail
		*) set -- "$@" "$(basename "$t")" ;;
		esac
	done
fi
status=0

# the driver anew, as a test wants it
driver() {	# [PARAMETER=VALUE...]
	rmmod se05x
	insmod /modules/se05x.ko "$@"
}

for t in "$@"; do
	echo "# $t for $arch"
	run_one "/kselftest-$arch/$t" || status=1
done
exit $status
