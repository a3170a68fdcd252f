#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kbuild for one of the test kernels, in or outside of its own small root
#
#   kbuild.sh KERNEL ARGUMENT...	as make -C headers ARGUMENT...
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
kernel=${1:?usage: kbuild.sh KERNEL ARGUMENT...}
shift
dir=$("$here/kernel.sh" "$kernel")
# shellcheck disable=SC2046 # a list of words
[ ! -e "$dir/cross" ] || set -- $(cat "$dir/cross") "$@"
[ -d "$dir/root" ] || exec make -s -C "$dir/build" "$@"

user=
[ "$(id -u)" = 0 ] || user=--map-root-user
# shellcheck disable=SC2016 # for the other shell
exec unshare $user --mount sh -ec '
	root=$1; top=$2; build=$3
	shift 3
	mkdir -p "$root$top"
	for m in "$top" /dev /proc; do mount --rbind "$m" "$root$m"; done
	exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C \
		make -s -C "$build" "$@"
' sh "$dir/root" "$top" "$(readlink "$dir/build")" "$@"
