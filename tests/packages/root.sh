#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian with a kernel, its headers and what it takes to build the packages
#
#   root.sh SUITE	prints the folder
set -euo pipefail

exec "$(dirname "$0")/../root.sh" "${1:?usage: root.sh SUITE}" packages systemd systemd-sysv udev \
	dbus kmod adduser passwd linux-image-amd64 linux-headers-amd64 dkms build-essential pkgconf \
	debhelper dh-dkms dpkg-dev device-tree-compiler libfuse3-dev libkeyutils-dev libnl-genl-3-dev \
	libp11-kit-dev libpcsclite-dev libssl-dev lintian autopkgtest pcscd opensc
