#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# se05x-tool refpem, csr, cert enroll: judged by openssl, and every kind of bad input. TAP.
#
#   iot_request_test.sh BUILD-FOLDER
# shellcheck disable=SC2034 # what check looks at
set -u

build=$(realpath "${1:?usage: iot_request_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/tool.sh"

export SIM_STATE=$tmp/state SIM_CHIP=SE051 SE05X_ALIASES=/dev/null
cd "$tmp" || exit 1

run keygen 0x01010101 p256
run keygen 0x01010102 p521
run keygen 0x01010103 ed25519
run keygen 0x01010104 rsa2048
run keygen 0x01010105 x25519
run --policy=any:sign,read,delete keygen 0x01010106 rsa1024
echo secret > password
run --password-file=password userid 0x01010110
run name 0x01010101 door
for key in 1 2 3 4 5; do run -o pub$key.der --der export 0x0101010$key; done
run --hex get 0x7FFF0206
chip=$out

# ---- files that name a key ----

for key in 1 2 3 4 5; do
	run -o key$key.pem refpem 0x0101010$key; check "refpem 0x0101010$key" 0 '' ''
	openssl_says asn1parse -in key$key.pem; check 'is DER in PEM' 0 "*INTEGER *:01*INTEGER *:0101010$key*OCTET STRING*SEQUENCE*" ''
	status=$(openssl asn1parse -in key$key.pem -noout -out - | tail -c "$(stat -c %s pub$key.der)" | cmp - pub$key.der > /dev/null; echo $?)
	out='' err='';		check 'with the public key at its end' 0 '' ''
done
[ "$(head -n 1 key1.pem)" = '-----BEGIN SE05X KEY-----' ]; status=$?; check 'and a name of its own' 0 '*' '*'
run --json refpem door;         check 'refpem --json, by name' 0 "{\"id\":\"0x01010101\",\"unique_number\":\"$chip\",\"pem\":\"-----BEGIN SE05X KEY-----?u000a*\"}" ''
run -o user.pem --user=0x01010110 refpem door; check '--user' 0 '' ''
openssl_says asn1parse -in user.pem; check 'is in it' 0 '*cont ?[ 0 ]*' ''
run --json --user=0x01010110 refpem door; check 'and in JSON' 0 '*"user":"0x01010110"*' ''
run --user=0x01010101 refpem door; check 'a user that is a key' 3 '' '*wrong kind*not UserID*'
run --user=0x01010111 refpem door; check 'a user that is none' 3 '' '*no object 0x01010111*'
run refpem 0x01010199;          check 'no such key' 3 '' '*no object*'
run refpem 0x7FFF0206;          check 'no key' 3 '' '*wrong kind*'
run refpem;                     check 'of what' 2 '' "*--from=FILE*"
run --from=x refpem door;       check 'of two' 2 '' "*--from=FILE*"
openssl pkey -pubin -inform DER -in pub1.der -out pub1.pem
run import 0x01010120 pub1.pem
run refpem 0x01010120;          check 'a public half alone' 3 '' '*no private half*'

# ---- NXP's reference keys ----

# nxp_ec ID POINT-FILE: P-256, as AN13030 has it
nxp_ec() {
	printf '30770201010420100000000000000000000000000000000000%sA5A6B5B6A5A6B5B61000A00A06082A8648CE3D030107A144034200%s' \
		"$1" "$(tail -c 65 "$2" | basenc --base16 -w 0)" | basenc --base16 -d |
		openssl ec -inform DER 2> /dev/null
}
nxp_ec 01010101 pub1.der > nxp.pem
run -o from.pem --from=nxp.pem refpem; check 'a reference key of NXP' 0 '' ''
cmp from.pem key1.pem; status=$? out='' err=''; check 'becomes one of ours' 0 '' ''
nxp_ec 01010199 pub1.der > nxp2.pem
run --from=nxp2.pem refpem;     check 'of no key' 3 '' '*no object 0x01010199*'
run keygen 0x01010121 p256
nxp_ec 01010121 pub1.der > nxp3.pem
run --from=nxp3.pem refpem;     check 'of a key that was replaced' 3 '' '*nxp3.pem is not the one in the chip*'
nxp_ec 00000000 pub1.der > nxp4.pem
run --from=nxp4.pem refpem;     check 'of number 0' 2 '' '*no reference key*'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out own.pem
run --from=own.pem refpem;      check 'a key of its own' 2 '' "*no reference key of NXP's*'import' takes*"
run --from=pub1.pem refpem;     check 'a public key' 2 '' '*a public key*'
run --from=/no/file refpem;     check 'no file' 2 '' '*No such file*'
run --from=password refpem;     check 'no key in the file' 2 '' '*neither PEM nor DER*'
run --from=key1.pem refpem;     check 'ours already' 2 '' '*SE05X KEY*'

# P-521, whose number is more than the order
point=$(tail -c 133 pub2.der | basenc --base16 -w 0)
printf '3081DC0201010442%s%sA5A6B5B6A5A6B5B61000A00706052B81040023A1818903818600%s' \
	"10$(printf %0102d 0)" 01010102 "$point" | basenc --base16 -d > nxp521.der
run -o from.pem --from=nxp521.der refpem; check 'a reference key on P-521' 0 '' ''
cmp from.pem key2.pem; status=$? out='' err=''; check 'the same' 0 '' ''

modulus=$(openssl rsa -pubin -inform DER -in pub4.der -noout -modulus | cut -d = -f 2)
nxp_rsa() {	# P Q COEFFICIENT
	openssl asn1parse -genconf <(echo "asn1 = SEQUENCE:rsa
[rsa]
version = INTEGER:0
n = INTEGER:0x$modulus
e = INTEGER:0x10001
d = INTEGER:0x587a2439
p = INTEGER:$1
q = INTEGER:$2
dp = INTEGER:0xc1c90acc
dq = INTEGER:0x24950bb0
qi = INTEGER:$3") -noout -out nxp-rsa.der
}
nxp_rsa 1 0x01010104 0xA5A6B5B6
run -o from.pem --from=nxp-rsa.der refpem; check 'a reference key, RSA' 0 '' ''
cmp from.pem key4.pem; status=$? out='' err=''; check 'the same, RSA' 0 '' ''
nxp_rsa 1 0x01010104 0xA5A6B5B7
run --from=nxp-rsa.der refpem;  check 'another coefficient' 2 '' '*no reference key*'
nxp_rsa 3 0x01010104 0xA5A6B5B6
run --from=nxp-rsa.der refpem;  check 'another prime' 2 '' '*no reference key*'
nxp_rsa 1 0x0101010400 0xA5A6B5B6
run --from=nxp-rsa.der refpem;  check 'a longer number' 2 '' '*no reference key*'

# ---- requests ----

for key in 1:ecdsa-with-SHA256 2:ecdsa-with-SHA256 3:ED25519 4:sha256WithRSAEncryption 6:sha256WithRSAEncryption; do
	run -o csr.pem --subject=/CN=device-1/O=Example csr 0x0101010${key%:*}; check "csr 0x0101010${key%:*}" 0 '' ''
	openssl_says req -in csr.pem -verify -noout -text
	check "is signed with ${key#*:}" 0 "*Subject: CN = device-1, O = Example*Key Usage: critical*Digital Signature*Signature Algorithm: ${key#*:}*" '*verify OK*'
done
run -o csr.pem --hash=sha512 --subject='/CN=a\/b+c/O=Ünit=1' --san='a.example.org,192.0.2.1,2001:db8::1,URI:urn:x:1,email:a@b.org' --usage=client,server csr 0x01010104
check 'csr with names and usage' 0 '' ''
openssl_says req -in csr.pem -verify -noout -text -nameopt utf8
check 'all of it is there' 0 '*CN=a/b+c*O=Ünit=1*DNS:a.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, URI:urn:x:1, email:a@b.org*Digital Signature, Key Encipherment*TLS Web Client Authentication, TLS Web Server Authentication*sha512WithRSAEncryption*' '*verify OK*'
run -o csr.der --der --subject=device-2 csr 0x01010101
openssl_says req -inform DER -in csr.der -verify -noout -subject; check 'csr --der, a common name alone' 0 'subject=CN = device-2' '*OK*'
run --json --subject=device-2 csr 0x01010101; check 'csr --json' 0 '{"csr":"-----BEGIN CERTIFICATE REQUEST-----?u000a*"}' ''
run --san=only.example.org csr 0x01010101; check 'names alone' 0 '*REQUEST*' ''
run csr 0x01010101;             check 'csr of whom' 2 '' '*--subject*--san*'
for subject in CN=a / /CN /CN= /XYZ=a '/CN=a/' ''; do
	run --subject="$subject" csr 0x01010101; check "bad subject '$subject'" 2 '' '*--subject*'
done
for san in '@section' 'DNS:' 'IP:1.2.3' 'dirName:x' ',' "$(printf %03000d 1)"; do
	run --san="$san" csr 0x01010101; check "bad names '${san:0:20}'" 2 '' '*--san*'
done
run --subject=a --usage=fly csr 0x01010101; check 'bad usage' 2 '' "*--usage 'fly'*client, server*"
run --subject=a --hash=md5 csr 0x01010101; check 'bad hash' 2 '' '*--hash md5*'
run --subject=a --hash=sha256 csr 0x01010103; check 'a hash for Ed25519' 2 '' '*no --hash*'
run --subject=a csr 0x01010105; check 'X25519 signs nothing' 3 '' '*wrong kind*'
run --subject=a csr 0x01010199; check 'no key to sign with' 3 '' '*no object*'
run --subject=a csr 0x01010120; check 'a public key signs nothing' 3 '' '*wrong kind*'
run --policy=any:read,delete keygen 0x01010122 p256
run --subject=a csr 0x01010122; check 'a key that may not sign' 3 '' '*denied*'
run --policy='0x01010110:sign,read,delete;any:read' keygen 0x01010123 p256
run --user-id=0x01010110 --password-file=password --subject=a csr 0x01010123; check 'a key of a UserID' 0 '*REQUEST*' ''

# ---- enrolling, by any CA that takes a request ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=CA \
	-keyout ca.key -out ca.pem 2> /dev/null
cat > ca <<'EOC'
#!/bin/sh
openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -copy_extensions copy 2> /dev/null
cat $1
EOC
chmod +x ca
run --subject=device-1 --usage=client --ca=./ca cert enroll 0x0101010A; check 'enroll: no key' 3 '' '*no object*'
run --subject=device-1 cert enroll 0x01010104 0x01010130; check 'enroll without --ca' 2 '' '*--ca=COMMAND*'
run --subject=device-1 --usage=client --ca=./ca cert enroll 0x01010104 0x01010130; check 'enroll' 0 '' '*certificate of * bytes is kept*'
run -o cert.pem cert get 0x01010130
openssl_says verify -CAfile ca.pem -purpose sslclient cert.pem; check 'by that CA' 0 'cert.pem: OK' ''
openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER | cmp - pub4.der
status=$? out='' err='';        check 'for that key' 0 '' ''
touch asked
run --subject=device-1 --ca='rm asked; ./ca' cert enroll 0x01010104 0x01010130; check 'enroll: taken' 3 '' '*taken*--update*'
[ -e asked ]; status=$? out='' err=''; check 'and no CA was asked' 0 '' ''
run --subject=device-2 --ca='./ca ca.pem' cert enroll 0x01010103 0x01010131; check 'enroll a chain' 0 '' '*chain of 2 certificates*'
run --subject=device-2 --ca=./ca --update cert enroll 0x01010103 0x01010131; check 'enroll --update' 0 '' '*'
run keygen 0x01010140 p256
run --json --subject=device-3 --ca=./ca cert enroll 0x01010140; check 'enroll --json, to the next number' 0 '{"id":"0x01010141"*' ''
run --subject=a --ca='exit 3' cert enroll 0x01010101 0x01010150; check 'a CA that fails' 3 '' "*'exit 3' failed: exit status 3"
run --subject=a --ca='kill -9 $$' cert enroll 0x01010101 0x01010150; check 'a CA that dies' 3 '' '*signal 9'
run --subject=a --ca=true cert enroll 0x01010101 0x01010150; check 'a CA that says nothing' 3 '' '*neither PEM nor DER*'
run --subject=a --ca='cat' cert enroll 0x01010101 0x01010150; check 'a CA that gives the request back' 3 '' '*CERTIFICATE REQUEST*'
run --subject=a --ca='cat ca.pem' cert enroll 0x01010101 0x01010150; check 'the certificate of another key' 3 '' '*another key'
run --subject=a --ca='./ca cert.pem' cert enroll 0x01010101 0x01010150; check 'no chain' 3 '' '*no chain*'
run --subject=a --ca='cat /dev/zero' cert enroll 0x01010101 0x01010150; check 'a CA without an end' 3 '' '*'
run --subject=a --ca=./ca cert enroll 0x01010101 0x7FFF0300; check 'a reserved place' 2 '' '*reserved*'
run show 0x01010150;            check 'nothing was written' 3 '' '*no object*'

echo "1..$n"
exit $failed
