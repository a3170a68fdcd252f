#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Threads, forks and rebinds under valgrind, which looks into libcrypto too, where the
# sanitizers of the same tests don't; TAP on stdout
#
#   valgrind.sh BUILD-FOLDER
set -uo pipefail

build=$(realpath "${1:?usage: valgrind.sh BUILD-FOLDER}")
cd "$(dirname "$0")" || exit 1
tests=(keys_chip_test pkcs11_life_test provider_thread_test)
export SE05X_SIM=$build/tools/se05x-sim CMOCKA_MESSAGE_OUTPUT=TAP OPENSSL_CONF=/dev/null

make -s SANITIZE= O="$build/valgrind" "${tests[@]/#/$build/valgrind/}" || exit 1
for t in "${tests[@]}"; do
	valgrind --quiet --error-exitcode=99 "$build/valgrind/$t" || failed=1
done
[ -z "${failed:-}" ]
