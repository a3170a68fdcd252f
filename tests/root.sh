#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A root file system of a Debian suite with some packages and the users alice and bob,
# made once and kept in the cache folder. No service is started in it. Needs root.
#
#   root.sh SUITE NAME PACKAGE...	prints the folder, root-NAME-SUITE-...
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 3 ] || { echo "usage: root.sh SUITE NAME PACKAGE..." >&2; exit 2; }
suite=$1 name=$2
shift 2
cache=${SE05X_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/se05x}
mirror=$("$here/suite.sh" mirror)
key=$(echo "$*" "$suite" "$mirror" | sha256sum | cut -c 1-12)
root=$cache/root-$name-$suite-$key

[ "$(id -u)" = 0 ] || { echo "root.sh: run as root (debootstrap, chroot)" >&2; exit 1; }
mkdir -p "$cache"
exec 9> "$cache/root-$name-$suite.lock"
flock 9
if [ ! -e "$root/done" ]; then
	echo "root.sh: installing a Debian $suite into $root, once" >&2
	rm -rf --one-file-system "$cache/root-$name-$suite-"*
	chmod 755 "$cache"
	debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$root.log" 2>&1 ||
		{ tail "$root.log" >&2; exit 1; }
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2> /dev/null || true
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2016 # for the other shell
	"$here/inside.sh" "$root" sh -c 'echo "do_initrd = no" > /etc/kernel-img.conf
		apt-get -q update && DEBIAN_FRONTEND=noninteractive INITRD=No \
		apt-get -q -y install --no-install-recommends "$@" &&
		useradd -m alice && useradd -m bob && apt-get clean' sh "$@" >> "$root.log" 2>&1 ||
		{ tail -n 30 "$root.log" >&2; exit 1; }
	touch "$root/done"
fi
echo "$root"
