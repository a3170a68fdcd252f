#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian with a kernel, what it takes to build this project, and what unlocks disks
#
#   root.sh SUITE	prints the folder
set -euo pipefail

suite=${1:?usage: root.sh SUITE}
packages="systemd systemd-sysv udev kmod passwd linux-image-amd64 linux-headers-amd64
	gcc libc6-dev make pkg-config libssl-dev libkeyutils-dev libnl-genl-3-dev libp11-kit-dev openssl
	device-tree-compiler cryptsetup cryptsetup-initramfs dracut-core busybox e2fsprogs opensc
	softhsm2 p11-kit"
[ "$suite" = bookworm ] || packages+=" systemd-cryptsetup"
# shellcheck disable=SC2086 # words
exec "$(dirname "$0")/../root.sh" "$suite" disk $packages
