#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# nginx and mosquitto with keys in the chip, in a VM with the real driver and the programs of a
# Debian suite: their workers have no right to open the chip. TAP on stdout; needs root.
#
#   driver.sh SUITE
set -euo pipefail

suite=${1:?usage: driver.sh SUITE}
[ "$(id -u)" = 0 ] || { echo "ok 1 - driver $suite # SKIP needs root (debootstrap, mount)"; echo 1..1; exit; }
VM=distro exec "$(dirname "$0")/inside.sh" "$suite" bash /se05x/tests/programs/openssl/driver.sh
