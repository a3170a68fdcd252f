#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# GnuPG with gnupg-pkcs11-scd in the place of its own smart card daemon
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

export GNUPGHOME=$tmp/gnupg
mkdir -m 700 gnupg
cat > gnupg/gnupg-pkcs11-scd.conf <<EOC
providers chip
provider-chip-library $module
EOC
cat > pinentry <<'EOC'
#!/bin/sh
echo OK ready
while read -r word rest; do
	case $word in
	GETPIN) echo "D $PIN" ;;
	esac
	echo OK
	[ "$word" != BYE ] || exit 0
done
EOC
chmod 755 pinentry
cat > gnupg/gpg-agent.conf <<EOC
scdaemon-program /usr/bin/gnupg-pkcs11-scd
pinentry-program $tmp/pinentry
EOC

# it shows the keys that have a certificate
certified mine rsa:2048 01

agent() { gpg-connect-agent --no-autostart "$@" /bye; }
gpg-agent --daemon > /dev/null 2>&1
ok "the agent finds the card" agent 'SCD SERIALNO'
ok "learn" agent 'SCD LEARN --force'
grip=$(sed -n 's/^S KEYPAIRINFO \([0-9A-F]*\).*/\1/p' said)
ok "it has the key" test -n "$grip"
# GnuPG 2.4 asks about each key, and gnupg-pkcs11-scd 0.10 gives up at a certificate of an EC
# key, as NXP has put two into each chip
if [ $kind = se05x ] && gpg --version | grep -q 'GnuPG) 2.4'; then
	gpgconf --kill gpg-agent
	n=$((n + 1))
	echo "ok $n - $variant: $part: gpg # SKIP gnupg-pkcs11-scd can't work beside certificates of EC keys"
	plan
fi
agent "LEARN --sendinfo" > /dev/null 2>&1
printf '%s\n' 'Key-Type: RSA' "Key-Grip: $grip" 'Key-Usage: sign' 'Name-Real: somebody' \
	'Name-Email: somebody@example.org' 'Expire-Date: 0' %commit > key
ok "gpg: a key of the token" gpg --batch --gen-key key
ok "gpg --sign" eval 'echo text | gpg --batch --yes -u somebody@example.org -o signed --sign'
ok "gpg --verify" gpg --verify signed
ok "it is good" said 'Good signature'
gpgconf --kill gpg-agent
plan
