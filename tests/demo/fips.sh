#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A transcript on a FIPS part, which takes commands in the secure channel only: without the
# chip's keys nothing works; with them all programs do, and none of them knows of a channel.
# What goes over the wires is shown by the I2C core's own tracepoints. In the VM only, since
# the keys are a simulated chip's.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$top/build/host/tools:$PATH
tmp=$(mktemp -d)
cd "$tmp"
trap 'rm -rf "$tmp"' EXIT
tracing=/sys/kernel/tracing
# shellcheck source-path=SCRIPTDIR
. "$top/tests/demo/show.sh"

if [ ! -e /sys/module/se05x_sim ]; then
	echo "demo: this is for a simulated chip: keys are put into the kernel" >&2
	exit 1
fi
cp "$top/tests/sim/scp.keys" keys

# the I2C core tells root every byte, whoever drives the bus
trace_begin() {
	echo > $tracing/trace
	echo 1 > $tracing/events/i2c/enable
}

# PCB, LEN and the first bytes of each block that the host wrote
trace_end() {
	echo 0 > $tracing/events/i2c/enable
	sed -n 's/.*i2c_write: .* \[\([0-9a-f-]*\)\]/\1/p' $tracing/trace | tr -d - > written
}

title "A FIPS part without its keys: refused, and the remedy is named"
show se05x-tool info || true
show se05x-tool keygen 0x01010101 p256 && exit 1
show se05x-tool doctor || true

title "Its keys, from a file in the form of NXP's tools"
show se05x-tool channel probe keys
show se05x-tool channel load keys
show se05x-tool --hex random 16
show se05x-tool channel

title "What goes over the wires: a PIN and a secret, in the channel"
printf 'PINPIN42' > pin
printf 'a secret that is kept in the chip' > secret
show se05x-tool --password-file=pin userid 0x01010120
trace_begin
show se05x-tool put 0x01010121 secret
show se05x-tool --user-id=0x01010120 --password-file=pin --hex random 8
trace_end
echo "blocks written meanwhile: $(wc -l < written), such as"
awk 'length($0) > 60 { print "  " substr($0, 1, 60) "..."; if (++n == 3) exit }' written
for plain in "$(od -An -tx1 pin | tr -d ' \n')" "$(od -An -tx1 secret | tr -d ' \n')"; do
	if tr -d '\n' < written | grep -q "$plain"; then
		echo "demo: $plain went over the wires as it is" >&2
		exit 1
	fi
done
# every I-block but SELECT and the two that open the channel has class bit 04 (GP, 11.1.4)
awk '/^5a[0246]0/ && length($0) > 14 { n++; h = substr($0, 7, 4)
	if (h != "00a4" && h != "8050" && h != "8482" && h !~ /^84/) { print "plain: " $0; bad = 1 } }
	END { print n " commands, each protected but for SELECT and the opening"; exit bad }' written
show se05x-tool -y delete 0x01010121 0x01010120

title "All of 'make demo'"
"$top/tests/demo/story.sh"
title "All of 'make demo-tls'"
"$top/tests/demo/tls.sh"
title "A FIPS part with its channel: done"
