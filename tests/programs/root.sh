#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian with the programs that use keys: those of the tests in this folder
#
#   root.sh bookworm|trixie	prints the folder
set -euo pipefail

suite=${1:?usage: root.sh SUITE}
packages="opensc softhsm2 gnutls-bin openssl curl nginx openssh-client openssh-server git
	libengine-pkcs11-openssl python3-pykcs11 libnss3-tools p11-kit gnupg gpg-agent
	gnupg-pkcs11-scd pcscd pcsc-tools python3-pyscard openvpn apache2 haproxy mosquitto
	mosquitto-clients nodejs stunnel4 wpasupplicant hostapd iproute2 procps kmod
	libnl-genl-3-200"
case $suite in
bookworm) packages+=" libssl3 openjdk-17-jdk-headless" ;;
trixie) packages+=" libssl3t64 openjdk-21-jdk-headless pkcs11-provider" ;;
*) echo "root.sh: bookworm or trixie" >&2; exit 2 ;;
esac
# shellcheck disable=SC2086 # words
exec "$(dirname "$0")/../root.sh" "$suite" programs $packages
