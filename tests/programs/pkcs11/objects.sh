#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pkcs11-tool: certificates, data, identifiers, labels, keys from files; and bad input
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

list() { user -O "$@"; }
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=one \
	-keyout key.pem -out cert.pem 2> /dev/null
openssl x509 -in cert.pem -outform DER -out cert.der
openssl pkey -in key.pem -outform DER -out key.der
openssl genrsa -traditional 2048 2> /dev/null | openssl rsa -outform DER -out rsa.der 2> /dev/null
openssl rsa -inform DER -in rsa.der -pubout -outform DER -out rsa.pub 2> /dev/null
head -c 500 /dev/urandom > data
head -c 100 /dev/urandom > message

# ---- certificates ----

ok "certificate: write" user --write-object cert.der --type cert --id 0a --label "a certificate"
ok "certificate: it is listed" list --type cert
ok "with its label" said 'label: *a certificate'
ok "and subject" said 'subject: *DN: CN=one'
ok "and identifier" said 'ID: *0a'
ok "certificate: read by its identifier" eval 'p11 --read-object --type cert --id 0a -o back && cmp back cert.der'
ok "certificate: read by its label" eval 'rm -f back; p11 --read-object --type cert --label "a certificate" -o back &&
	cmp back cert.der'
ok "certificate: another identifier" user --session-rw --type cert --id 0a --set-id 0b
ok "certificate: by that" eval 'rm back; p11 --read-object --type cert --id 0b -o back && cmp back cert.der'
ok "certificate: delete" user --delete-object --type cert --id 0b
ok "certificate: gone" eval '! list --type cert | grep CN=one'

# ---- data ----

# the chip has no place for an application's name
application=()
[ $kind = se05x ] || application=(--application-label an-application)
ok "data: write" user --write-object data --type data --label notes "${application[@]}"
ok "data: list" list --type data
ok "data: with its label" said "label: *'notes'"
ok "data: read" eval 'user --read-object --type data --label notes -o back && cmp back data'
ok "data: delete" user --delete-object --type data --label notes
ok "data: gone" eval '! list --type data | grep notes'

# ---- keys from files ----

ecdsa() { user --sign -m ECDSA --signature-format openssl --id "$1" -i digest -o sig &&
	openssl pkeyutl -verify -inkey key.pem -sigfile sig -in digest; }
openssl dgst -sha256 -binary message > digest
ok "EC: write a private key" user --write-object key.der --type privkey --id 0c --label mine --usage-sign
ok "EC: it signs" ecdsa 0c
ok "EC: write its certificate" user --write-object cert.der --type cert --id 0c --label mine
ok "both have one identifier" eval '[ "$(list --id 0c | grep -c "ID: *0c")" -ge 2 ]'
ok "RSA: write a private key" user --write-object rsa.der --type privkey --id 0d --label mine-rsa --usage-sign
# which is there already
ok "RSA: write its public half" user --write-object rsa.pub --type pubkey --id 0d --label mine-rsa
ok "RSA: it signs" eval 'user --sign -m SHA256-RSA-PKCS --id 0d -i message -o sig &&
	openssl dgst -sha256 -verify rsa.pub -keyform DER -signature sig message'

# ---- identifiers and labels ----

ok "a key pair" user --keypairgen --key-type EC:secp256r1 --id 0102030405 --label first
ok "one with the same label" user --keypairgen --key-type EC:secp384r1 --id 11 --label first
ok "one without a name" user --keypairgen --key-type EC:secp256r1
ok "another identifier for the private key" user --session-rw --type privkey --id 11 --set-id aabbccddeeff00112233445566778899aabbccdd
ok "it signs by that" user --sign -m ECDSA --id aabbccddeeff00112233445566778899aabbccdd -i digest -o sig
ok "the other one signs" user --sign -m ECDSA --id 0102030405 -i digest -o sig
utf8='Schlüssel für Größe'
ok "a label in UTF-8" user --keypairgen --key-type EC:secp256r1 --id 12 --label "$utf8"
on se05x "se05x-tool knows it by that" se05x-tool show "$utf8"
ok "is what is read" eval 'list --type privkey | grep -F "$utf8"'

# ---- bad input ----

ok "no such key" fails user --sign -m ECDSA --id 77 -i digest -o sig
ok "says so" said 'not found'
ok "a mechanism that is not the key's" fails user --sign -m SHA256-RSA-PKCS --id 12 -i message -o sig
ok "data that no padding fits" fails user --sign -m RSA-PKCS --id 0d -i data -o sig
ok "half a certificate" eval 'head -c 100 cert.der > half; fails user --write-object half --type cert --id 0e'
ok "an RSA key of 1000 bits" eval 'fails user --keypairgen --key-type rsa:1000 --id 0e ||
	[ $kind = softhsm2 ]'
on se05x "a curve that the chip has not" fails user --keypairgen --key-type EC:brainpoolP320t1 --id 0e
on se05x "a token key that may be read" fails user --keypairgen --key-type EC:secp256r1 --id 0e --extractable
on se05x "the security officer" fails p11 --login --login-type so --so-pin 12345678 -O
on se05x "says that there is none" said CKR_USER_TYPE_INVALID
on se05x "initializing the token" fails p11 --init-token --label x --so-pin 12345678
on se05x "another PIN" fails user --change-pin --new-pin 654321
on se05x "none of it left a key" eval '! list | grep "ID: *0e"'

# ---- a PIN ----

if [ -n "$user" ]; then
	wrong() { p11 --login --pin 999999 "$@"; }
	ok "a PIN is wanted" p11 -L
	ok "says so" said 'login required'
	ok "no PIN: no signature" fails p11 --sign -m ECDSA --id 0102030405 -i digest -o sig
	ok "no PIN: no new key" fails p11 --keypairgen --key-type EC:secp256r1 --id 0e
	for try in first second; do
		ok "a wrong PIN, $try time of three" fails wrong -O
		ok "is told" said CKR_PIN_INCORRECT
	done
	ok "the right one" user --sign -m ECDSA --id 0102030405 -i digest -o sig
	echo "user = nobody" > pkcs11.conf
	ok "a configuration with an error: the token is there" p11 -L
	ok "and nobody can log in" fails user -O
	echo "user = $user" > pkcs11.conf
fi

# ---- no chip ----

if [ $kind = se05x ]; then
	for device in "$tmp/none" /dev/null; do
		SE05X_DEVICE=$device ok "no chip ($(basename $device)): no slot" fails p11 -L
		ok "says so" said 'No slots'
	done
fi
plan
