#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pkcs11-tool's own tests, and its keys of every kind
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

head -c 100 /dev/urandom > message
for hash in sha1 sha256 sha384 sha512; do
	openssl dgst -$hash -binary message > $hash
done

public() { p11 --read-object --type pubkey --id "$1" -o pub.der; }	# ID
hex() { od -An -v -tx1 "$1" | tr -d ' \n'; }

# what -O shows of an EC key, as a SubjectPublicKeyInfo; pkcs11-tool 0.23 can't make one of
# points of 49 and 97 bytes, nor of Edwards and Montgomery points
shown() {	# ID ALGORITHM [CURVE]
	local point
	point=$(p11 -O --type pubkey | awk -v id="$1" '/EC_POINT:/ { p = $2 } $1 == "ID:" && $2 == id { print p }' |
		sed 's/^04\(8.\)\?..//')
	printf '%s\n' asn1=SEQUENCE:spki '[spki]' a=SEQUENCE:algorithm "b=FORMAT:HEX,BITSTRING:$point" \
		'[algorithm]' "a=OID:$2" ${3:+b=OID:$3} > conf
	openssl asn1parse -genconf conf -noout -out pub.der
}

# ---- what the token said ----

ok "-I" p11 -I
ok "-L" p11 -L
ok "it is ready" said "token flags.*token initialized, PIN initialized"
ok "-T" p11 -T
ok "-M" p11 -M
on se05x "--list-interfaces" p11 --list-interfaces
ok "-O of an empty token" p11 -O
ok "random numbers" eval 'p11 --generate-random 64 -o random1 && p11 --generate-random 64 -o random2 &&
	[ "$(stat -c %s random1)" = 64 ] && ! cmp random1 random2'

# ---- RSA ----

rsa_sign() {	# MECHANISM INPUT OPENSSL-OPTION...
	local mechanism=$1 input=$2
	shift 2
	user --sign -m "$mechanism" --id 11 -i "$input" -o sig &&
		verify -m "$mechanism" --id 11 -i "$input" --signature-file sig &&
		openssl pkeyutl -verify -pubin -keyform DER -inkey pub.der -sigfile sig -in sha256 "$@"
}
pss() {	# MECHANISM INPUT OPTION...
	local mechanism=$1 input=$2
	shift 2
	user --sign -m "$mechanism" --id 11 -i "$input" -o sig "$@" &&
		openssl pkeyutl -verify -pubin -keyform DER -inkey pub.der -sigfile sig -in sha256 \
			-pkeyopt digest:sha256 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:32
}
rsa_decrypt() {	# MECHANISM INPUT OPENSSL-OPTION...
	local mechanism=$1 input=$2 more=()
	shift 2
	[ "$mechanism" != RSA-PKCS-OAEP ] || more=(--hash-algorithm "${oaep:-SHA-1}" --mgf "MGF1-${mgf:-SHA1}")
	openssl pkeyutl -encrypt -pubin -keyform DER -inkey pub.der -in "$input" -out cipher "$@" &&
		user --decrypt -m "$mechanism" --id 11 "${more[@]}" -i cipher -o plain && cmp plain "$input"
}
{ printf '\0'; head -c $((2048 / 8 - 1)) /dev/urandom; } > block

for bits in 1024 2048 3072 4096; do
	ok "RSA-$bits: generate" user --keypairgen --key-type rsa:$bits --id 11 --label rsa$bits
	ok "RSA-$bits: public key" public 11
	ok "RSA-$bits: SHA256-RSA-PKCS" rsa_sign SHA256-RSA-PKCS message -pkeyopt digest:sha256
	if [ $bits = 2048 ]; then
		ok "SHA256-RSA-PKCS-PSS" pss SHA256-RSA-PKCS-PSS message
		ok "RSA-PKCS-PSS" pss RSA-PKCS-PSS sha256 \
			--hash-algorithm SHA256 --mgf MGF1-SHA256 --salt-len 32
		ok "RSA-X-509" rsa_decrypt RSA-X-509 block -pkeyopt rsa_padding_mode:none
		ok "RSA-PKCS-OAEP" rsa_decrypt RSA-PKCS-OAEP message -pkeyopt rsa_padding_mode:oaep
		oaep=SHA256 mgf=SHA256 on se05x "RSA-PKCS-OAEP, SHA-256" rsa_decrypt RSA-PKCS-OAEP message \
			-pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256
		head -c 256 /dev/zero > cipher
		on se05x "no ciphertext" fails user --decrypt -m RSA-PKCS --id 11 -i cipher -o plain
	fi
	ok "RSA-$bits: RSA-PKCS" rsa_decrypt RSA-PKCS sha256
	ok "RSA-$bits: delete" user --delete-object --type privkey --id 11
	on softhsm2 "RSA-$bits: its public half" user --delete-object --type pubkey --id 11
	# in the chip a pair is one object
	ok "RSA-$bits: gone" eval '! p11 -O --login --pin env:PIN | grep -w rsa'$bits
done

# ---- EC ----

ecdsa() {	# ID
	local hash HASH
	for hash in sha1 sha256 sha384 sha512; do
		HASH=${hash^^}
		[ $kind = se05x ] || { HASH=; cp $hash input; }
		user --sign -m ECDSA${HASH:+-$HASH} --id "$1" --signature-format openssl \
			-i "$([ $HASH ] && echo message || echo $hash)" -o sig &&
			openssl pkeyutl -verify -pubin -keyform DER -inkey pub.der -sigfile sig -in $hash || return 1
	done
	user --sign -m ECDSA --id "$1" -i sha256 -o sig &&
		verify -m ECDSA --id "$1" -i sha256 --signature-file sig
}
ecdh() {	# ID MECHANISM CURVE
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:$3 -outform DER -out peer.der &&
		openssl pkey -inform DER -in peer.der -pubout -outform DER -out peer.pub &&
		user --derive -m "$2" --id "$1" -i peer.pub -o secret &&
		openssl pkeyutl -derive -keyform DER -inkey peer.der -peerform DER -peerkey pub.der -out same &&
		cmp secret same
}
edwards() {
	user --sign -m EDDSA --id 30 -i message -o sig && [ "$(stat -c %s sig)" = 64 ] &&
		openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey pub.der -sigfile sig -in message
}

# what both the chip has and pkcs11-tool knows
for curve in secp192r1:prime192v1 secp224r1 secp256r1:prime256v1 secp384r1 secp521r1 \
	secp192k1 secp256k1 brainpoolP192r1 brainpoolP224r1 brainpoolP256r1 brainpoolP320r1 \
	brainpoolP384r1 brainpoolP512r1; do
	ssl=${curve#*:} curve=${curve%:*}
	ok "$curve: generate" user --keypairgen --key-type EC:$curve --id 20 --label $curve \
		--usage-sign --usage-derive
	ok "$curve: public key" shown 20 id-ecPublicKey $ssl
	ok "$curve: ECDSA" ecdsa 20
	ok "$curve: ECDH" ecdh 20 ECDH1-DERIVE $ssl
	ok "$curve: delete" user --delete-object --type privkey --id 20
	on softhsm2 "$curve: its public half" user --delete-object --type pubkey --id 20
done
ok "Ed25519: generate" user --keypairgen --key-type EC:edwards25519 --id 30 --label ed
ok "Ed25519: public key" shown 30 ED25519
ok "Ed25519: EDDSA" edwards
on se05x "X25519: generate" user --keypairgen --key-type EC:curve25519 --id 31 --label x --usage-derive
on se05x "X25519: public key" shown 31 X25519

# ---- AES, HMAC ----

# back MECHANISM INPUT [OPTION...]: encrypted, and decrypted again
back() {
	local mechanism=$1 input=$2
	shift 2
	user --encrypt -m "$mechanism" --id 40 -i "$input" -o cipher "$@" &&
		user --decrypt -m "$mechanism" --id 40 -i cipher -o plain "$@" && cmp plain "$input" &&
		! cmp -s cipher "$input"
}
head -c 160 /dev/urandom > blocks
iv=000102030405060708090a0b0c0d0e0f
for size in 16 24 32; do
	ok "AES-$size: generate" user --keygen --sensitive --key-type AES:$size --id 40 --label aes
	ok "AES-$size: ECB" back AES-ECB blocks
	ok "AES-$size: CBC" back AES-CBC blocks --iv $iv
	ok "AES-$size: CBC-PAD" back AES-CBC-PAD message --iv $iv
	ok "AES-$size: delete" user --delete-object --type secrkey --id 40
done
on se05x "a key that may be read" fails user --keygen --key-type AES:16 --id 4f
head -c 32 random2 > aes.key
ok "AES: a key from a file" user --sensitive --write-object aes.key --type secrkey --key-type AES:32 --id 40 --label aes
like_openssl() {
	user --encrypt -m AES-CBC-PAD --iv $iv --id 40 -i message -o cipher &&
		openssl enc -aes-256-cbc -d -K "$(hex aes.key)" -iv $iv -in cipher | cmp - message
}
ok "AES: as openssl's" like_openssl
ok "GENERIC: generate" user --keygen --sensitive --key-type GENERIC:64 --id 42 --label generic
for hash in SHA-1 SHA256 SHA384 SHA512; do
	ok "$hash-HMAC" user --sign -m $hash-HMAC --id 42 -i message -o sig
	ok "$hash-HMAC is good" verify -m $hash-HMAC --id 42 -i message --signature-file sig
done
ok "another message is not" fails verify -m SHA512-HMAC --id 42 -i blocks --signature-file sig
ok "GENERIC: delete" user --delete-object --type secrkey --id 42

# ---- its own tests ----

ok "a key for --test" user --keypairgen --key-type rsa:2048 --id 50 --label test-rsa
ok "and one for EC" user --keypairgen --key-type EC:secp256r1 --id 51 --label test-ec
on se05x "--test --login" user --test
on se05x "no errors" said '^No errors'
on se05x "--test --login --session-rw" user --test --session-rw
on se05x "no errors" said '^No errors'
on se05x "--test-ec" user --test-ec --session-rw --key-type EC:secp256r1 --id 05 --label mine
# softhsm2 has no ECDSA with a hash, keeps working in a child, and dies where threads
# initialize it at once
on se05x "--test-fork" p11 --test-fork
for threads in IN ILGISLT0; do
	on se05x "--test-threads $threads, three times" p11 --test-threads $threads --test-threads $threads \
		--test-threads $threads -L
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mozilla \
	-keyout /dev/null -outform DER -out mozilla.der 2> /dev/null
ok "-z, as Mozilla" user --session-rw -z mozilla.der --key-type rsa:2048 --id 07 --label moz
plan
