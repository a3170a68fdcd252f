#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# provider_api_test and its like, on a simulated chip that counts what it writes
#
#   provider_api_test.sh BUILD-FOLDER
set -u

build=$(realpath "${1:?usage: provider_api_test.sh BUILD-FOLDER}")
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_STATE=$tmp/state SIM_CHIP=SE051 SIM_WEAR_LOG=$tmp/wear WEAR=$tmp/wear
export CMOCKA_MESSAGE_OUTPUT=TAP
: > "$WEAR"
for t in provider_api_test provider_same_test provider_use_test; do
	rm -f "$SIM_STATE"
	sim "$build/tests/$t" || failed=1
done
exit $failed
