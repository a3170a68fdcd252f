#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-tool: what people met in the field, each as a kind. TAP.
#
#   iot_field_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: iot_field_test.sh BUILD-FOLDER}")
tool=${TOOL:-$build/tools/se05x-tool}
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_STATE=$tmp/state SIM_CHIP=SE051 SE05X_ALIASES=$tmp/aliases
cd "$tmp" || exit 1
echo "a message" > message
seq 400000 > long	# more than 1 MiB

# ---- an answer that fails hides nothing else (F20, F22) ----

run keygen 0x01010101 p256
run put 0x01010102 message
SIM_ERRORS=040022=6A80 run put 0x01010103 message
				check 'put without GetFreeMemory' 0 '' '*kept'
SIM_ERRORS=040022=6A80 run put --transient 0x01010104 message
				check 'put into RAM without it' 0 '' '*kept'
openssl req -new -x509 -newkey rsa:1024 -nodes -keyout ca.key -subj /CN=root -out ca.pem 2> /dev/null
SIM_ERRORS=040022=6A80 run cert put 0x01010105 ca.pem
				check 'cert put without it' 0 '' '*kept'
run -y delete 0x01010103 0x01010104 0x01010105
for sw in 6F00 6985 6986; do
	SIM_ERRORS=020026:01010101=$sw run list
	check "list, ReadType of one $sw" 0 "*0x01010101  not told: *($sw)*0x01010102  file*" ''
	SIM_ERRORS=020026:01010101=$sw run --json list
	check "list --json, ReadType of one $sw" 0 "*\"id\":\"0x01010101\",\"error\":\"*\"sw\":\"$sw\"}*\"id\":\"0x01010102\"*" ''
done
SIM_ERRORS=020007:01010102=6F00 run list
				check 'list, ReadSize of one fails' 0 '*0x01010101  EC*0x01010102  *' ''
SIM_ERRORS=020026:01010107=6F00 run keygen 0x01010107 p256; check 'a key is made all the same' 0 '' '*0x01010107: *made'
run rm -f 0x01010107 > /dev/null
SIM_ERRORS=020026=6F00 run --ids list; check 'list --ids' 0 '*0x01010101*0x01010102*' ''
SIM_ERRORS=02003B=6F00 run show 0x01010101; check 'show without attributes' 0 '*EC key pair*' ''
SIM_ERRORS=040022=6A80 run info; check 'info without GetFreeMemory' 0 '*unique number*' ''
SIM_ERRORS=020000:7FFF0206=6F00 run info; check 'info without the number' 0 '*applet *7.2*not told*free*' ''

# ---- who can't authenticate counts no attempts (F21) ----

for c in 'keygen 0x01010110 p256' 'put 0x01010110 message' 'counter new 0x01010110' \
	'list'; do
	# shellcheck disable=SC2086 # words
	run --max-attempts=3 $c;  check "--max-attempts: $c" 2 '' '*--max-attempts has no meaning*UserID*'
done
run --max-attempts=3 --type=aes import 0x01010110 message; check '--max-attempts of a key' 2 '' '*counts attempts: --for-auth*'
echo secret > password
echo wrong! > wrong
run --max-attempts=3 --password-file=password userid 0x01010111; check '--max-attempts of a UserID' 0 '' '*UserID made*'
run -y delete 0x01010111

# ---- half a curve (F25) ----

run curve list;                 check 'curve list' 0 '*P-256 *ready*P-384 *not set up*Ed25519 *' ''
run --json curve list;          check 'curve list --json' 0 '*{"curve":"P-384","ready":false}*' ''
SIM_LINK_ERROR=104@7 run keygen 0x01010120 p384; check 'interrupted first key on a curve' 3 '' '*'
run keygen 0x01010120 p384;     check 'half a curve is not in the way' 0 '' '*on P-384 made'
run -y delete 0x01010120
run curve delete P-384;         check 'curve delete asks' 2 '' '*--yes*'
run -y curve delete NIST_P384;  check 'curve delete' 0 '' 'P-384: deleted'
run curve list;                 check 'it is gone' 0 '*P-384 *not set up*' ''
run -y curve delete P-384;      check 'once' 3 '' '*'
run keygen 0x01010120 p384;     check 'and can be made anew' 0 '' '*on P-384 made'
run -y curve delete p999;       check 'no such curve' 2 '' '*unknown type*'

# ---- RSA (F27) ----

run keygen 0x01010130 rsa1024
into pub.pem export 0x01010130
for mode in pkcs1 pss; do
	pss=()
	[ $mode = pkcs1 ] || pss=(-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest)
	for file in message long; do
		openssl dgst -sha256 -binary $file > digest
		into sig --mode=$mode sign 0x01010130 $file
		openssl_says dgst -sha256 "${pss[@]}" -verify pub.pem -signature sig $file
		check "$mode of a $file" 0 'Verified OK' ''
		run --mode=$mode verify 0x01010130 sig $file; check "$mode, verify a $file" 0 '' '*good'
		run --mode=$mode --digest verify 0x01010130 sig digest; check "$mode, verify a digest of a $file" 0 '' '*good'
		into sig --mode=$mode --digest sign 0x01010130 digest
		openssl_says dgst -sha256 "${pss[@]}" -verify pub.pem -signature sig $file
		check "$mode of a digest of a $file" 0 'Verified OK' ''
		head -c 32 /dev/zero > digest
		run --mode=$mode --digest verify 0x01010130 sig digest; check "$mode, a wrong digest" 1 '' '*wrong'
	done
done
into sig --hash=sha512 --mode=pss sign 0x01010130 long
				check 'no room for PSS with SHA-512' 2 '' '*1024 bits is too short*'
openssl genrsa -primes 3 -out three.pem 2048 2> /dev/null
run import 0x01010131 three.pem; check 'RSA of three primes' 2 '' '*more than two primes*'
run show 0x01010131;            check 'nothing of it is there' 3 '' '*no object*'
run --policy=any:sign,verify,read,delete keygen 0x01010132 rsa1024
run --hex sign 0x01010132 message; check 'a key with sign alone signs what is short' 0 '*' ''
run sign 0x01010132 long;       check 'and says why not what is long' 3 '' '*wants the right decrypt*(6986)*'
run --digest sign 0x01010132 digest; check 'nor a digest' 3 '' '*wants the right decrypt*'

# ---- a chip that wants a secure channel (F28) ----

SIM_ERRORS=040022=6982,020000=6982,020025=6982,040027=6982,030C09=6982,020026=6982
export SIM_ERRORS
for c in list 'show 0x01010101' 'keygen 0x01010140 p256' 'get 0x01010102'; do
	# shellcheck disable=SC2086 # words
	run $c;                 check "FIPS: $c" 3 '' '*secure channel*FIPS*'
	[[ $err != *--user-id* ]]; status=$? out='' err=''; check 'and nothing of --user-id' 0 '' ''
done
run doctor;                     check 'FIPS: doctor' 1 '*key       BAD *secure channel*' ''
unset SIM_ERRORS

# ---- attestation far from the chip (F29) ----

for SIM_CHIP in SE050C SE051; do
export SIM_STATE=$tmp/state-$SIM_CHIP
a="$SIM_CHIP:"
freshness=000102030405060708090A0B0C0D0E0F
run --policy=any:attest,read,delete keygen 0x01010150 p256
run put 0x01010151 message
into pub.pem export 0x01010150
openssl x509 -new -force_pubkey pub.pem -subj '/CN=chip' -CA ca.pem -CAkey ca.key -out chip.pem 2> /dev/null
openssl req -new -x509 -newkey rsa:1024 -nodes -keyout /dev/null -subj /CN=other -out other.pem 2> /dev/null
for json in '' --json; do
	# shellcheck disable=SC2086 # a word or none
	into said $json --freshness=$freshness --key=chip.pem attest 0x01010151 0x01010150
	check "$a attest $json with a challenge and a certificate" 0 '' ''
	run --freshness=$freshness --key=chip.pem --root=ca.pem attest verify said
	check "$a attest verify" 0 '*value *'"$(basenc --base16 -w 0 message)"'*verified    yes' ''
done
uid=$(run info; sed -n 's/unique number *//p' <<< "$out")
run --unique-id="$uid" --freshness=$freshness --key=chip.pem --root=ca.pem attest verify said
				check "$a the chip's number" 0 '*verified    yes' ''
run --unique-id="FF${uid#??}" --freshness=$freshness --key=chip.pem --root=ca.pem attest verify said
				check "$a another number" 1 '*NO' '*another chip*'
run --freshness=${freshness%?}0 --key=chip.pem --root=ca.pem attest verify said
				check "$a another challenge" 1 '*NO' '*another challenge*'
run --freshness=$freshness --key=chip.pem --root=other.pem attest verify said
				check "$a another root" 1 '*NO' '*chip.pem does not lead to other.pem*'
run --freshness=$freshness --key=other.pem --root=other.pem attest verify said
				check "$a another key" 1 '*NO' '*signature is wrong*'
run --key=pub.pem attest verify said; check "$a a bare key, no challenge" 0 '*yes' '*--freshness*--root*'
run --root=ca.pem --key=pub.pem attest verify said; check "$a a bare key leads nowhere" 2 '' '*certificates*'
run attest verify said;         check "$a without a key" 2 '' '*--key=FILE is missing*'
hex=$(basenc --base16 -w 0 message)
sed "s/$hex/41${hex#??}/" said > forged
run --freshness=$freshness --key=chip.pem --root=ca.pem attest verify forged
[ "$status" != 2 ] || status=1
				check "$a a value that was not signed" 1 '*' '*'
sed 's/"value"/"walue"/' said > forged
run --freshness=$freshness --key=chip.pem attest verify forged; check "$a a part is missing" 2 '' '*not what*'
for hash in md4 md5 sm3 sha3-256 sha512-256; do
	sed -E "s/(hash *|\"hash\":\")sha256/\1$hash/" said > forged
	run --freshness=$freshness --key=chip.pem attest verify forged
	check "$a a hash that no chip has: $hash" 2 '' '*not what*'
done
run --freshness=00 attest 0x01010151 0x01010150; check "$a short challenge" 2 '' '*16 bytes*'
done
export SIM_STATE=$tmp/state SIM_CHIP=SE051

# ---- chains, and files that change in place (F30) ----

openssl req -new -newkey rsa:1024 -nodes -keyout leaf.key -subj /CN=leaf -out leaf.csr 2> /dev/null
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem 2> /dev/null
cat leaf.pem ca.pem > chain.pem
run cert put 0x01010160 chain.pem; check 'cert put of a chain' 0 '' '*chain of 2 certificates of *'
into back cert get 0x01010160;  same 'all of it comes back' chain.pem back
into back --der cert get 0x01010160
openssl_says x509 -inform DER -in back -noout -subject; check 'DER: the first is the leaf' 0 '*leaf' ''
run --json cert get 0x01010160; check 'cert get --json' 0 '{"certificates":2,"pem":"-----BEGIN*' ''
cat leaf.pem leaf.key > both.pem
run cert put 0x01010161 both.pem; check 'a key among certificates' 2 '' '*with a PRIVATE KEY, not with certificates alone'
run --update cert put 0x01010160 leaf.pem; check 'cert put --update' 0 '' '*keeps its * zeros*certificate of *'
into back cert get 0x01010160;  same 'the new one comes back' leaf.pem back
run --update cert put 0x01010160 chain.pem; check 'and the chain again' 0 '' '*chain of 2*'
run put 0x01010162 message
run --update put 0x01010162 chain.pem; check 'put --update of too much' 2 '' '*do not fit into a file of 10*Nothing was written'
into back get 0x01010162;       same 'the old one is whole' message back
echo "A MESSAGE" > other
run --update put 0x01010162 other; check 'put --update' 0 '' '*10 bytes is kept'
into back get 0x01010162;       same 'the new one is there' other back
run --update put 0x01010163 other; check 'put --update of nothing' 3 '' '*no object*'
run --update put 0x01010101 other; check 'put --update of a key' 3 '' '*wrong kind*'
run --update --policy=any:read put 0x01010162 other; check 'put --update with a policy' 2 '' '*policy*'

# ---- passwords, and standard input (F31, F33) ----

run --password-file=password userid 0x01010170; check 'a UserID that anybody may replace' 0 '' '*warning: anybody may delete*UserID made*'
run --policy='0x01010171:delete' --password-file=password userid 0x01010171
[[ $err != *warning* ]] || status=9
				check 'a UserID that keeps itself' 0 '' '*UserID made*'
run --user-id=0x01010171 --password-file=password list; check 'it opens a session' 0 '*' ''
run -y --policy='any:sign,secure-messaging' policy any:sign; check 'policy takes no --policy' 2 '' '*no meaning*'
run policy any:sign,delete,secure-messaging; check 'secure-messaging' 0 '*' '*warning: secure-messaging*'
run --policy=any:sign,read,delete,secure-messaging keygen 0x01010172 p256; check 'secure-messaging at creation' 0 '' '*warning: secure-messaging*'
input=password
for c in 'sign 0x01010101' 'sign 0x01010101 -' 'put 0x01010173' 'verify 0x01010101 -' 'sign 0x01010130' \
	'import 0x01010173 -'; do
	# shellcheck disable=SC2086 # words
	run --user-id=0x01010170 --password-file=- $c; check "password and input from one file: $c" 2 '' '*two things*standard input*'
done
input=message
run verify 0x01010101 - -;      check 'signature and message from one file' 2 '' '*two things*'
unset input
run show 0x01010173;            check 'nothing was written' 3 '' '*no object*'

# signal NAME ARGUMENT...: ^C at the first prompt; what is left of the terminal in $out
at_prompt() {
	out=$(sim timeout 60 script -qec "sh -c '(while ! pgrep -s 0 -x se05x-tool > /dev/null; do :; done
		while stty -F /dev/tty -a | grep -q \" echo \"; do :; done; pkill -INT -s 0 -x se05x-tool) &
		trap : INT; $tool $*; stty -a | grep -o \"[-]*echo \"; wait'" /dev/null < /dev/null | tr -d '\r')
	status=0 err=''
}
at_prompt userid 0x01010174;    check 'the terminal after ^C' 0 '*echo ' ''
[[ $out != *-echo* ]]; status=$? out=''; check 'has its echo' 0 '' ''

ask 'secret secreT' userid 0x01010174; check 'two different passwords' 2 '*Password of the new UserID*The same again*two different*' ''
run show 0x01010174;            check 'made nothing' 3 '' '*no object*'

# ---- the applet under another name (F23), and what is too long (F38) ----

SIM_STATE=$tmp/aid SIM_AID=A000000396AABBCC run info; check 'another AID' 3 '' '*no IoT applet*--aid*'
SIM_STATE=$tmp/aid SIM_AID=A000000396AABBCC run --aid=A000000396AABBCC info; check '--aid' 0 '*applet *7.2*' ''
SIM_STATE=$tmp/aid SIM_AID=A000000396AABBCC run --aid=A000000396AABBCC doctor; check 'doctor --aid' 0 '*' ''
run --aid=A000000396AABBCC info; check 'an AID that is not there' 3 '' '*no IoT applet of that name*'
run --aid=A0 info;              check 'a short AID' 2 '' '*5 to 16 bytes*'
run keygen 0x01010178 ed25519
run --type=hmac import 0x01010179 password
run pcr new 0x0101017A "$(printf %064d 0)"
for c in 'sign 0x01010178 chain.pem' 'mac 0x01010179 chain.pem' 'pcr extend 0x0101017A chain.pem'; do
	# shellcheck disable=SC2086 # words
	run $c;                 check "too long: $c" 3 '' '*more than fits*up to * bytes always do*'
done
n_bytes=${err##*up to }
n_bytes=${n_bytes%% *}
head -c "$n_bytes" chain.pem > fits
run pcr extend 0x0101017A fits; check "$n_bytes bytes do" 0 '*' ''

# ---- words (F32) ----

echo 'key = 16843009' > aliases
printf 'evil\033[31m = 0x01010102\n' >> aliases
run show 16843009;              check 'decimal identifier' 0 '*0x01010101 (key)*' ''
run show key;                   check 'decimal in the alias file' 0 '*0x01010101*' ''
run show 4294967296;            check 'too large a decimal' 2 '' '*4294967296: an identifier*'
run show 12G4;                  check 'neither decimal nor hex' 2 '' '*12G4: an identifier*'
run ls;                         check 'ls' 0 '*0x01010101  EC*' ''
case $out in *$'\033'*) status=9 ;; esac
				check 'a name with an escape sequence' 0 '*0x01010102  *evil\\x1B*' ''
run show 0x01010102;            case $out in *$'\033'*) status=9 ;; esac
				check 'and in what show prints' 0 '*0x01010102 (evil\\x1B*' ''
run --json list;                check 'in JSON' 0 '*"name":"evil\\u001b*' ''
printf -- '-----BEGIN \033[31mEVIL-----\nAAAA\n-----END \033[31mEVIL-----\n' > evil.pem
run import 0x01010180 evil.pem; case $err in *$'\033'*) status=9 ;; esac
				check 'a PEM name with an escape sequence' 2 '' '*PEM file with a \\x1B*'
for type in secp256r1 nistp256 NIST_P256 prime256v1 P-256 ED_25519 MONT_DH_25519 Brainpool256 rsa RSA-1024; do
	run generate 0x01010180 $type; check "generate $type" 0 '' '*made'
	run -y rm 0x01010180;   check "rm $type" 0 '' '*deleted'
done
run keygen 0x01010180 p265;     check 'a type like another' 2 '' "*unknown type 'p265', is 'p256' meant*"
run keygne 0x01010180 p256;     check 'a command like another' 2 '' "*unknown command: keygne: is 'keygen' meant*"
run qqqqqq;                     check 'a command like none' 2 '' '*unknown command: qqqqqq (*'
run --polcy=any:sign list;      check 'an option like another' 2 '' '*unknown option: --polcy=any:sign: is --policy meant*'
run cert frob 0x01010101;       check 'half a command' 2 '' "*cert: it is one of 'cert put', 'cert get'*"
for c in '--hash=sha1 list' '--iv=00 sign key' '--der get key' '--policy=any:sign delete key' \
	'--mode=pss ecdh key message' '--transient sign key' '--key=message sign key' \
	'--user-id=key policy any:sign' '--force list' '--passin=message export key'; do
	# shellcheck disable=SC2086 # words
	run $c;                 check "refused: $c" 2 '' '*has no meaning for*'
done
run --mode=pss sign key message; check '--mode for an EC key' 2 '' '*has no --mode*'
run help;                       check 'help' 0 '*cert put ID *Rights in a policy: sign *Exit status: 0 *4 *' ''
run help keygen;                check 'help COMMAND' 0 'Usage: se05x-tool*keygen ID TYPE*--policy=TEXT*--output*Rights*' ''
run --help cert put;            check '--help with a command' 0 'Usage: *cert put ID*--update*' ''
run help nonsense;              check 'help on nothing' 2 '' '*unknown command*'

# every command's own help names what it takes, and no command is without
for c in $("$tool" help | sed -n 's/^  \([a-z]\{3,\}\) .*/\1/p' | sort -u); do
	case $c in cert | counter | pcr | curve) continue ;; esac
	run help "$c";          check "help $c" 0 "Usage: se05x-tool * $c*" ''
done

# ---- JSON for everything ----

run --json show 0x01010199;     check 'an error' 3 '' '{"error":"show: there is no object*","sw":"6985"}'
run --json keygen 0x01010199 p257; check 'bad input' 2 '' '{"error":"keygen: unknown type*"}'
run --nonsense --json list;     check 'a bad option' 2 '' '{"error":"unknown option*"}'
SIM_ERRORS=030C09=6F00 run --json sign key message; check 'a status word' 3 '' '{"error":"sign *","sw":"6F00"}'
run --json put 0x01010190 message
run --json -y delete 0x01010190; check 'delete' 0 '{"id":"0x01010190","deleted":true}' ''
run --json --password-file=password userid 0x01010190; check 'a warning' 0 '{"id":"0x01010190"}' '{"warning":"*"}'
run --json counter new 0x01010191; check 'counter new' 0 '{"id":"0x01010191","value":0}' ''
run --json timestamp;           check 'timestamp --json' 0 '{"timestamp":"????????????????????????"}' ''
run --hex timestamp;            check 'timestamp' 0 '????????????????????????' ''
run --json -o file export key;  check 'export into a file' 0 '' ''
out=$(cat file);                check 'is JSON too' 0 '{"id":"0x01010101","public_key":*' ''

# ---- --output (F32, F37) ----

for c in info list 'show key' 'counter get 0x01010191' 'curve list' 'policy any:sign,delete' help; do
	# shellcheck disable=SC2086 # words
	run $c;                 printf '%s\n' "$out" > direct
	# shellcheck disable=SC2086 # words
	into file $c;           check "$c -o" 0 '' '*'
	same "$c: the same in the file" direct file
done
echo old > file
into file show 0x01010199;      check 'what fails' 3 '' '*'
out=$(cat file) status=$(find . -name 'file.*' | wc -l) err=''
				check 'leaves the file, and none beside it' 0 old ''
into /no/folder/file info;      check 'no such folder' 3 '' '*/no/folder/file: No such*'
into /dev/null info;            check 'a device' 0 '' ''
into /dev/full info;            check 'a full device' 3 '' '*/dev/full: No space*'
ln -sf target link
into link --hex random 4;       status=$(stat -c %F link)
				check 'a symbolic link stays one' 'symbolic link' '' ''
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.pem
openssl pkey -in peer.pem -pubout -out peer.pub
printf '0123456789abcdef' > aes.key
run --type=aes import 0x01010195 aes.key
run --type=hmac import 0x01010196 aes.key
into secret --mode=ecb encrypt 0x01010195 message
into sealed seal key message
for c in 'ecdh key peer.pub' 'hkdf 0x01010196 20' '--mode=ecb decrypt 0x01010195 secret' 'unseal key sealed'; do
	echo old > file
	chmod 644 file
	exec 9< file
	# shellcheck disable=SC2086 # words
	into file $c;           status=$status-$(stat -c %a file) out=$(cat <&9)
				check "$c: the owner's only, and unseen by who had it open" 0-600 old ''
	exec 9<&-
done
chmod 640 file
into file --hex sign key message; status=$(stat -c %a file) out=''
				check 'what is no secret keeps the mode' 640 '' ''

# ---- import (PKCS#12, OpenSSH, passwords) ----

openssl req -new -x509 -key peer.pem -subj /CN=peer -out peer.crt 2> /dev/null
echo secret > passin
openssl pkcs12 -export -inkey peer.pem -in peer.crt -passout file:passin -out peer.p12
openssl pkcs12 -export -inkey peer.pem -in peer.crt -passout pass: -out open.p12
openssl pkey -in peer.pem -aes256 -passout file:passin -out pkcs8.pem
openssl pkcs8 -topk8 -in peer.pem -outform DER -passout file:passin -out pkcs8.der
openssl ec -in peer.pem -aes256 -passout file:passin -out old.pem 2> /dev/null
for file in peer.p12 pkcs8.pem pkcs8.der old.pem; do
	run --passin=passin import 0x010101A0 $file; check "import of $file" 0 '' '*EC key pair on P-256 imported'
	into back export 0x010101A0; same 'its public key' peer.pub back
	run -y delete 0x010101A0
	run --passin=wrong import 0x010101A0 $file; check "$file, wrong password" 2 '' '*wrong password*'
	run import 0x010101A0 $file; check "$file, no terminal" 2 '' '*no terminal*--passin*'
	[ "$(wc -l <<< "$err")" = 1 ] || status=9
				check 'that is said once' 2 '' '*'
done
run import 0x010101A0 open.p12; check 'PKCS#12 with an empty password' 0 '' '*imported'
run -y delete 0x010101A0
run --passin=pass:secret import 0x010101A0 pkcs8.pem; check 'a password in the command line' 2 '' '*--passin names a file*'
input=passin run --passin=stdin import 0x010101A0 pkcs8.pem; check '--passin=stdin' 0 '' '*imported'
run -y delete 0x010101A0
for type in 'ecdsa -b 256' 'ecdsa -b 384' 'rsa -b 1024' ed25519; do
	rm -f id id.pub
	# shellcheck disable=SC2086 # words
	ssh-keygen -q -t $type -N '' -f id
	ssh-keygen -e -m PKCS8 -f id.pub > id.pem 2> /dev/null
	run import 0x010101A0 id; check "OpenSSH, $type" 0 '' '*imported'
	into back export 0x010101A0
	case $type in
	ed25519) openssl pkey -pubin -in back -outform DER | tail -c 32 > back.raw
		cut -d ' ' -f 2 id.pub | base64 -d | tail -c 32 > id.raw
		same 'its public key' id.raw back.raw ;;
	*) same 'its public key' id.pem back ;;
	esac
	into sig sign 0x010101A0 message
	run verify 0x010101A0 sig message; check 'it signs' 0 '' '*good'
	run -y delete 0x010101A0
done
rm -f id id.pub
ssh-keygen -q -t ed25519 -N secret -f id
run import 0x010101A0 id;       check 'OpenSSH, encrypted' 2 '' '*ssh-keygen -p*'
head -c 200 id > torn
run import 0x010101A0 torn;     check 'OpenSSH, torn' 2 '' '*'
run show 0x010101A0;            check 'nothing was made' 3 '' '*no object*'

# ---- seal ----

for key in key 0x01010195 0x010101B0; do
	[ $key = key ] || [ $key = 0x01010195 ] || run --policy='any:agree,read,delete' keygen $key x25519
	into sealed seal $key long;   check "seal with $key" 2 '' '*more than*'
	head -c 100000 long > part
	into sealed seal $key part;   check "seal with $key" 0 '' '*opens it*'
	into back unseal $key sealed; same 'unseal' part back
	for at in 12 20 40 80 5000; do
		cp sealed torn
		byte=$(od -An -tu1 -j $at -N 1 torn)
		# shellcheck disable=SC2059 # the byte is the format
		printf "\\x$(printf %02x $((byte ^ 255)))" | dd of=torn bs=1 seek=$at conv=notrunc status=none
		into back unseal $key torn; check "changed at $at" 3 '' '*'
	done
	head -c 99999 sealed > torn
	into back unseal $key torn; check 'cut' 3 '' '*was changed*'
done
check_policy=$(run seal 0x010101B0 message; echo "$err")
status=0 out='' err=$check_policy; check 'the policy in words' 0 '' '*as its policy says*anybody may: agree*'
run unseal key sealed;          check 'another key sealed it' 3 '' '*the key 0x010101B0 sealed*'
run unseal key message;         check 'not a sealed file' 2 '' '*not a file*'
run seal 0x01010102 message;    check 'seal with a file' 3 '' '*wrong kind: file*'
SIM_CHIP=SE050C SIM_STATE=$tmp/old run --type=aes import 0x01010195 aes.key
SIM_CHIP=SE050C SIM_STATE=$tmp/old into sealed seal 0x01010195 message
				check 'an older chip, without AES-GCM of its own' 0 '' '*does not tell'
SIM_CHIP=SE050C SIM_STATE=$tmp/old into back unseal 0x01010195 sealed
				same 'opens it too' message back
SIM_CHIP=SE050C SIM_STATE=$tmp/third run --type=aes import 0x01010195 aes.key
SIM_CHIP=SE050C SIM_STATE=$tmp/third run unseal 0x01010195 sealed
				check 'another chip does not' 3 '' "*another chip's key*"

# ---- doctor, trace ----

run doctor;                     check doctor 0 '*versions  ok *node      ok *link      ok *SIMULATED*applet    ok *7.2*key       ok*' ''
run --json doctor;              check 'doctor --json' 0 '{"what":"versions","good":true,*' ''
device=/dev/no-such-chip
run doctor;                     check 'doctor without a chip' 1 '*node      BAD  /dev/no-such-chip*' ''
device=/dev/null
run doctor;                     check 'doctor with another device' 1 '*node      BAD *another device*' ''
unset device
SIM_CHIP=none SIM_STATE='' run doctor; check 'doctor without the applet' 1 '*applet    BAD *' ''
run --trace --user-id=0x01010171 --password-file=password sign key message
check 'trace' 0 '*' '*> SELECT, *> VerifySessionUserID*< 9000, *> Sign in a session, *bytes*> CloseSession in a session, *'
case $err in *secret* | *736563* | *61206D65*) status=9 ;; esac
check 'no payload in it' 0 '*' '*'

echo "1..$n"
exit $failed
