#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the VM, booted from a root with this project in it: an encrypted root file system with
# two keys that the chip has sealed, one for anybody and one for who knows a password. It
# goes to $RESULTS, and crypttab, the sealed key and the chip's state of each key to a folder
# there. TAP on stdout.
#
#   make_root.sh SUITE NUMBER-OF-RESULTS-BEFORE
set -uo pipefail

# shellcheck source=tests/disk/lib.sh
. "$(dirname "$0")/lib.sh"

fast="--pbkdf pbkdf2 --pbkdf-force-iterations 1000"	# this machine's processor is emulated

# as an installer does
with_passphrase() {
	printf 'recovery words' > passphrase
	truncate -s 64M root.img
	# shellcheck disable=SC2086 # words are meant
	cryptsetup luksFormat -q $fast root.img passphrase
}

# what the page says, on this disk, and with an answer to what is asked
typed() {	# DISK < COMMANDS
	sed "s|/dev/mmcblk0p2|$1|; s|luksAddKey|luksAddKey $fast --key-file passphrase|
		s|luksKillSlot|luksKillSlot --key-file passphrase|; s|luksHeaderRestore|& -q|
		s|tool.* userid|& --password-file=password|
		s|--user-id|--password-file=password &|" | bash -exo pipefail
}

sealed() { page '^## The root file system' | typed root.img; }

# the same with another pair
with_password() {
	printf sesame > password
	se05x-tool --yes delete 0x20000001 && {
		page '^## With a password'
		page '^## The root file system' |
			sed '/ keygen /d; s/ unseal / --user-id=0x20000002&/'
	} | typed root.img
}

opens() { cryptsetup open --test-passphrase --key-file "$1" "$2"; }	# KEY DISK

header() { page '^## A copy of the header' | grep "$1" | typed "$2"; }	# COMMAND DISK

# the old chip's key
key_removed() {
	head -c 17M root.img > broken.img	# the header, which is all that is looked at
	se05x-tool unseal 0x20000001 /etc/se05x/cryptroot.sealed > key
	opens key broken.img && page '^## When the chip breaks' | grep -v cryptenroll | typed broken.img &&
		! opens key broken.img && opens passphrase broken.img
}

header_damaged() {
	head -c 1M /dev/zero | dd of=broken.img conv=notrunc status=none
	! opens passphrase broken.img && header luksHeaderRestore broken.img &&
		opens passphrase broken.img && opens key broken.img
}

filled() {
	cryptsetup open --key-file passphrase root.img cryptroot &&
		mkfs.ext4 -q /dev/mapper/cryptroot && mkdir -p mnt && mount /dev/mapper/cryptroot mnt || return
	mkdir mnt/{bin,sbin,etc,proc,sys,dev,run}
	for f in /bin/busybox $(ldd /bin/busybox | grep -o '/[^ ]*'); do
		mkdir -p "mnt${f%/*}"
		cp -L "$f" "mnt$f"
	done
	cp "$here/end.sh" mnt/sbin/init
	echo "the root file system" > mnt/marker
	echo ID=test > mnt/etc/os-release	# systemd asks for it before it goes there
	umount mnt && cryptsetup close cryptroot
}

# what is described for dracut, whose systemd does at boot what this one does now
by_unit() {
	local loop
	loop=$(losetup --find --show root.img)
	page '^## dracut' ini > /etc/systemd/system/se05x-cryptroot.service
	echo "cryptroot $loop /run/cryptroot.key luks,keyfile-erase,headless=yes" > /etc/crypttab
	systemctl daemon-reload
	systemctl enable se05x-cryptroot
	systemctl start systemd-cryptsetup@cryptroot || { journalctl -n 20; return 1; }
	ls -l /dev/mapper/cryptroot && [ ! -e /run/cryptroot.key ] &&
		systemctl stop systemd-cryptsetup@cryptroot && losetup -d "$loop"
}

handed_over() {	# FOLDER [:USER]
	mkdir "$RESULTS/$1"
	crypttab "${2-}" > "$RESULTS/$1/crypttab"
	cp /etc/se05x/cryptroot.sealed "$RESULTS/$1/" && cp /run/se05x-state "$RESULTS/$1/state"
}

# a keyscript in Debian's folder needs no path
crypttab() {	# [:USER]
	local keyscript
	keyscript=$(find /usr/lib /usr/local/lib -maxdepth 3 -name decrypt_se05x)
	echo "cryptroot UUID=$(cryptsetup luksUUID root.img) 0x20000001:/etc/se05x/cryptroot.sealed${1-}" \
		"luks,initramfs,keyscript=${keyscript#/usr/lib/cryptsetup/scripts/}"
}

disk_handed_over() {
	cp root.img passphrase password "$RESULTS/" &&
		se05x-sim --quiet --chip=SE051 --state="$RESULTS/other" run se05x-tool keygen 0x20000001 p256
}

# The hook takes the modules that this machine's chip is on, whatever MODULES is: of the
# simulated one that is its bus. Debian 13's initramfs-tools note them down first.
hooked() {
	mkdir -p initramfs/cryptroot
	crypttab > initramfs/cryptroot/crypttab
	DESTDIR=$PWD/initramfs MODULES=dep CONFDIR=/etc/initramfs-tools verbose=n version=$(uname -r) \
		__MODULES_TO_ADD=$PWD/modules \
		"$(find /etc/initramfs-tools /usr/share/initramfs-tools -name se05x)" || return
	{ find initramfs -type f; [ ! -e modules ] || cat modules; } > taken
	cat taken
	for f in 'se05x$\|/se05x.ko' 'se05x[-_]sim' /se05x-tool$ /askpass$ /etc/se05x/cryptroot.sealed$; do
		grep -q "$f" taken || { echo "no $f"; return 1; }
	done
}

ok "a chip on the bus" chip_up
ok "a volume with a passphrase" with_passphrase
ok "the commands of docs/disk-encryption.md" sealed
ok "a root file system in it" filled
ok "the unit for dracut" by_unit
ok "hook of initramfs-tools" hooked
ok "a copy of the header" header luksHeaderBackup root.img
ok "the old chip's key is removed" key_removed
ok "a damaged header comes back" header_damaged
ok "all of it for the next boot" handed_over open
ok "a key that wants a password" with_password
ok "and that for a boot" handed_over asks :0x20000002
ok "and the disk" disk_handed_over
echo "1..$((n - first))"
