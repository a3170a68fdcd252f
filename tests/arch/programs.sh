#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Library, tools and tests for an architecture, a warning being an error:
#
#   programs.sh amd64|arm64|armhf|i386
#
# They go to build/programs-ARCH; what runs in a VM without libraries is static. For i386
# there are the kselftests only.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
arch=${1:?usage: programs.sh amd64|arm64|armhf|i386}
out=$top/build/programs-$arch
case $arch in
amd64) cross= ;;
arm64) cross=aarch64-linux-gnu- ;;
armhf) cross=arm-linux-gnueabihf- ;;
i386) cross=i686-linux-gnu- ;;
*) echo "programs.sh: no architecture $arch" >&2; exit 2 ;;
esac

# a static 32-bit program runs on a kernel with pages of 16 KiB, too, if it may
static=-static
[ "$arch" != armhf ] || static="-static -Wl,-z,max-page-size=65536"

cd "$top"
mkdir -p "$out/kselftest"
# the harness casts pointers in a way that warns on 32 bits
make -s -C tests/kselftest OUTPUT="$out/kselftest" CROSS_COMPILE=$cross LDFLAGS="$static" \
	> "$out/log" 2>&1 || { cat "$out/log" >&2; exit 1; }
if grep -A 3 -E '^se05x_[a-z_.]*:.* warning:' "$out/log" >&2; then exit 1; fi
[ "$arch" != i386 ] || exit 0

include=""
libs=""
if [ "$arch" != amd64 ]; then
	dir=$(tests/vm/kernel.sh "$arch")
	libs="-L$dir/usr/lib/${cross%-} -L$dir/lib/${cross%-}"	# libnl is in the second
	# not -I: what warns in the headers of others is not our affair
	include="-isystem $dir/usr/include -isystem $dir/usr/include/${cross%-}"
	export PKG_CONFIG_SYSROOT_DIR=$dir PKG_CONFIG_LIBDIR=$dir/usr/lib/${cross%-}/pkgconfig
fi
build() {	# FOLDER TARGET [VARIABLE...]
	make -s -C "$1" BUILD="$out" CC="${cross}gcc" AR="${cross}ar" \
		CFLAGS='-O2 -g -Werror' CPPFLAGS="$include" "${@:3}" "$2"
}
build lib all LDFLAGS="$libs"
build tools all LDFLAGS="$libs"
# the C library warns that name services want it shared
build tools "$out/static/tools/se05x-apdu" BUILD="$out/static" LDFLAGS="$static $libs" 2> "$out/log" ||
	{ cat "$out/log" >&2; exit 1; }
build tests/host programs SANITIZE= LDFLAGS="$libs"
build tools/sim all BUILD="$out/static" LDFLAGS="-static $libs" 2> "$out/log" ||
	{ cat "$out/log" >&2; exit 1; }
