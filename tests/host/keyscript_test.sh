#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The keyscript of /etc/crypttab on the simulated chip: what comes out, and what is asked
# for and said when the chip does not give the key. A key that wants a password is made by
# the commands of docs/disk-encryption.md. TAP.
#
#   keyscript_test.sh BUILD-FOLDER
# shellcheck disable=SC2016,SC2034 # words for another shell; what check reads
set -u

build=$(realpath "${1:?usage: keyscript_test.sh BUILD-FOLDER}")
here=$(realpath "$(dirname "$0")")
tool=$build/tools/se05x-tool
top=$(realpath "$here/../..")
script=$top/packaging/initramfs/decrypt_se05x.sh
# shellcheck source-path=SCRIPTDIR
. "$here/tool.sh"
# shellcheck source=tests/blocks.sh
. "$top/tests/blocks.sh"
cd "$tmp" || exit 1
SIM_STATE=$tmp/state

# what cryptsetup has at boot: its askpass, here with an answer for each question
mkdir bin
cat > bin/askpass <<- 'END'
	#!/bin/sh
	echo "asked: $1" >&2
	case $1 in
	Password*) printf '%s' "$PASSWORD" ;;
	*) printf passphrase ;;
	esac
END
printf '#!/bin/sh\n[ "$SPLASH" ] && { [ "$1" = --ping ] || echo "splash: $*" >&2; }\n' > bin/plymouth
chmod +x bin/askpass bin/plymouth
export PATH=$tmp/bin:$build/tools:$PATH PASSWORD=sesame SPLASH=

# keyscript ARGUMENT: as cryptsetup runs it
keyscript() {
	local on=(sim)
	[ -z "${device-}" ] || on=(env "SE05X_DEVICE=$device")
	out=$(CRYPTTAB_NAME=root CRYPTTAB_TRIED=${tried:-0} "${on[@]}" "$script" "$@" 2> err < /dev/null |
		od -An -tx1 | tr -d ' \n')
	status=$?
	err=$(cat err)
}

passphrase=$(printf passphrase | od -An -tx1 | tr -d ' \n')
asked='asked: Passphrase of root: '

# a key with the bytes that shells lose
printf '\0\n key \n\n' > key
key=$(od -An -tx1 key | tr -d ' \n')
printf sesame > password
{
	cat <<- 'END'
		se05x-tool keygen 0x20000001 p256
		se05x-tool --output=sealed seal 0x20000001 key
		se05x-tool keygen 0x20000003 p256
	END
	blocks "$top/docs/disk-encryption.md" sh '^## With a password' |
		sed 's/ userid / --password-file=password userid /; s/0x20000001 p256/0x20000004 p256/
			s/attempts=8/attempts=3/'
	echo se05x-tool --output=with-user seal 0x20000004 key
} | sim sh -e > setup 2>&1 || sed 's/^/# /' setup

keyscript 0x20000001:sealed
check 'the key, to the last byte' 0 "$key" ''
tried=1 keyscript 0x20000001:sealed
check 'does not open the volume: the passphrase' 0 "$passphrase" "*came last does not open it?$asked"
keyscript 0x20000001:missing
check 'no sealed file' 0 "$passphrase" "*root: there is no missing: *seal 0x20000001*?$asked"
for word in '' none 0x20000001: sealed; do
	keyscript "$word"
	check "'$word' is no ID:FILE" 0 "$passphrase" "*crypttab has '$word' *?$asked"
done
head -c 90 sealed > half
keyscript 0x20000001:half
check 'half a file' 0 "$passphrase" "*not a file that 'se05x-tool seal' made*?$asked"
keyscript 0x20000003:sealed
check 'another key' 0 "$passphrase" "*key 0x20000001 sealed that file*?$asked"
SIM_STATE=$tmp/other keyscript 0x20000001:sealed
check 'another chip, without the key' 0 "$passphrase" "*no object 0x20000001*unlock it?$asked"
SIM_STATE=$tmp/third sim se05x-tool -q keygen 0x20000001 p256 > setup 2>&1
SIM_STATE=$tmp/third keyscript 0x20000001:sealed
check 'another chip, with such a key' 0 "$passphrase" "*another chip's key sealed*unlock it?$asked"
device=$tmp/none keyscript 0x20000001:sealed
check 'no chip' 0 "$passphrase" "*none: no such device*unlock it?$asked"
SIM_CHIP=none keyscript 0x20000001:sealed
check 'a chip without the applet' 0 "$passphrase" "*no IoT applet*unlock it?$asked"
SIM_LINK_ERROR=110 keyscript 0x20000001:sealed
check 'a chip that does not answer' 0 "$passphrase" "*unlock it?$asked"

password='asked: Password of 0x20000002 in the chip, for root: '
keyscript 0x20000004:with-user:0x20000002
check 'with a password' 0 "$key" "$password"
keyscript 0x20000004:with-user
check 'without one' 0 "$passphrase" "*unlock it?$asked"
PASSWORD=wrong keyscript 0x20000004:with-user:0x20000002
check 'a wrong one' 0 "$passphrase" "$password*wrong password*unlock it?$asked"
PASSWORD='' keyscript 0x20000004:with-user:0x20000002
check 'an empty one' 0 "$passphrase" "$password*4 to 16 bytes*unlock it?$asked"
PASSWORD=wrong keyscript 0x20000004:with-user:0x20000002
PASSWORD=wrong tried=1 keyscript 0x20000004:with-user:0x20000002
check 'a wrong passphrase after it' 0 "$passphrase" "*came last does not open it?$asked"
keyscript 0x20000004:with-user:0x20000002
check 'of three tries these took two' 0 "$key" "$password"
SPLASH=yes PASSWORD=wrong keyscript 0x20000004:with-user:0x20000002
check 'with a splash screen it says why' 0 "$passphrase" \
	"$password*splash: display-message --text=*unlock it?$asked"
PASSWORD=wrong keyscript 0x20000004:with-user:0x20000002
PASSWORD=wrong keyscript 0x20000004:with-user:0x20000002
keyscript 0x20000004:with-user:0x20000002
check 'three wrong ones, and it is blocked' 0 "$passphrase" "$password*blocked*unlock it?$asked"

echo "1..$n"
exit "$failed"
