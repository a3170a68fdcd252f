#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libifdse05x.so in the pcscd of a Debian suite, with programs that know smart cards. TAP on
# stdout; needs root.
#
#   pcsc.sh SUITE
set -uo pipefail

suite=${1:?usage: pcsc.sh SUITE}
[ "$(id -u)" = 0 ] || { echo "ok 1 - pcsc $suite # SKIP needs root (debootstrap, chroot)"; echo 1..1; exit; }
exec "$(dirname "$0")/inside.sh" "$suite" bash /se05x/tests/programs/pcsc/pcscd.sh
