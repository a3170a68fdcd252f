#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: the kselftests against the simulated chip, TAP on stdout
#
#   kselftest.sh [TEST...]
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tests=$here/../kselftest
sim=/sys/kernel/debug/se05x-sim

[ $# -gt 0 ] || set -- $(cd "$tests" && ls se05x_*_test.c | sed 's/\.c$//')
"$here/up.sh" || exit 1
status=0
for t in "$@"; do
	echo "# $t"
	"$tests/$t" || status=1
done
if [ "$(head -n 1 $sim/violations)" != 0 ]; then
	echo "not ok - the chip saw rules broken"
	cat $sim/violations
	status=1
fi
exit $status
