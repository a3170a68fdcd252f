#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/pkcs11.md: its commands are typed as they stand there, section by section, but for those
# that want a server
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2317 # what ok evaluates and calls
[ "${1:-}" = se05x ] || exit 0	# a chip without a PIN
. "$(dirname "$0")/common.sh"
# shellcheck source=tests/blocks.sh
. /se05x/tests/blocks.sh

# below a heading, with this machine's module and this token's label
text() {	# HEADING [LANGUAGE]
	blocks /se05x/docs/pkcs11.md "${2:-sh}" "^## $1\\." | sed "s|/usr/lib/aarch64-linux-gnu/pkcs11/libse05x-pkcs11.so|$module|
		s/token=SE05x/&%20simulated/; s/'SE05x'/'SE05x simulated'/; s/^sudo //; s/| sudo /| /"
}
typed() {	# HEADING [SED-COMMANDS]
	text "$1" | sed "${2:-}" | bash -exo pipefail
}

export M=$module GNUTLS_PIN=$PIN
printf '#!/bin/sh\necho "$PIN"\n' > askpass
chmod 755 askpass
export SSH_ASKPASS=$tmp/askpass SSH_ASKPASS_REQUIRE=force
eval "$(ssh-agent -P '*' 2> /dev/null)" > /dev/null
begun+=("$SSH_AGENT_PID")
ssh-keygen -q -t ed25519 -N '' -f id_ed25519
cp /se05x/packaging/se05x.module /usr/share/p11-kit/modules/
echo "module: $module" >> /usr/share/p11-kit/modules/se05x.module

ok "1. Install it" typed 1 /usermod/d
ok "has the token" said 'token label *: SE05x simulated'
ok "2. Make a key" typed 2
ok "is the key door" said '^policy .*any:.*sign'
ok "3. ssh" typed 3 '/user@host\|ssh-add -e/d'
ok "has the key in the agent" said 'door (ECDSA)'
git init -q . && touch file && git add file
git config --global user.name me
git config --global user.email me@example.org
ok "4. git" typed 4
ok "has a good signature" said 'Good "git" signature for me@example.org'
text 5 ini | sed '1!{/^openssl_conf/,$d}' > openssl.cnf
export OPENSSL_CONF=$tmp/openssl.cnf
ok "5. OpenSSL" typed 5 '/^curl/,$d'
unset OPENSSL_CONF
ok "has made a request" openssl req -in device.csr -verify -noout
head -c 64 /dev/urandom > noise
ok "6. Firefox, Chromium, Thunderbird" typed 6 \
	'/PROFILE/d; s/^modutil/& -force/; s/ -[KL] / -f \/dev\/null&/; s/ -[SR] / -f \/dev\/null -z noise&/'
ok "has made a request" openssl req -in me.csr -verify -noout
text 7 properties > chip.cfg
export JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
ok "7. Java" typed 7
ok "8. GnuTLS" typed 8 '/^gnutls-cli/d'
ok "has made a request" grep 'BEGIN.*REQUEST' sign.csr
ok "9. OpenVPN" typed 9 '/--client/d'
echo $PIN > pin
ok "10. A PIN" typed 10 's/ userid / --password-file=pin&/'
ok "the next key obeys it" made pinned EC:prime256v1 0A
ok "and it alone" eval 'se05x-tool show pinned | grep "^policy *0x0A0B0C0D:sign"'
# the parts that follow have a root as it was
rm -r /etc/se05x /usr/share/p11-kit/modules/se05x.module
plan
