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

export SIM_STATE=$tmp/state SE05X_ALIASES=$tmp/aliases
cd "$tmp" || exit 1
echo "a message" > message
seq 2000 > long

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

run info;                       check info 0 'simulated *applet *7.2.0*unique number *04005001*free flash*' ''
run info;                       check 'info: not locked' 0 '*locked *no?restriction *none?secure channel *not required*' ''
run --json info;                check 'info --json: not locked' 0 '*"locked":false,"restriction":"none","channel_required":false}' ''
run --json info;                check 'info --json' 0 '{"applet":"7.2.0","features_raw":"*"features":[[]"ECDSA/ECDH",*]*"simulated":true,"free_persistent":*}' ''
SIM_LOCKED=1 run info;          check 'info: locked' 0 '*locked *yes: no object *' ''
SIM_LOCKED=1 run --json info;   check 'info --json: locked' 0 '*"locked":true,*' ''
SIM_LOCKED=1 run keygen 0x01010109 p256; check 'locked: nothing is made' 3 '' '*6986*'
SIM_CHIP=SE050C SIM_STATE='' run info
case $out in *locked*) status=9 ;; esac
check 'info of a chip that does not tell' 0 '*3.1.1*free flash*' ''
run --hex random 20;            check random 0 '????????????????????????????????????????' ''
run --js random x;              check 'errors of a short --json' 2 '' '{"error":"random:*"}'
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
run show 0;                     check 'id zero, decimal' 2 '' '*neither 0 nor*'
run show 0x0;                   check 'id zero' 2 '' '*neither 0 nor*'
run show nobody;                check 'unknown name' 2 '' '*nobody: neither*'
run show device-key;            check 'no object by that name' 3 '' '*no object 0x01010101 (device-key)*'
run keygen 0x7FFF0200 p256;     check 'reserved id' 2 '' '*reserved for the applet*--force*'
run keygen 0xF0000100 p256;     check 'provisioned id' 2 '' '*NXP provisions*--force*'
run -y delete 0x7FFF0206;       check 'delete reserved' 2 '' '*reserved*--force*'

# ---- keys ----

run keygen device-key p256;     check keygen 0 '' '*(device-key): EC key pair on P-256 made'
run keygen 0x010101F0 p384;     check 'keygen on a new curve' 0 '' '*no P-384 yet: it is set up*EC key pair on P-384 made'
run -y delete 0x010101F0;       check 'and it goes' 0 '' '*'
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
for format in '-outform DER' '-traditional'; do
	# shellcheck disable=SC2086 # words
	openssl pkey -in own.pem $format -out other
	run import 0x01010107 other; check "import of openssl pkey $format" 0 '' '*pair on P-256 imported'
	into back.pem export 0x01010107; same 'its public key' own.pub back.pem
	run -y delete 0x01010107
done
openssl pkey -in own.pem -pubout -outform DER -out other
run import 0x01010107 other;    check 'import of a public key in DER' 0 '' '*public part*'
run -y delete 0x01010107
openssl pkey -in own.pem -aes128 -passout pass:secret -out other
run import 0x01010107 other;    check 'encrypted, and no terminal' 2 '' '*no terminal*--passin*'

run -y delete 0x02020201 0x02020203; check delete 0 '' '*0x02020201: deleted*0x02020203: deleted'
run get 0x02020201;             check 'it is gone' 3 '' '*no object*'
run -y delete 0x01010101 nobody; check 'all words are read first' 2 '' '*nobody*'
run show device-key;            check 'so nothing was deleted' 0 '*' ''

# ---- attributes that are not told ----

run put 0x02020214 message
SIM_ERRORS=02003B=6986 run show 0x02020214
check 'a policy that hides itself' 0 '*policy*not told: denied by*(6986)*' ''
[[ $out != *applet* ]]; status=$? out='' err=''; check 'and it is not the applet' 0 '' ''
SIM_ERRORS=02003B=6986 run --json show 0x02020214
check 'the same in JSON' 0 '{"id":"0x02020214",*"error":"denied by*","sw":"6986"}' ''
SIM_CHIP=SE050C SIM_STATE=$tmp/state-old run put 0x02020214 message
SIM_CHIP=SE050C SIM_STATE=$tmp/state-old run show 0x02020214
check 'an applet that can not' 0 '*policy*this applet does not tell*' ''
run -y delete 0x02020214

# ---- on a terminal ----

run put 0x02020210 message
ask n delete 0x02020210;        check 'asked: no' 4 '*Delete 0x02020210: file of 10 bytes?*[[]y/N]*left as it was*' ''
ask y delete 0x02020210;        check 'asked: yes' 0 '*[[]y/N]*0x02020210: deleted*' ''
run show 0x02020210;            check 'it is gone' 3 '' '*no object*'
ask n --policy=any:sign keygen 0x02020211 p256; check 'for ever: no' 4 '*nobody may ever*Make it?*left as it was*' ''
run show 0x02020211;            check 'it was not made' 3 '' '*no object*'
ask secret userid 0x02020212;   check 'a password is asked for' 0 '*Password*UserID made*' ''
ask secret --user-id=0x02020212 list; check 'and opens a session' 0 '*Password*0x02020212  UserID*' ''
ask wrong! --user-id=0x02020212 list; check 'a wrong one does not' 3 '*wrong password*' ''
run -y delete 0x02020212

# ---- policies in words ----

run policy 'any:sign,read;0x0A0B0C0D:delete'; check policy 0 'any:sign,read;0x0A0B0C0D:delete' '*anybody may: sign,read*0x0A0B0C0D may: delete*'
run policy any:sign;            check 'no right to delete' 0 'any:sign' '*nobody may ever delete it*'
run --json policy any:sign;     check 'policy --json' 0 '{"policy":"any:sign","deletable":false,"bytes":"080000000010000000"}' ''
run policy any:sing;            check 'bad policy' 2 '' "*not understood from 'sing' on*"
run --policy=any:sign keygen 0x03030301 p256; check 'for ever is asked about' 2 '' '*0x03030301:*nobody may ever*--yes does it*'
run show 0x03030301;            check 'and nothing was made' 3 '' '*no object*'
run --policy=any:sign,read,delete keygen 0x03030301 p256; check 'policy at creation' 0 '' '*anybody may: sign,read,delete*made'

# ---- both applets: everything else ----

for applet in 3 7; do
export SIM_CHIP=$applet SIM_STATE=$tmp/state-$applet
a="applet $applet:"

run keygen 0x04000001 rsa1024;  check "$a RSA key" 0 '' '*RSA key pair of 1024 bits made'
into pub.pem export 0x04000001
openssl_says pkey -pubin -in pub.pem -noout -text; check "$a openssl reads it" 0 '*1024 bit*' ''
into sig sign 0x04000001 message
openssl_says dgst -sha256 -verify pub.pem -signature sig message; check "$a RSA signs" 0 'Verified OK' ''
run verify 0x04000001 sig message; check "$a RSA verifies" 0 '' '*good'
run verify 0x04000001 sig long; check "$a a wrong signature" 1 '' '*wrong'
into sig sign 0x04000001 long
openssl_says dgst -sha256 -verify pub.pem -signature sig long; check "$a RSA signs more than one command takes" 0 'Verified OK' ''
openssl dgst -sha384 -binary message > digest
into sig --digest --hash=sha384 sign 0x04000001 digest
openssl_says dgst -sha384 -verify pub.pem -signature sig message; check "$a RSA signs a digest" 0 'Verified OK' ''
into sig --mode=pss sign 0x04000001 message
openssl_says dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -verify pub.pem -signature sig message
check "$a PSS" 0 'Verified OK' ''
into sig --mode=pss sign 0x04000001 long
openssl_says dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -verify pub.pem -signature sig long
check "$a PSS of more than one command takes" 0 'Verified OK' ''
run --mode=oaep sign 0x04000001 message; check "$a no mode to sign" 2 '' '*pkcs1 and pss*'
for mode in pkcs1 oaep; do
	into secret --mode=$mode encrypt 0x04000001 message
	into back --mode=$mode decrypt 0x04000001 secret; same "$a RSA $mode" message back
	openssl pkeyutl -encrypt -pubin -inkey pub.pem -pkeyopt rsa_padding_mode:$mode -in message -out secret
	into back --mode=$mode decrypt 0x04000001 secret; same "$a openssl's $mode" message back
done
run encrypt 0x04000001 long;    check "$a too long for RSA" 3 '' '*do not go with that key*'
run decrypt 0x04000001 message; check "$a not encrypted" 3 '' '*do not go with that key*'
openssl genrsa -out own.pem 1024 2> /dev/null
openssl pkey -in own.pem -pubout -out own.pub
run import 0x04000002 own.pem;  check "$a RSA import" 0 '' '*RSA key pair of 1024 bits imported'
into back.pem export 0x04000002; same "$a its public key" own.pub back.pem
into sig sign 0x04000002 message
openssl_says dgst -sha256 -verify own.pub -signature sig message; check "$a it signs" 0 'Verified OK' ''
run import 0x04000003 own.pub;  check "$a RSA public key" 0 '' '*RSA key (public part) of 1024 bits imported'
run verify 0x04000003 sig message; check "$a it verifies" 0 '' '*good'
run -y delete 0x04000003
openssl genrsa -out odd.pem 1100 2> /dev/null
run import 0x04000003 odd.pem;  check "$a RSA of an odd size" 2 '' '*1100 bits*1024, 1152*'
run keygen 0x04000003 rsa1000;  check "$a no such size" 2 '' '*not 1000*'

run keygen 0x04000010 ed25519;  check "$a Ed25519" 0 '' '*EC key pair on Ed25519 made'
into pub.pem export 0x04000010
into sig sign 0x04000010 message
openssl_says pkeyutl -verify -pubin -inkey pub.pem -rawin -in message -sigfile sig; check "$a openssl verifies" 0 '*Successfully*' ''
run verify 0x04000010 sig message; check "$a so does the chip" 0 '' '*good'
openssl genpkey -algorithm ed25519 -out own.pem
openssl pkey -in own.pem -pubout -out own.pub
run import 0x04000011 own.pem;  check "$a Ed25519 import" 0 '' '*imported'
into back.pem export 0x04000011; same "$a its public key" own.pub back.pem
run sign 0x04000010 long;       check "$a too long for Ed25519" 3 '' '*more than fits*'

for type in x25519 p384; do
	run keygen 0x04000020 $type
	into pub.pem export 0x04000020
	if [ $type = p384 ]; then
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out own.pem
	else
		openssl genpkey -algorithm $type -out own.pem
	fi
	openssl pkey -in own.pem -pubout -out own.pub
	into ours ecdh 0x04000020 own.pub
	openssl pkeyutl -derive -inkey own.pem -peerkey pub.pem -out theirs
	same "$a ecdh $type" theirs ours
	status=$(stat -c %a ours); check "$a the secret is for its owner" 600 '' ''
	run -y delete 0x04000020
done
run keygen 0x04000020 p256
run ecdh 0x04000020 own.pub;    check "$a curves that do not match" 2 '' '*on P-256*on P-384*'
run --hex sign 0x04000020 /dev/null; check "$a an empty message" 0 '*' ''

printf '0123456789abcdef' > aes.key
run --type=aes import 0x04000030 aes.key; check "$a AES import" 0 '' '*AES key of 128 bits imported'
k=30313233343536373839616263646566 iv=000102030405060708090A0B0C0D0E0F
for mode in cbc ctr; do
	into ours --mode=$mode --iv=$iv encrypt 0x04000030 long
	openssl enc -aes-128-$mode -K $k -iv $iv -in long -out theirs
	same "$a openssl enc -aes-128-$mode" theirs ours
	into back --mode=$mode --iv=$iv decrypt 0x04000030 theirs; same "$a decrypt $mode" long back
done
into ours --mode=ecb encrypt 0x04000030 message
openssl enc -aes-128-ecb -K $k -in message -out theirs; same "$a openssl enc -aes-128-ecb" theirs ours
run --iv=00 encrypt 0x04000030 message; check "$a short IV" 2 '' '*cbc wants 16 bytes*'
run --mode=ecb --nopad encrypt 0x04000030 message; check "$a no whole blocks" 2 '' '*10 bytes are not whole blocks of 16*'
run --mode=xts encrypt 0x04000030 message; check "$a unknown mode" 2 '' '*--mode xts*'
run --mode=cbc --iv=$iv decrypt 0x04000030 aes.key; check "$a wrong padding" 3 '' '*padding is not there*'
run --type=aes import 0x04000031 message; check "$a AES key of odd length" 2 '' '*16, 24 or 32 bytes, not 10*'
run --type=rsa import 0x04000031 message; check "$a type of import" 2 '' '*one of aes, des, hmac*'
run --hex mac 0x04000030 message
openssl_mac=$(openssl mac -cipher AES-128-CBC -macopt hexkey:$k -in message CMAC)
check "$a CMAC" 0 "$openssl_mac" ''
run --type=hmac import 0x04000032 aes.key
for hash in sha1 sha256 sha384 sha512; do
	run --hex --hash=$hash mac 0x04000032 message
	check "$a HMAC $hash" 0 "$(openssl mac -digest $hash -macopt hexkey:$k -in message HMAC)" ''
done
run --hex --salt=0011 --info=AABB hkdf 0x04000032 42
check "$a HKDF" 0 "$(openssl kdf -keylen 42 -kdfopt digest:SHA256 -kdfopt hexkey:$k -kdfopt hexsalt:0011 -kdfopt hexinfo:AABB HKDF | tr -d ':')" ''
run hkdf 0x04000030 42;         check "$a HKDF by AES" 3 '' '*wrong kind: AES key*not HMAC key*'

run counter new 0x04000040 4 41; check "$a counter" 0 '' '*4 bytes at 41'
run counter add 0x04000040;     check "$a counter add" 0 42 ''
run counter set 0x04000040 1000; check "$a counter set" 0 1000 ''
run counter set 0x04000040 10;  check "$a counter back" 2 '' '*only goes up*'
for number in 01750 ' 1001' +1001 1001x 0x 0x-1 '' 00 18446744073709552616 0x10000000000000000; do
	run counter set 0x04000040 "$number"; check "$a counter set '$number'" 2 '' '*a number*'
	run counter new 0x04000044 4 "$number"; check "$a counter new '$number'" 2 '' '*value that fits*'
done
run counter new 0x04000044 010 1; check "$a counter new of 010 bytes" 2 '' '*1 to 8 bytes*'
run counter new 0x04000044 8 0; check "$a counter new at 0" 0 '' '*8 bytes at 0'
run counter set 0x04000044 0xFFFFFFFFFFFFFFFE; check "$a counter set in hex" 0 18446744073709551614 ''
run counter set 0x04000044 18446744073709551615; check "$a counter at its end" 0 18446744073709551615 ''
run --json counter get 0x04000040; check "$a counter get" 0 '{"value":1000}' ''
run counter new 0x04000041 9;   check "$a counter too wide" 2 '' '*1 to 8 bytes*'
run counter get 0x04000030;     check "$a counter of a key" 3 '' '*wrong kind*'
run pcr new 0x04000042 "$(printf %064d 0)"; check "$a PCR" 0 "$(printf %064d 0)" ''
run pcr extend 0x04000042 message
check "$a PCR extend" 0 "$( (head -c 32 /dev/zero; cat message) | openssl dgst -sha256 -r | cut -d ' ' -f 1 | tr a-f A-F)" ''
run pcr new 0x04000043 00;      check "$a PCR of one byte" 2 '' '*not 32 bytes*'

echo 'secret' > password
echo 'wrong!' > wrong
run --password-file=password userid 0x04000050; check "$a UserID" 0 '' '*UserID made*'
run --policy='any:sign,read;0x04000050:delete' keygen 0x04000051 p256; check "$a a key that is its own" 0 '' '*made'
run --hex sign 0x04000051 message; check "$a anybody may sign" 0 '*' ''
run -y delete 0x04000051;       check "$a nobody else may delete" 3 '' '*denied by*(6986)*--user-id*'
run --user-id=0x04000050 --password-file=wrong -y delete 0x04000051; check "$a wrong password" 3 '' '*wrong password*'
run --user-id=0x04000050 -y delete 0x04000051; check "$a no password" 2 '' '*--password-file*'
run --user-id=0x04000050 --password-file=password put 0x04000052 long; check "$a a file in a session" 0 '' '*8893*'
into back get 0x04000052;       same "$a it is whole" long back
run --user-id=0x04000050 --password-file=password -y delete 0x04000051; check "$a its owner may" 0 '' '*deleted'
echo abc > wrong
run --password-file=wrong userid 0x04000053; check "$a short password" 2 '' '*4 to 16 bytes, not 3*'
run sign 0x04000050 message;    check "$a a UserID does not sign" 3 '' '*wrong kind: UserID*'

# sessions by key: secure channels
head -c 16 /dev/urandom > aes.key
head -c 16 /dev/urandom > other.key
cat aes.key <(echo) > long.key
openssl ecparam -name prime256v1 -genkey -noout -out owner.pem
openssl ecparam -name prime256v1 -genkey -noout -out other.pem
openssl ecparam -name secp384r1 -genkey -noout -out p384.pem
openssl pkey -in owner.pem -pubout -out owner.pub
run --for-auth --max-attempts=3 --type=aes import 0x04000054 aes.key; check "$a AES key for sessions" 0 '' '*imported*'
run --for-auth --max-attempts=3 import 0x04000055 owner.pem; check "$a EC key for sessions" 0 '' '*imported*'
run --for-auth --max-attempts=0 import 0x04000056 owner.pem; check "$a no attempt" 2 '' '*1 to 65535*'
run --max-attempts=3 import 0x04000056 owner.pem; check "$a attempts of another key" 2 '' '*--for-auth*'
run --for-auth import 0x04000056 p384.pem; check "$a another curve for sessions" 2 '' '*P-256*'
run --for-auth --type=hmac import 0x04000056 aes.key; check "$a HMAC for sessions" 2 '' '*AES keys and EC keys*'
run --policy='0x04000054:read,write,delete,secure-messaging;0x04000055:read,secure-messaging' put 0x04000057 message
check "$a only in a channel" 0 '' '*warning: secure-messaging*--auth*'
run get 0x04000057;             check "$a not for anybody" 3 '' '*denied by*(6986)*--auth*'
run --auth=aes:0x04000054:aes.key get 0x04000057; check "$a --auth=aes" 0 "$(cat message)" ''
run --auth=ec:0x04000055:owner.pem get 0x04000057; check "$a --auth=ec" 0 "$(cat message)" ''
run --auth=ec:0x04000055:owner.pem -y delete 0x04000057; check "$a may read only" 3 '' '*(6986)*'
for i in 1 2 3 4; do
	run --auth=aes:0x04000054:other.key list; check "$a another AES key, $i" 3 '' '*--auth 0x04000054: the chip has another key; none of its attempts*'
done
run --auth=aes:0x04000054:aes.key list; check "$a no attempt was lost" 0 '*0x04000054*' ''
run --auth=ec:0x04000055:other.pem list; check "$a another EC key" 3 '' '*--auth 0x04000055: wrong*'
run --auth=aes:0x04000054:aes.key put 0x04000058 long; check "$a a long file in a channel" 0 '' '*8893*'
into back --auth=ec:0x04000055:owner.pem get 0x04000058; same "$a it is whole in a channel" long back
run --auth=aes:0x04000055:aes.key list; check "$a an EC key is no AES key" 3 '' '*another kind*'
run --auth=ec:0x04000054:owner.pem list; check "$a an AES key is no EC key" 3 '' '*another kind*'
run --auth=aes:0x04000059:aes.key list; check "$a no such key" 3 '' '*no such object*'
run --auth=aes:0x04000054:long.key list; check "$a a long AES key" 2 '' '*long.key: AES keys have 16, 24 or 32 bytes, not 17*'
run --auth=aes:0x04000054:none list; check "$a no such file" 2 '' '*none: No such file*'
run --auth=ec:0x04000055:owner.pub list; check "$a a public key" 2 '' '*owner.pub: that is a public key*'
run --auth=ec:0x04000055:p384.pem list; check "$a a key on P-384" 2 '' '*p384.pem: only an EC key on P-256*'
run --auth=ec:0x04000055:message list; check "$a no key" 2 '' '*message*'
for word in aes aes: aes:0x04000054 aes:0x04000054: :::: rsa:0x04000054:aes.key aes:xyz:aes.key; do
	run --auth=$word list;  check "$a --auth=$word" 2 '' '*'
done
run --auth=aes:0x04000054:aes.key --user-id=0x04000050 list; check "$a two owners" 2 '' '*one of the two*'
run --auth=aes:0x04000054:aes.key -y delete 0x04000057; check "$a who may delete" 0 '' '*deleted'
run -y delete 0x04000054 0x04000055 0x04000058; check "$a keys for sessions go" 0 '' '*deleted*'

run --policy=any:attest,read,delete keygen 0x04000060 p256
run put 0x04000061 message
run attest 0x04000061 0x04000060; check "$a attest" 0 "value       $(basenc --base16 -w 0 message)*verified    yes, but*" ''
into pub.pem export 0x04000060
run --json --key=pub.pem attest 0x04000061 0x04000060
check "$a attest with a key" 0 '{"value":"*"key":"given","verified":true}' ''
echo "$out" | sed 's/.*"message":"\([^"]*\)".*/\1/' | basenc --base16 -d > attested
echo "$out" | sed 's/.*"signature":"\([^"]*\)".*/\1/' | basenc --base16 -d > sig
openssl_says dgst -sha256 -verify pub.pem -signature sig attested; check "$a openssl verifies it" 0 'Verified OK' ''
run --key=own.pub attest 0x04000061 0x04000060; check "$a another key" 1 '*NO: the signature is wrong' ''
run attest 0x04000061 0x04000020; check "$a a key that may not" 3 '' '*denied*'
done

unset SIM_CHIP
export SIM_STATE=$tmp/state
run keygen 0x04000001 rsa2048;  check 'a chip without RSA' 3 '' '*this chip has no RSA*'
run import 0x04000001 odd.pem;  check 'import of RSA there' 3 '' "*can't do that*"

# ---- flash: written when it must be, and not otherwise ----

export SIM_CHIP=7 SIM_STATE=$tmp/state-7 SIM_WEAR_LOG=$tmp/wear
# wears NAME LINES: since the last time
wears() {
	n=$((n + 1))
	if [ "$(wc -l < wear)" = "$2" ]; then
		echo "ok $n - $1: flash is written $2 times"
	else
		echo "not ok $n - $1: flash is written $(wc -l < wear) times, not $2"
		sed 's/^/# /' wear
		failed=1
	fi
	: > wear
}

: > wear
for c in info list 'random 3000' 'show 0x04000001' 'export 0x04000020' 'get 0x04000052' \
	'sign 0x04000020 message' 'sign 0x04000001 message' 'sign 0x04000010 message' \
	'encrypt --mode=oaep 0x04000001 message' 'mac 0x04000032 message' 'hkdf 0x04000032 42' \
	"encrypt --iv=$iv 0x04000030 long" 'counter get 0x04000040' 'pcr get 0x04000042' \
	'attest 0x04000061 0x04000060' \
	'--user-id=0x04000050 --password-file=password list'; do
	# shellcheck disable=SC2086 # words
	run -o "$tmp/out" $c;   check "read only: $c" 0 '*' '*'
done
wears 'what only reads' 0
run keygen 0x04000070 p256;     wears 'keygen' 1
run keygen 0x04000071 p256;     wears 'another' 1
run put 0x04000072 long;        wears 'a file in ten pieces' 10
run counter add 0x04000040;     wears 'counter' 1
run put 0x04000072 message;     wears 'what is refused' 0
run -y delete 0x04000070 0x04000071 0x04000072; wears 'three deleted' 3
unset SIM_CHIP SIM_WEAR_LOG
export SIM_STATE=$tmp/state

# ---- a link that fails ----

export SIM_LINK_ERROR=104@10
run put 0x05000001 long;        check 'link failed in the middle' 3 '' '*may have run*of 8893 bytes are surely written; a file of 8893 bytes is left behind*delete 0x05000001*'
export SIM_LINK_ERROR=4@10
run put 0x05000002 long;        check 'interrupted' 3 '' '*put 0x05000002: interrupted*left behind*delete 0x05000002*'
export SIM_LINK_ERROR=104@4
run put 0x05000003 long;        check 'link failed at the first' 3 '' '*0 of 8893 bytes are surely written; * may be left behind*'
export SIM_LINK_ERROR=104@2
run keygen 0x05000004 p256;     check 'link failed before it began' 3 '' '*may have run*list*'
unset SIM_LINK_ERROR
run show 0x05000001;            check 'what is left behind' 0 '*file of 8893 bytes*' ''
run -y delete 0x05000001 0x05000002; check 'can be removed' 0 '' '*deleted*deleted'
run show 0x05000004;            check 'nothing was made' 3 '' '*no object*'
export SIM_CHIP=7 SIM_STATE=$tmp/state-7 SIM_LINK_ERROR=104@8
openssl genrsa -out own.pem 1024 2> /dev/null
run import 0x05000005 own.pem;  check 'half an RSA key' 3 '' '*may have run*a part of the key is in the chip*delete 0x05000005*'
unset SIM_LINK_ERROR
run -y delete 0x05000005;       check 'can be removed too' 0 '' '*deleted'
unset SIM_CHIP
export SIM_STATE=$tmp/state SIM_RATE=3
run keygen 0x05000006 p256;     check 'too many APDUs' 3 '' '*too many APDUs*(66A6); wait*'
unset SIM_RATE

export SIM_LINK_ERROR=104 # ECONNRESET
run -y delete device-key;       check 'link failed' 3 '' '*may have run*'
unset SIM_LINK_ERROR
out=$(sim "$tool" info 2> "$tmp/err" > /dev/full)
status=$? err=$(cat "$tmp/err"); check 'full disk' 3 '' '*standard output*'

echo "1..$n"
exit $failed
