#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The programs that people use with OpenSSL, from Debian's packages, with keys in a simulated
# chip by the provider. TAP on stdout; needs root.
#
#   openssl.sh SUITE [PART...]
#
# A part is a file of the folder openssl.
set -uo pipefail

suite=${1:?usage: openssl.sh SUITE [PART...]}
[ "$(id -u)" = 0 ] || { echo "ok 1 - $suite # SKIP needs root (debootstrap, chroot)"; echo 1..1; exit; }
shift
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- tool web mqtt tls vpn many
# shellcheck disable=SC2016 # for the other shell
exec "$here/inside.sh" "$suite" sh -c '
	status=0
	for part; do
		bash /se05x/tests/programs/openssl/$part.sh || status=1
	done
	exit $status' sh "$@"
