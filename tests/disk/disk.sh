#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Disks that the chip unlocks, on a real Debian with make install: in a VM other volumes,
# and a root file system made; then that one booted, with an initramfs of Debian's own
# tools. TAP on stdout; needs root.
#
#   disk.sh SUITE
# shellcheck disable=SC2016,SC2034 # words for ok's eval
set -uo pipefail

suite=${1:?usage: disk.sh SUITE}
here=$(cd "$(dirname "$0")" && pwd)
lower=$("$here/root.sh" "$suite") || exit 1
# shellcheck source=tests/overlay_root.sh
. "$here/../overlay_root.sh"
# shellcheck source=tests/blocks.sh
. "$top/tests/blocks.sh"

# ---- installed ----

# below /usr/local on one suite, and as the packages do on the other
where=
[ "$suite" = bookworm ] || where="PREFIX=/usr LIBDIR=/usr/lib/x86_64-linux-gnu"
ok "make install" inside sh -c "cd /src/se05x && make -s install SETUP=no DKMS=no KVER=$release $where"
sim_installed() {
	sim_module && cp "$root/src/sim/tests/sim/se05x-sim.ko" "$root/lib/modules/$release/updates/" &&
		inside depmod "$release"
}
ok "the simulated chip" sim_installed

# ---- the chip's owner at work, in the VM ----

in_vm tests/disk/volumes.sh
in_vm tests/disk/make_root.sh

# ---- its initramfs ----

initrd=$root/boot/initrd.img-$release
initramfs() { inside update-initramfs -u -k "$release"; }
says() {	# WORDS COMMAND...: fails, and says so
	local words=$1
	shift
	! "$@" > "$tmp/said" 2>&1 && grep -e "$words" "$tmp/said" && return
	cat "$tmp/said"
	return 1
}
# the owner's files, of a key that anybody may use, or of one that wants a password
owners() {	# open | asks
	cp "$made/$1/crypttab" "$root/etc/crypttab"
	cp "$made/$1/cryptroot.sealed" "$root/etc/se05x/"
}

mkdir -p "$root/etc/se05x"
owners open
rm "$root/etc/se05x/cryptroot.sealed"
echo older > "$initrd"
ok "no initramfs without the sealed key" says "no file /etc/se05x/cryptroot.sealed" initramfs
owners open
mv "$root/lib/modules/$release/updates/se05x.ko" "$tmp/"
ok "no initramfs without the driver" says "no driver se05x for the kernel $release" initramfs
mv "$tmp/se05x.ko" "$root/lib/modules/$release/updates/"
ok "and the old one stays" grep -qx older "$initrd"
# the chip, and who asks it, are the test's; nothing else is
cp "$here/chip-hook.sh" "$root/etc/initramfs-tools/hooks/chip"
cp "$here/chip-start.sh" "$root/etc/initramfs-tools/scripts/local-top/chip"
cp "$here/chip-tries.sh" "$root/etc/initramfs-tools/scripts/local-bottom/chip"
ok "the initramfs" initramfs
have() {
	local f list
	list=$(inside lsinitramfs "${initrd#"$root"}")
	for f in "$@"; do
		grep -q "$f" <<< "$list" || { echo "no $f"; return 1; }
	done
}
ok "has driver, buses, tool, keyscript and sealed key" have /se05x.ko /i2c-ocores.ko \
	/se05x-tool '/libcrypto.so.[0-9]*' /decrypt_se05x etc/se05x/cryptroot.sealed
ok "anybody may read it" [ "$(stat -c %a "$initrd")" = 644 ]

# ---- booted ----

# on a busy machine a disk is there later than systemd and dracut expect
patient="systemd.default_device_timeout_sec=900 rd.timeout=900 rd.retry=900"

# boot STATE [WORD...]: with the chip that is in that file; who asks gets the next word
boot() {
	local piece pid from to
	cp "$initrd" "$tmp/initrd"
	if [ -e "$1" ]; then
		cp "$1" "$tmp/chip"
		(cd "$tmp" && echo chip | cpio -o -H newc --quiet | gzip) >> "$tmp/initrd"
	fi
	: > "$tmp/tty"
	: > "$tmp/console"
	: > "$tmp/asked"
	coproc timeout --foreground "${SE05X_VM_TIMEOUT:-900}" qemu-system-x86_64 \
		-accel tcg,thread=multi -cpu max -smp 2 -m 1024 -nodefaults -no-reboot -display none \
		-kernel "$kernel/image" -initrd "$tmp/initrd" \
		-append "root=/dev/mapper/cryptroot ro console=ttyS0 loglevel=7 panic=-1 oops=panic tsc=reliable $patient" \
		-drive "file=$made/root.img,format=raw,if=virtio,snapshot=on" \
		-serial stdio -serial "file:$tmp/tty"
	pid=$COPROC_PID
	exec {from}<&"${COPROC[0]}" {to}>&"${COPROC[1]}"
	# a question ends with a colon and without a line's end
	while IFS= read -r -d : -u "$from" piece; do
		printf '%s:' "$piece" >> "$tmp/console"
		case $piece in
		*Passphrase\ of* | *Password\ of* | *passphrase\ for\ disk*)
			shift
			echo "${piece##*[Pp]ass}" >> "$tmp/asked"
			printf '%s\r' "${1-}" >&"$to"
			;;
		esac
	done
	wait "$pid"
	exec {from}<&- {to}>&-
	tail -n 60 "$tmp/console"
	grep -q "^the root file system$" "$tmp/tty"
}
console() { grep -a -e "$1" "$tmp/console" || { tail -n 60 "$tmp/console"; false; }; }
asked() {	# QUESTION...: these, and no other
	local IFS=$'\n'
	cat "$tmp/asked"
	[ "$(< "$tmp/asked")" = "$*" ]
}
recovery=$(cat "$made/passphrase")
passphrase="phrase of cryptroot"
password="word of 0x20000002 in the chip, for cryptroot"

ok "the chip unlocks the root" boot "$made/open/state"
ok "and nobody is asked" asked
ok "no rule of the wire was broken" grep -qx "violations 0" "$tmp/tty"
ok "another chip: the passphrase does" boot "$made/other" "$recovery"
ok "and it was said why" console "another chip's key sealed that file"
ok "no chip: the passphrase does" boot "$tmp/none" "$recovery"
ok "and it was said why" console "/dev/se05x: no such device"

# ---- with a password for the chip ----

owners asks
echo UMASK=0077 >> "$root/etc/initramfs-tools/initramfs.conf"
ok "an initramfs for a key that wants a password" initramfs
ok "and nobody may read it" [ "$(stat -c %a "$initrd")" = 600 ]
ok "the password unlocks the root" boot "$made/asks/state" "$(cat "$made/password")"
ok "it was asked for once" asked "$password"
ok "no rule of the wire was broken" grep -qx "violations 0" "$tmp/tty"
ok "of its tries none is gone" console "attempts  0 of 8 failed"
ok "a wrong one, and a wrong passphrase after it: the right passphrase does" \
	boot "$made/asks/state" "not it" "nor this" "$recovery"
ok "the password was asked for once" asked "$password" "$passphrase" "$passphrase"
ok "and it was said why" console "wrong password"
ok "of its tries one is gone" console "attempts  1 of 8 failed"

# ---- by dracut, as the page has it for the packages' folders ----

dracut_made() {
	local page=$top/docs/disk-encryption.md uuid
	uuid=$(grep -o 'UUID=[^ ]*' "$made/open/crypttab")
	owners open
	sed -n "s/^    \(cryptroot \)UUID=[^ ]*\( .run.*\)/\1$uuid\2/p" "$page" > "$root/etc/crypttab"
	blocks "$page" ini '^## dracut' > "$root/etc/systemd/system/se05x-cryptroot.service"
	blocks "$page" conf '^## dracut' | sed s/i2c-bcm2835/se05x-sim/ > "$root/etc/dracut.conf.d/se05x.conf"
	cp "$here/chip.service" "$root/etc/systemd/system/"
	cp "$here/chip.conf" "$root/etc/dracut.conf.d/"
	cp "$here/chip-start.sh" "$root/usr/bin/"
	inside sh -ec "systemctl enable se05x-cryptroot chip
		dracut --force ${initrd#"$root"} $release"
}

if [ "$suite" != bookworm ]; then
	ok "an initramfs by dracut" dracut_made
	ok "the chip unlocks the root" boot "$made/open/state"
	ok "and nobody is asked" asked
	ok "and no key is left" eval '! grep "a key is left" "$tmp/tty"'
	ok "no rule of the wire was broken" grep -qx "violations 0" "$tmp/tty"
	ok "another chip: the passphrase does" boot "$made/other" "$recovery"
	ok "and it was said why" console "another chip's key sealed that file"
fi
echo "1..$n"
