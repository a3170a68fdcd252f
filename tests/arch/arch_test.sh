#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# amd64, arm64 and armhf: all of it builds without a warning, modules with W=1 and
# sparse, and the host tests pass in user emulation. TAP.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0
failed=0

ok() {	# ok NAME COMMAND...
	n=$((n + 1))
	local name=$1
	shift
	if "$@" > "$log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$log"
		failed=1
	fi
}

# shellcheck disable=SC2317 # by way of ok
emulated() {	# ARCH PROGRAM
	case $1 in
	amd64) "$2" ;;
	arm64) run qemu-aarch64 aarch64-linux-gnu "$@" ;;
	armhf) run qemu-arm arm-linux-gnueabihf "$@" ;;
	esac
}

# shellcheck disable=SC2317
run() {	# EMULATOR TRIPLET ARCH PROGRAM
	local dir
	dir=$(tests/vm/kernel.sh "$3")
	"$1" -L "/usr/$2" -E "LD_LIBRARY_PATH=$dir/usr/lib/$2:$dir/lib/$2" "$4"
}

for arch in amd64 arm64 armhf; do
	ok "$arch: library, tools and tests" tests/arch/programs.sh $arch
	[ $arch = amd64 ] || ok "$arch: the modules" tests/strict.sh $arch
	for t in "build/programs-$arch"/tests/*_test; do
		# which asks /dev/null what no emulator passes on: an ioctl of ours
		[ $arch = amd64 ] || [ "${t##*/}" != lib_test ] || continue
		ok "$arch: $(basename "$t")" emulated $arch "$t"
	done
done
echo "1..$n"
exit $failed
