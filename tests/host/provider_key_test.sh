#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The OpenSSL provider: every algorithm of the chip, against libcrypto's own: what the one
# signs or encrypts the other verifies or decrypts; with the provider before and after
# OpenSSL's own. TAP.
#
#   provider_key_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: provider_key_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_STATE=$tmp/state SIM_CHIP=SE051 SE05X_ALIASES=/dev/null
export OPENSSL_MODULES=$build/lib/ossl-modules
cd "$tmp" || exit 1
echo "a message" > message
first='se05x default'	# then the other order

# ssl COMMAND ARGUMENT...: openssl with the provider, on a simulated chip
ssl() {
	local command=$1
	shift
	# shellcheck disable=SC2046,SC2086 # words without blanks
	set -- $(printf ' -provider %s' $first) "$@"
	tool=openssl run "$command" "$@"
}

# plain COMMAND ARGUMENT...: openssl without it
plain() {
	out=$(openssl "$@" 2> "$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

make_keys() {
	run keygen 0x11 p256
	run keygen 0x12 rsa2048
	run keygen 0x13 ed25519
	run keygen 0x14 x25519
	run keygen 0x15 x448
	run keygen 0x16 p521
	run keygen 0x17 rsa1024
	for id in 11 12 13 14 15 16 17; do
		run -o $id.pub export 0x$id; check "key 0x$id" 0 '*' '*'
	done
	for id in 11:EC:-pkeyopt:group:P-256 14:X25519 15:X448 16:EC:-pkeyopt:group:P-521; do
		local words=${id#*:} peer=${id%%:*}
		case $words in
		EC:*) openssl genpkey -algorithm EC -pkeyopt "${words#*pkeyopt:}" -out "peer$peer" ;;
		*) openssl genpkey -algorithm "$words" -out "peer$peer" ;;
		esac
		openssl pkey -in "peer$peer" -pubout -out "peer$peer.pub"
	done
}

# signed in the chip, verified by libcrypto and by the provider
signatures() {
	for hash in sha1 sha224 sha256 sha384 sha512 sha3-256; do
		for id in 11 12 16; do
			ssl dgst -$hash -sign se05x:0x$id -out sig message
			check "$first: 0x$id: $hash" 0 '' ''
			plain dgst -$hash -verify $id.pub -signature sig message
			check "$first: 0x$id: $hash: good" 0 'Verified OK' ''
		done
	done
	ssl dgst -sha256 -prverify se05x:0x12 -signature sig message
	check "$first: verified with the chip's key: not that one" 1 'Verification failure' '*'
	ssl dgst -sha512 -sign se05x:0x12 -out sig message
	ssl dgst -sha512 -prverify se05x:0x12 -signature sig message
	check "$first: verified with the chip's key" 0 'Verified OK' ''
	for salt in digest max auto 0 17; do
		set -- -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:$salt
		ssl dgst "$@" -sign se05x:0x12 -out sig message; check "$first: PSS, salt $salt" 0 '' ''
		plain dgst "$@" -verify 12.pub -signature sig message; check 'it is good' 0 'Verified OK' ''
	done
	set -- -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_mgf1_md:sha512
	ssl dgst "$@" -sign se05x:0x12 -out sig message; check "$first: PSS, another mask" 0 '' ''
	plain dgst "$@" -verify 12.pub -signature sig message; check 'it is good' 0 'Verified OK' ''
	ssl dgst -sha512 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64 -sign se05x:0x17 -out sig message
	check "$first: PSS that does not fit" 1 '' '*too short for that*'
	ssl pkeyutl -sign -inkey se05x:0x12 -in message -out sig; check "$first: no DigestInfo" 0 '' ''
	plain pkeyutl -verifyrecover -pubin -inkey 12.pub -in sig; check 'it is there' 0 'a message' ''
	ssl pkeyutl -sign -inkey se05x:0x12 -in message -pkeyopt digest:sha256 -out sig
	check "$first: that is no digest" 1 '' '*no digest of SHA2-256*'
	ssl pkeyutl -sign -rawin -inkey se05x:0x13 -in message -out sig; check "$first: Ed25519" 0 '' ''
	plain pkeyutl -verify -rawin -pubin -inkey 13.pub -in message -sigfile sig
	check 'it is good' 0 '*Verified Successfully*' ''
	head -c 2000 /dev/zero > long
	ssl pkeyutl -sign -rawin -inkey se05x:0x13 -in long -out sig
	check "$first: Ed25519 of what is too long" 1 '' '*sign with 0x00000013*'
}

# encrypted by libcrypto and by the provider, decrypted in the chip
decryption() {
	for pad in pkcs1 'oaep' 'oaep -pkeyopt rsa_oaep_md:sha256' \
		   'oaep -pkeyopt rsa_oaep_md:sha512 -pkeyopt rsa_mgf1_md:sha1 -pkeyopt rsa_oaep_label:0a0b'; do
		# shellcheck disable=SC2086 # words without blanks
		set -- -pkeyopt rsa_padding_mode:$pad
		plain pkeyutl -encrypt -pubin -inkey 12.pub -in message "$@" -out sealed
		ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed "$@"; check "$first: decrypt $pad" 0 'a message' ''
		ssl pkeyutl -encrypt -inkey se05x:0x12 -in message "$@" -out sealed
		ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed "$@"; check "$first: encrypt and decrypt" 0 'a message' ''
	done
	ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed -pkeyopt rsa_padding_mode:oaep
	check "$first: another hash" 1 '' '*wrong padding*'
	# what is wrong is replaced, each time by the same
	ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed -out one; check "$first: implicit rejection" 0 '' ''
	ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed -out two
	same "$first: the same again" one two
	plain pkeyutl -encrypt -pubin -inkey 12.pub -in message -pkeyopt rsa_padding_mode:oaep -out sealed
	ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed -out two
	! cmp -s one two; same "$first: another one for another" /dev/null /dev/null
	head -c 256 12.pub > block	# a smaller number than the modulus
	set -- -pkeyopt rsa_padding_mode:none
	plain pkeyutl -encrypt -pubin -inkey 12.pub -in block "$@" -out sealed
	ssl pkeyutl -decrypt -inkey se05x:0x12 -in sealed "$@" -out back
	same "$first: no padding" block back
	ssl pkeyutl -decrypt -inkey se05x:0x12 -in message; check "$first: too short" 1 '' '*not encrypted with that key*'
}

agreement() {
	for id in 11 14 15 16; do
		ssl pkeyutl -derive -inkey se05x:0x$id -peerkey peer$id.pub -out one
		check "$first: 0x$id: agree" 0 '' ''
		plain pkeyutl -derive -inkey peer$id -peerkey $id.pub -out two
		same "$first: 0x$id: the same secret" one two
	done
	set -- -pkeyopt kdf-type:X963KDF -pkeyopt kdf-digest:sha384 -pkeyopt kdf-outlen:77 -pkeyopt kdf-ukm:abcd
	ssl pkeyutl -derive -inkey se05x:0x11 -peerkey peer11.pub "$@" -out one
	check "$first: by X9.63's KDF" 0 '' ''
	plain pkeyutl -derive -inkey peer11 -peerkey 11.pub "$@" -out two
	same "$first: the same of 77 bytes" one two
	ssl pkeyutl -derive -inkey se05x:0x11 -peerkey peer16.pub; check "$first: another curve" 1 '' '*'
}

make_keys
for first in 'se05x default' 'default se05x'; do
	signatures
	decryption
	agreement
done

# ---- made in the chip, and only if that is asked for ----

first='se05x default'
run list; before=$out
ssl genpkey -algorithm EC -pkeyopt group:P-256 -out soft; check 'without se05x-id: a key of the host' 0 '' ''
plain pkey -in soft -noout; check 'that everybody can use' 0 '' ''
ssl genpkey -algorithm RSA -out soft; check 'RSA' 0 '' '*'
run list; [ "$out" = "$before" ] || status=9; check 'and nothing is in the chip' 0 '*' ''
generate() {
	local name=$1 id=$2
	shift 2
	ssl genpkey -algorithm "$@" -pkeyopt "se05x-id:$id" -out made	# how it is written is another test's
	run list; check "generate $name" 0 "*0x000000${id#0x}  *$name*" ''
}
generate 'P-256' 0x21 EC -pkeyopt group:P-256
generate 'P-384' 0x22 EC -pkeyopt ec_paramgen_curve:secp384r1
generate '1024' 0x23 RSA -pkeyopt rsa_keygen_bits:1024
generate '2048' 0x24 RSA-PSS
generate 'Ed25519' 0x25 ED25519
generate 'X25519' 0x26 X25519
generate 'X448' 0x27 X448
ssl genpkey -algorithm EC -pkeyopt group:P-256 -pkeyopt se05x-id:auto -out made
run list; check 'where there is room' 0 $'*\n0x5*P-256*' ''
ssl dgst -sha256 -sign se05x:0x21 -out sig message; check 'it signs' 0 '' ''
ssl pkeyutl -derive -inkey se05x:0x21 -peerkey peer11.pub -out one; check 'and agrees' 0 '' ''
ssl dgst -sha256 -sign se05x:0x23 -out sig message; check 'RSA signs' 0 '' ''

refuse() {	# NAME PATTERN ARGUMENT...
	local name=$1 pattern=$2
	shift 2
	run list; before=$out
	ssl genpkey "$@"; check "$name" 1 '' "$pattern"
	run list; [ "$out" = "$before" ] || status=9; check "$name: nothing was made" 0 '*' ''
}
refuse 'there is one' '*0x00000021*there is such an object already*' -algorithm EC -pkeyopt group:P-256 -pkeyopt se05x-id:0x21
refuse 'no such curve' '*the chip has no curve sect163k1*' -algorithm EC -pkeyopt group:sect163k1 -pkeyopt se05x-id:0x31
refuse 'no curve' '*' -algorithm EC -pkeyopt se05x-id:0x31
refuse 'no identifier' '*jim: no identifier*' -algorithm EC -pkeyopt group:P-256 -pkeyopt se05x-id:jim
refuse 'no policy' '*wrong at "sgin"*' -algorithm EC -pkeyopt group:P-256 -pkeyopt se05x-policy:any:sgin -pkeyopt se05x-id:0x31
refuse 'three primes' '*two primes*' -algorithm RSA -pkeyopt rsa_keygen_primes:3 -pkeyopt se05x-id:0x31
refuse 'another exponent' '*exponent 65537*' -algorithm RSA -pkeyopt rsa_keygen_pubexp:3 -pkeyopt se05x-id:0x31
refuse 'too large' '*1024, 2048, 3072 and 4096*' -algorithm RSA -pkeyopt rsa_keygen_bits:8192 -pkeyopt se05x-id:0x31
refuse 'rules for PSS' '*no rules for PSS*' -algorithm RSA-PSS -pkeyopt rsa_pss_keygen_saltlen:32 -pkeyopt se05x-id:0x31
refuse 'parameters only' '*leave se05x-id away*' -genparam -algorithm EC -pkeyopt group:P-256 -pkeyopt se05x-id:0x31

# ---- what the policy forbids ----

run --policy=any:read,delete,sign keygen 0x41 rsa1024
ssl dgst -sha256 -sign se05x:0x41 -out sig message
check 'RSA that may not decrypt' 1 '' '*sign (decrypt without padding) with 0x00000041*(6986)*'

echo "1..$n"
exit $failed
