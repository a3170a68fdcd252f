#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-tool: each command judged by openssl, and every kind of bad input. TAP.
#
#   iot_tool_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: iot_tool_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SE05X_FAKE_STATE=$tmp/state SE05X_ALIASES=$tmp/aliases
cd "$tmp" || exit 1
echo "a message" > message
seq 2000 > long

# openssl's word, as if the tool had said it
openssl_says() {
	out=$(openssl "$@" 2> "$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

# same NAME FILE FILE
same() {
	status=0 out='' err=''
	cmp "$2" "$3" > /dev/null 2>&1 || status=1
	check "$1" 0 '' ''
}

# into FILE ARGUMENT...: run, and what it writes goes to FILE
into() {
	local file=$1
	shift
	run -o "$file" "$@"
}

run --help;                     check help 0 'Usage: se05x-tool*' ''
run --version;                  check version 0 'se05x-tool [0-9]*' ''
run;                            check 'no command' 2 '' '*no command*--help*'
run nonsense;                   check 'unknown command' 2 '' '*unknown command: nonsense*'
run --nonsense info;            check 'unknown option' 2 '' '*nonsense*'
run --hash=sha256 --hash=sha1 info; check 'option twice' 2 '' '*given twice: --hash*'
run keygen 0x01010101;          check 'too few' 2 '' '*missing after: keygen*'
run info extra;                 check 'too many' 2 '' '*too many arguments: extra*'
device=/dev/null
run info;                       check 'another device' 3 '' '*/dev/null: not an SE05x*'
unset device

# ---- the chip ----

run info;                       check info 0 '*applet *7.2.0*unique number *04005001*free flash*' ''
run --json info;                check 'info --json' 0 '{"applet":"7.2.0","features_raw":"*"features":[[]"ECDSA/ECDH",*]*"free_persistent":*}' ''
run --hex random 20;            check random 0 '????????????????????????????????????????' ''
run --json random 4;            check 'random --json' 0 '{"random":"????????"}' ''
run random 0;                   check 'random nothing' 2 '' "*not '0'*"
run random many;                check 'random words' 2 '' "*not 'many'*"
run -o big random 5000
status=$(wc -c < big);          check 'random in parts' 5000 '' ''
run list;                       check list 0 '*0x7FFF0206  file of 18 bytes*' ''

# ---- identifiers ----

echo 'device-key = 0x01010101 # a comment' > aliases
echo 'nonsense' >> aliases
run show 0x;                    check 'no digits' 2 '' '*0x: an identifier is*'
run show 0x123456789;           check 'id too long' 2 '' '*0x123456789: an identifier is*'
run show 0x12G4;                check 'not hex' 2 '' '*0x12G4: an identifier is*'
run show 0;                     check 'id without 0x' 2 '' '*neither 0x*'
run show 0x0;                   check 'id zero' 2 '' '*no object can have*'
run show nobody;                check 'unknown name' 2 '' '*nobody: neither*'
run show device-key;            check 'no object by that name' 3 '' '*no object 0x01010101 (device-key)*'
run keygen 0x7FFF0200 p256;     check 'reserved id' 2 '' '*reserved for the applet*--force*'
run keygen 0xF0000100 p256;     check 'provisioned id' 2 '' '*NXP provisions*--force*'
run -y delete 0x7FFF0206;       check 'delete reserved' 2 '' '*reserved*--force*'

# ---- keys ----

run keygen device-key p256;     check keygen 0 '' '*no P-256 yet: it is set up*EC key pair on P-256 made'
run keygen device-key p256;     check 'object exists' 3 '' '*that is taken: EC key pair on P-256*delete*'
run --json keygen 0x01010102 p256; check 'curve set up once' 0 '{"id":"0x01010102","object":"EC key pair on P-256"}' ''
run keygen 0x01010103 p255;     check 'unknown type' 2 '' "*unknown type 'p255'*"
run show device-key;            check show 0 '*0x01010101 (device-key)*EC key pair on P-256*in flash*' ''
run --json list;                check 'list --json' 0 '*"id":"0x01010101","kind":"EC key","part":"pair"*"curve":"P-256","name":"device-key"*' ''
into pub.pem export device-key; check export 0 '' ''
openssl_says pkey -pubin -in pub.pem -noout -text; check 'openssl reads it' 0 '*P-256*' ''
into pub.der --der export device-key
openssl_says pkey -pubin -inform DER -in pub.der -out back.pem; same 'the same as DER' pub.pem back.pem
run --json export device-key;   check 'export --json' 0 '*"public_key":"-----BEGIN PUBLIC KEY-----?u000a*' ''
for hash in sha1 sha224 sha256 sha384 sha512; do
	into sig --hash=$hash sign device-key message; check "sign $hash" 0 '' ''
	openssl_says dgst -$hash -verify pub.pem -signature sig message
	check "openssl verifies $hash" 0 'Verified OK' ''
	run --hash=$hash verify device-key sig message; check "verify $hash" 0 '' '*signature is good'
done
into sig sign device-key message
openssl dgst -sha256 -binary message > digest
into sig2 --digest sign device-key digest
openssl_says dgst -sha256 -verify pub.pem -signature sig2 message; check 'sign a digest' 0 'Verified OK' ''
run --digest sign device-key message; check 'not a digest' 2 '' '*has 32 bytes, not 10*'
run verify device-key sig long; check 'wrong signature' 1 '' '*signature is wrong'
run --json verify device-key sig long; check 'wrong signature --json' 1 '{"verified":false}' ''
input=message
run --hex sign device-key;      check 'sign standard input' 0 '30*' ''
unset input
run sign device-key /no/file;   check 'no such file' 2 '' '*/no/file: No such file*'
run --hash md5 sign device-key message; check 'unknown hash' 2 '' '*--hash md5*'
run export 0x7FFF0206;          check 'no public key' 3 '' '*wrong kind: file of 18 bytes*'
run sign 0x7FFF0206 message;    check 'wrong type of object' 3 '' '*wrong kind: file*'

openssl ecparam -name prime256v1 -genkey -out own.pem 2> /dev/null
openssl pkey -in own.pem -pubout -out own.pub
run import 0x01010104 own.pem;  check 'import a pair' 0 '' '*EC key pair on P-256 imported'
into back.pem export 0x01010104; same 'its public key' own.pub back.pem
into sig sign 0x01010104 message
openssl_says dgst -sha256 -verify own.pub -signature sig message; check 'it signs' 0 'Verified OK' ''
run import 0x01010105 own.pub;  check 'import a public key' 0 '' '*(public part) on P-256*'
run verify 0x01010105 sig message; check 'it verifies' 0 '' '*good'
run sign 0x01010105 message;    check 'it does not sign' 3 '' '*public part*'
openssl req -new -x509 -key own.pem -subj /CN=test -out cert.pem 2> /dev/null
run import 0x01010106 cert.pem; check 'wrong PEM type' 2 '' '*PEM file with a CERTIFICATE, not with a key*'
run import 0x01010106 message;  check 'no key at all' 2 '' '*neither PEM nor DER*'
openssl ecparam -name sect163k1 -genkey -noout -out odd.pem 2> /dev/null
run import 0x01010106 odd.pem;  check 'curve that the chip has not' 2 '' '*no key of that kind*'
openssl genpkey -algorithm ed448 -out ed448.pem
run import 0x01010106 ed448.pem; check 'kind that the chip has not' 2 '' '*no key of that kind*'

# ---- files ----

run put 0x02020201 long;        check put 0 '' '*file of 8893 bytes is kept'
into back get 0x02020201;       same 'get' long back
run put 0x02020201 long;        check 'put again' 3 '' '*taken: file of 8893 bytes*'
seq 5000 > big
run put 0x02020202 big;         check 'too large for the free memory' 3 '' '*23893 bytes do not fit: the chip has * free. Nothing was written*'
run show 0x02020202;            check 'nothing was written' 3 '' '*no object*'
seq 9000 > huge
run put 0x02020202 huge;        check 'too large for a file' 2 '' '*more than 32767 bytes*'
run put 0x02020202 /dev/null;   check 'empty file' 2 '' '*empty file*'
run cert put 0x02020203 cert.pem; check 'cert put' 0 '' '*certificate of * bytes is kept'
into back cert get 0x02020203;  same 'cert get' cert.pem back
run cert put 0x02020204 own.pem; check 'cert put a key' 2 '' '*not with a certificate*'
run cert get 0x02020201;        check 'cert get a file' 3 '' '*no certificate*'
run get device-key;             check 'get a key' 3 '' '*wrong kind: EC key pair*not file*'

# ---- delete ----

run delete 0x02020201;         check 'delete without being asked' 2 '' '*--yes does it*'
run -y delete 0x02020201 0x02020203; check delete 0 '' '*0x02020201: deleted*0x02020203: deleted'
run get 0x02020201;             check 'it is gone' 3 '' '*no object*'
run -y delete 0x01010101 nobody; check 'all words are read first' 2 '' '*nobody*'
run show device-key;            check 'so nothing was deleted' 0 '*' ''

# ---- policies in words ----

run policy 'any:sign,read;0x0A0B0C0D:delete'; check policy 0 'any:sign,read;0x0A0B0C0D:delete' '*anybody may: sign,read*0x0A0B0C0D may: delete*'
run policy any:sign;            check 'no right to delete' 0 'any:sign' '*nobody may ever delete it*'
run --json policy any:sign;     check 'policy --json' 0 '{"policy":"any:sign","deletable":false,"bytes":"080000000010000000"}' ''
run policy any:sing;            check 'bad policy' 2 '' "*not understood from 'sing' on*"
run --policy=any:sign keygen 0x03030301 p256; check 'for ever is asked about' 2 '' '*0x03030301:*nobody may ever*--yes does it*'
run show 0x03030301;            check 'and nothing was made' 3 '' '*no object*'
run --policy=any:sign,read,delete keygen 0x03030301 p256; check 'policy at creation' 0 '' '*anybody may: sign,read,delete*made'

# ---- a link that fails ----

export SE05X_FAKE_ERROR=104 # ECONNRESET
run -y delete device-key;       check 'link failed' 3 '' '*may have run*'
unset SE05X_FAKE_ERROR
out=$(LD_PRELOAD=$build/tests/fake.so SE05X_FAKE=/fake/se05x "$tool" -d /fake/se05x info 2> "$tmp/err" > /dev/full)
status=$? err=$(cat "$tmp/err"); check 'full disk' 3 '' '*standard output*'

echo "1..$n"
exit $failed
