#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-sim judged by the driver's own tests: those that need neither bus nor debugfs. TAP.
#
#   sim_kselftest.sh BUILD-FOLDER
#
# The others ask the simulated bus what the chip does, or what only a device has:
# O_NONBLOCK, read-only opens, bad pointers.
set -u

build=$(realpath "${1:?usage: sim_kselftest.sh BUILD-FOLDER}")
here=$(realpath "$(dirname "$0")")
programs=$build/kselftest

tests=("$programs"/se05x_{select,channel,share}_test)

mkdir -p "$programs"
if ! make -s -C "$here/../kselftest" OUTPUT="$programs" "${tests[@]}" > "$programs/log" 2>&1; then
	if grep -q 'no kernel source' "$programs/log"; then
		echo "1..0 # SKIP no kernel source, of which kselftests need a part"
		exit 0
	fi
	cat "$programs/log" >&2
	exit 1
fi
status=0
for t in "${tests[@]}"; do
	# shellcheck disable=SC2016 # the variable is of the inner shell
	"$build/tools/se05x-sim" --quiet --speed=1 run sh -c \
		'SE05X_DEVICE=${SE05X_DEVICE#unix:} LD_PRELOAD=$1 exec "$2"' - \
		"$build/tests/kselftest_shim.so" "$t" || status=1
done
exit $status
