# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # words for ok's eval; shared with who sources it
#
# A Debian to write in, at $root, with this checkout in /src/se05x, and TAP. What is written
# goes to a tmpfs: the root in the cache is not touched. Sourced with $suite, and with
# $lower, that root.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tmp=$(mktemp -d)
root=$tmp/root
made=$tmp/made	# what scripts in the VM leave in $RESULTS
kernel=$tmp/kernel
release=$(basename "$lower"/boot/vmlinuz-*)
release=${release#vmlinuz-}
n=0

leave() {
	umount -l "$root" "$tmp/rw" 2> /dev/null
	rm -rf --one-file-system "$tmp"
}
trap leave EXIT

ok() {	# WHAT COMMAND...
	local what="$suite: $1"
	shift
	n=$((n + 1))
	if "$@" > "$tmp/out" 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		tail -n 40 "$tmp/out" | sed 's/^/# /'
	fi
}

inside() { "$top/tests/inside.sh" "$root" "$@"; }

# the simulated chip's driver, in /src/sim/tests/sim
sim_module() {
	inside sh -c "mkdir -p /src/sim/tests && cd /src/se05x &&
		cp -r kernel include /src/sim && cp -r tests/card tests/sim /src/sim/tests &&
		make -s -C /lib/modules/$release/build M=/src/sim/tests/sim modules"
}

# $root booted in the VM by its own systemd, for a script with TAP of its own:
#	SCRIPT SUITE NUMBER-OF-RESULTS-BEFORE
in_vm() {	# SCRIPT
	local status planned
	ROOT=$root BOOT=systemd RESULTS=$made SE05X_VM_TIMEOUT=${SE05X_VM_TIMEOUT:-1500} "$top/tests/vm/run.sh" "$kernel" \
		/bin/bash "/src/se05x/$1" "$suite" "$n" > "$tmp/vm" 2> "$tmp/vm.err"
	status=$?
	grep -v '^1\.\.' "$tmp/vm"
	planned=$(sed -n 's/^1\.\.//p' "$tmp/vm")
	n=$((n + ${planned:-0}))
	ok "the VM ended well" eval '[ $status = 0 ] || { cat "$tmp/vm.err"; false; }'
}

mkdir -p "$tmp/rw" "$root" "$made" "$kernel"
mount -t tmpfs rw "$tmp/rw"
mkdir "$tmp/rw/upper" "$tmp/rw/work"
mount -t overlay -o "lowerdir=$lower,upperdir=$tmp/rw/upper,workdir=$tmp/rw/work" root "$root"
mkdir -p "$root/src/se05x"
(cd "$top" && git ls-files -z -co --exclude-standard | tar -c --null -T - --ignore-failed-read) |
	tar -x --no-same-owner -C "$root/src/se05x"
echo "$release" > "$kernel/release"
ln -s "$root/boot/vmlinuz-$release" "$kernel/image"
ln -s "$root/lib" "$kernel/lib"
