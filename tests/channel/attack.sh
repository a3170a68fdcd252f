#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM: somebody on the bus, against the kernel's secure channel, and what the
# kernel tells of it. TAP on stdout.
# shellcheck disable=SC2016,SC2034 # what ok and wait_for get is evaluated by them
set -uo pipefail

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/../vm/lib.sh"
tmp=$(mktemp -d)

"$top/tests/vm/up.sh" > /dev/null
pkill -x se05x-sim	# attack plays it
while pkill -0 -x se05x-sim; do sleep 0.1; done
se05x-apdu monitor > "$tmp/events" 2> "$tmp/words" &
wait_for "grep -q watching $tmp/words"

"$top/build/host/tests/attack" > "$tmp/tap"
grep -v '^1\.\.' "$tmp/tap"
n=$(sed -n 's/^1\.\.//p' "$tmp/tap")

has_event() { wait_for "grep -q 'se05x  $1' $tmp/events"; }
ok "an event for answers that were not the chip's" has_event channel-lost
ok "an event for an opening that was rejected" has_event channel-rejected
ok "none for what went well" eval '! grep -q channel-plain "$tmp/events"'
ok "state: protected" eval '[ "$(cat $chip/channel_state)" = protected ]'
echo off > $chip/channel
ok "an event where root makes it plain" has_event channel-plain
ok "a line, too" eval 'dmesg | grep -q "se05x.*commands go plain"'
ok "state: plain" eval '[ "$(cat $chip/channel_state)" = plain ]'
ok "no line names content or keys" eval '! dmesg | grep -iE "se05x.*(S-ENC|S-MAC|73 ?65 ?30 ?35 ?78)"'
pkill -x se05x-apdu
echo "1..$n"
