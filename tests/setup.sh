#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Install what is missing for a purpose, and say what:
#
#   setup.sh install|demo|demo-ssh|host|check|full|bench|fresh|intree
set -eu

build="gcc libc6-dev make pkg-config libssl-dev libkeyutils-dev libnl-genl-3-dev libp11-kit-dev
	libfuse3-dev libpcsclite-dev openssl"
vm="linux-headers-amd64 qemu-system-x86 busybox-static cpio kmod keyutils"
host="libcmocka-dev device-tree-compiler python3-yaml openssh-client procps"
check="linux-source-6.1 procps xz-utils bc bison flex libelf-dev perl sparse shellcheck
	clang-14 libclang-rt-14-dev libfdt-dev dt-schema gpiod debootstrap"
ssh="opensc openssh-client"
intree="gcc libc6-dev make patch git pandoc"

arch="gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-i686-linux-gnu qemu-system-arm qemu-user
	libc6-dev-arm64-cross libc6-dev-armhf-cross libc6-dev-i386-cross"

# Nothing to install from, or nothing wanted: packaging/module.sh says what lacks.
if [ "${1:-}" = install ] && { [ "${SETUP:-}" = no ] || ! command -v apt-get > /dev/null; }; then
	exit 0
fi

case ${1:-} in
install) want="$build device-tree-compiler kmod $(packaging/module.sh needs)" ;;
demo) want="$build $vm curl" ;;
demo-ssh) want="$build $vm $ssh" ;;
host) want="$build $host" ;;
check) want="$build $vm $host $check" ;;
full) want="$build $vm $ssh $host $check $arch $intree python3-docutils valgrind" ;;
bench) want="$build $vm $host gnuplot-nox procps" ;;
fresh) want="debootstrap git" ;;
intree) want=$intree ;;
*) echo "usage: setup.sh install|demo|demo-ssh|host|check|full|bench|fresh|intree" >&2; exit 2 ;;
esac

# a machine with a chip needs no VM
if [ -c /dev/se05x ]; then
	case $1 in
	demo) want=$build ;;
	demo-ssh) want="$build $ssh" ;;
	esac
fi

missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2> /dev/null | grep -q ' installed$' ||
		missing="$missing $p"
done
[ -n "$missing" ] || exit 0

echo "setup: to be installed:$missing"
sudo=
if [ "$(id -u)" != 0 ]; then
	sudo=sudo
	command -v sudo > /dev/null || {
		echo "setup: neither root nor sudo: run as root: apt-get install$missing" >&2
		exit 1
	}
fi
# shellcheck disable=SC2016,SC2086 # for the other shell; lists of words
bash -c '. tests/alive.sh; alive echo "setup: apt-get is at work"
	 "$@" > setup.log 2>&1 {alive}>&-' - \
	$sudo sh -c "apt-get -q update && DEBIAN_FRONTEND=noninteractive \
	apt-get -q -y install --no-install-recommends $missing" || {
	tail -n 20 setup.log >&2
	echo "setup: apt-get failed; all of it is in setup.log" >&2
	exit 1
}
rm -f setup.log
echo "setup: done"
