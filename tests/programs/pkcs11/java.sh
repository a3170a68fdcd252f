#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Java's SunPKCS11: keytool, jarsigner, and a program with TLS
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

cat > chip.cfg <<EOC
name = chip
library = $module
slotListIndex = 0
attributes(generate,CKO_PUBLIC_KEY,*) = {
  CKA_TOKEN = true
}
attributes(generate,CKO_PRIVATE_KEY,*) = {
  CKA_TOKEN = true
  CKA_SIGN = true
  CKA_SENSITIVE = true
}
EOC
# which makes secrets that can't be read, if nobody says else
[ $kind = se05x ] || printf 'attributes(*,CKO_SECRET_KEY,*) = {\n  CKA_SENSITIVE = false\n  CKA_EXTRACTABLE = true\n}\n' >> chip.cfg
export JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
store() {
	keytool "$@" -keystore NONE -storetype PKCS11 -storepass "$PIN" \
		-addprovider SunPKCS11 -providerarg "$tmp/chip.cfg"
}

# a key that another program made, and the certificate with its CKA_ID: without one
# SunPKCS11 shows no key
certified ec EC:secp256r1 01 localhost
certified rsa rsa:2048 02 localhost
ok "keytool -list" store -list
ok "the EC key" said '^ec, .*PrivateKeyEntry'
ok "the RSA key" said '^rsa, .*PrivateKeyEntry'
ok "keytool -certreq" store -certreq -alias ec -file ec.csr
ok "it is good" openssl req -in ec.csr -verify -noout
ok "keytool -exportcert" store -exportcert -alias rsa -file back.der
ok "it is the same" cmp back.der rsa.der

ok "keytool -genkeypair, EC" store -genkeypair -alias made -keyalg EC -groupname secp256r1 -dname CN=made
ok "keytool -genkeypair, RSA" store -genkeypair -alias made-rsa -keyalg RSA -keysize 2048 -dname CN=made
ok "keytool -list" store -list
ok "made: EC" said '^made, .*PrivateKeyEntry'
ok "made: RSA" said '^made-rsa, .*PrivateKeyEntry'
for alias in made made-rsa; do
	ok "keytool -delete, $alias" store -delete -alias $alias
done
ok "are gone" eval '! store -list | grep ^made'
ok "keytool -genkeypair, EC" store -genkeypair -alias again -keyalg EC -groupname secp256r1 -dname CN=again
ok "keytool -certreq" store -certreq -alias again -file made.csr
ok "it is good" openssl req -in made.csr -verify -noout
ok "keytool -importcert" eval 'openssl x509 -req -in made.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
	-out made.pem && cat ca.pem >> made.pem && store -importcert -noprompt -alias again -file made.pem'

echo content > file
jar --create --file app.jar file 2> /dev/null
ok "jarsigner" jarsigner -keystore NONE -storetype PKCS11 -storepass "$PIN" -addprovider SunPKCS11 \
	-providerArg "$tmp/chip.cfg" app.jar ec
ok "jarsigner -verify" jarsigner -verify -keystore NONE -storetype PKCS11 -storepass "$PIN" \
	-addprovider SunPKCS11 -providerArg "$tmp/chip.cfg" app.jar

javac -d . "$(dirname "$0")/Token.java" 2>&1 | grep -v Picked
program() { java -cp . Token chip.cfg "$@"; }
ok "a program: keys, signatures, decryption, TLS" program ca.pem
for line in 'ec: SHA256withECDSA' 'rsa: SHA256withRSA' 'rsa: RSASSA-PSS' 'rsa: RSA/ECB/PKCS1Padding' \
	ECDH 'ec: TLSv1.2' 'ec: TLSv1.3' 'rsa: TLSv1.2' 'rsa: TLSv1.3' random threads; do
	ok "$line" said "^$line good"
done
plan
