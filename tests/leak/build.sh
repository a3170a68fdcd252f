#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build drivers that forget to wipe, each one thing, from a copy of the sources:
# build/distro/leak/*.ko, and the programs that find them out.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
out=$top/build/distro/leak

mkdir -p "$out/copy"
make -s -C "$top/tests/leak"
cp -ru "$top/kernel" "$top/include" "$out/copy/"
cp "$top/tests/leak/no_wipe.h" "$out/copy/kernel/"

variant() {	# NAME OBJECT WHAT
	[ "$out/$1.ko" -nt "$top/tests/leak/no_wipe.h" ] &&
		[ -z "$(find "$top/kernel" -newer "$out/$1.ko" -name '*.[ch]')" ] && return
	cp "$top/kernel/Makefile" "$out/copy/kernel/Makefile"
	# shellcheck disable=SC2016 # kbuild's variable
	echo "CFLAGS_$2 := "'-include $(src)/no_wipe.h'" -DNO_WIPE_$3" >> "$out/copy/kernel/Makefile"
	"$top/tests/vm/kbuild.sh" distro M="$out/copy/kernel" modules > "$out/log" 2>&1 ||
		{ cat "$out/log" >&2; exit 1; }
	cp "$out/copy/kernel/se05x.ko" "$out/$1.ko"
}

variant request se05x_client.o BUFFER	# of an open file, after each call
variant orphan se05x_worker.o FREE	# left with the owner by its caller
variant link se05x_t1.o BUFFER		# blocks of the link layer
variant channel se05x_channel.o BUFFER	# static and session keys
variant bus se05x_i2c.o BUFFER		# what goes to the adapter
variant bounced se05x_i2c.o BOUNCED	# what the adapter copies
