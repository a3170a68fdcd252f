#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A root file system of a Debian suite with a kernel, its headers and what it
# takes to build the packages, made once and kept in the cache folder. Needs root.
#
#   root.sh SUITE	prints the folder
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
suite=${1:?usage: root.sh SUITE}
cache=${SE05X_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/se05x}
packages="systemd systemd-sysv udev dbus kmod adduser passwd
	linux-image-amd64 linux-headers-amd64 dkms build-essential pkgconf
	debhelper dh-dkms dpkg-dev device-tree-compiler libnl-genl-3-dev libp11-kit-dev libssl-dev lintian autopkgtest"
mirror=$("$here/../suite.sh" mirror)
key=$(echo "$packages" "$suite" "$mirror" | sha256sum | cut -c 1-12)
root=$cache/root-$suite-$key

[ "$(id -u)" = 0 ] || { echo "root.sh: run as root (debootstrap, chroot)" >&2; exit 1; }
mkdir -p "$cache"
exec 9> "$cache/root-$suite.lock"
flock 9
if [ ! -e "$root/done" ]; then
	echo "root.sh: installing a Debian $suite into $root, once" >&2
	rm -rf --one-file-system "$cache/root-$suite-"*
	chmod 755 "$cache"
	debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$root.log" 2>&1 ||
		{ tail "$root.log" >&2; exit 1; }
	cp /etc/resolv.conf /etc/hosts "$root/etc/"
	cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2> /dev/null || true
	printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	# shellcheck disable=SC2086 # a list of words
	"$here/inside.sh" "$root" sh -c "echo 'do_initrd = no' > /etc/kernel-img.conf
		apt-get -q update && DEBIAN_FRONTEND=noninteractive INITRD=No \
		apt-get -q -y install --no-install-recommends ${packages//$'\n'/ }
		useradd -m alice && useradd -m bob && apt-get clean" >> "$root.log" 2>&1 ||
		{ tail -n 30 "$root.log" >&2; exit 1; }
	touch "$root/done"
fi
echo "$root"
