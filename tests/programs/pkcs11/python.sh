#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# PyKCS11
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

head -c 300 /dev/urandom > message
for step in info random digest rsa ec imports attributes forever x25519 handles sessions threads fork; do
	ok "$step" python3 "$(dirname "$0")/token.py" "$module" $step
done
plan
