#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Do README's commands work on a machine that has nothing? Installs a minimal
# Debian 12 into a folder, clones this repository into it, and runs the first
# block of commands there, twice, and then the test command. Needs root.
#
#   fresh.sh [COMMAND...]	instead of "make check" at the end; "true": none
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "fresh.sh: run as root (debootstrap, chroot)" >&2; exit 1; }
root=$(mktemp -d "${TMPDIR:-/var/tmp}/se05x-fresh.XXXXXX")
chmod 755 "$root"	# apt's own user must get through

leave() {
	for m in dev/pts dev/shm dev proc sys; do
		mountpoint -q "$root/$m" && umount -l "$root/$m"
	done
	rm -rf --one-file-system "$root"
}
trap leave EXIT

. "$top/tests/alive.sh"
tell() { echo "fresh: since $SECONDS s"; }
alive tell
echo "fresh: installing a minimal Debian 12"
debootstrap --variant=minbase bookworm "$root" "$("$top/tests/suite.sh" mirror)" > "$root.log" 2>&1 ||
	{ tail "$root.log" >&2; exit 1; }
rm -f "$root.log"
rm -f "$root/etc/apt/sources.list"
cp -r /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d "$root/etc/apt/" 2> /dev/null || true
cp /etc/resolv.conf /etc/hosts "$root/etc/"
[ ! -d /usr/local/share/ca-certificates ] || {
	mkdir -p "$root/usr/local/share"
	cp -r /usr/local/share/ca-certificates "$root/usr/local/share/"
}
for m in proc sys dev dev/pts dev/shm; do
	mkdir -p "$root/$m"
	mount --bind "/$m" "$root/$m"
done
git clone -q "$top" "$root/root/se05x"

# in the new machine there is no sudo, and its user is root
commands=$(awk '/^```sh/ { on = 1; next } /^```/ { if (on) exit } on' "$top/README.md" |
	sed 's/^sudo //')
inside() {
	local start=$SECONDS
	echo "fresh: $*"
	chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		TERM=dumb ${http_proxy:+http_proxy="$http_proxy"} \
		${https_proxy:+https_proxy="$https_proxy"} \
		sh -c "cd /root/se05x && $*"
	echo "fresh: $((SECONDS - start)) s: $*"
}

inside "apt-get -q update > /dev/null"
while read -r command; do
	inside "$command"
done <<< "$commands"
inside "${commands##*$'\n'}"	# once more, with everything there
if [ "$(chroot "$root" sh -c 'cd /root/se05x && git status --porcelain 2> /dev/null || true')" ]; then
	echo "fresh: the clone is not clean afterwards" >&2
	exit 1
fi
inside "${*:-make check}"
