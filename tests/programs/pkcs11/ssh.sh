#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# OpenSSH: ssh-keygen, ssh with sshd, ssh-agent; git over ssh, and git's signatures
# shellcheck source-path=SCRIPTDIR disable=SC2016,SC2086,SC2317 # what ok evaluates and calls
. "$(dirname "$0")/common.sh"

# who asks for the PIN
printf '#!/bin/sh\necho "$PIN"\n' > askpass
chmod 755 askpass
export SSH_ASKPASS=$tmp/askpass SSH_ASKPASS_REQUIRE=force

id=0
for key in ec=EC:secp256r1 rsa=rsa:2048 ec384=EC:secp384r1 ec521=EC:secp521r1; do
	id=$((id + 1))
	user --keypairgen --key-type ${key#*=} --id 0$id --label ${key%=*} > /dev/null 2>&1
done

# as ssh-keygen names what it can't tell apart otherwise
key() { grep -m 1 "$1.* $2\$" keys; }	# TYPE LABEL
ok "ssh-keygen -D" eval 'ssh-keygen -D "$module" > keys && cat keys'
ok "an EC key" key ecdsa-sha2-nistp256 ec
ok "one of P-384" key ecdsa-sha2-nistp384 ec384
ok "one of P-521" key ecdsa-sha2-nistp521 ec521
ok "an RSA key" key ssh-rsa rsa
key ecdsa-sha2-nistp256 ec > ec.pub
key ecdsa-sha2-nistp384 ec384 > ec384.pub
key ecdsa-sha2-nistp521 ec521 > ec521.pub
key ssh-rsa rsa > rsa.pub

# ---- a server ----

mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f host
cat > sshd_config <<EOC
ListenAddress 127.0.0.1
Port 2222
HostKey $tmp/host
AuthorizedKeysFile $tmp/authorized
TrustedUserCAKeys $tmp/ca
StrictModes no
UsePAM no
PidFile none
EOC
: > ca
/usr/sbin/sshd -D -e -f sshd_config 2> sshd.log &
begun+=($!)
until_ port 2222
echo "[localhost]:2222 $(cat host.pub)" > known
cat > ssh_config <<EOC
Host chip
HostName localhost
Port 2222
User root
UserKnownHostsFile $tmp/known
PasswordAuthentication no
KbdInteractiveAuthentication no
EOC
enter() { ssh -F ssh_config "$@" chip echo come in | grep -x 'come in'; }
let_in() {	# KEY SSH-OPTION...
	local key=$1
	shift
	cp "$key.pub" authorized
	enter "$@"
}

for key in ec ec384 ec521 rsa; do
	ok "ssh, $key" let_in $key -o PKCS11Provider="$module"
done
ok "ssh -I" let_in ec -I "$module"
ok "ssh, that key alone" let_in ec -o PKCS11Provider="$module" -o IdentitiesOnly=yes -i ec.pub
: > authorized
ok "another key is not let in" fails enter -o PKCS11Provider="$module"

# a user's certificate by a CA in the token
ssh-keygen -q -t ed25519 -N '' -f mine
ok "ssh-keygen -s, the CA in the token" ssh-keygen -q -s ec.pub -D "$module" -I me -n root mine.pub
cp ec.pub ca
ok "ssh by that certificate" enter -i mine
: > ca

# ---- the agent ----

ssh-agent -D -a agent > /dev/null &
begun+=($!)
until_ test -S agent
export SSH_AUTH_SOCK=$tmp/agent
ok "ssh-add -s" ssh-add -s "$module"
ok "ssh-add -l" ssh-add -l
ok "it has the EC key" said ECDSA
ok "and the RSA key" said RSA
ok "ssh-add -T" ssh-add -T ec.pub rsa.pub
for key in ec rsa; do
	ok "ssh by the agent, $key" let_in $key
done
together() {
	local i jobs=()
	for i in 1 2 3 4; do
		enter & jobs+=($!)
	done
	for i in "${jobs[@]}"; do wait "$i" || return 1; done
}
ok "four at once" together

# ---- git ----

cp ec.pub authorized
export GIT_SSH_COMMAND="ssh -F $tmp/ssh_config"
git config --global user.name somebody
git config --global user.email somebody@example.org
git config --global gpg.format ssh
git config --global gpg.ssh.allowedSignersFile "$tmp/allowed"
git config --global init.defaultBranch main
git config --global --add safe.directory '*'
for key in ec rsa; do
	echo "somebody@example.org $(cat $key.pub)"
done > allowed
git init -q --bare server.git
git init -q work
for key in ec rsa; do
	ok "git commit -S, $key" git -C work -c user.signingkey="$tmp/$key.pub" commit -q --allow-empty -S -m $key
	ok "git verify-commit" git -C work verify-commit HEAD
	ok "it is good" said 'Good "git" signature for somebody@example.org'
done
ok "git tag -s" git -C work -c user.signingkey="key::$(cat ec.pub)" tag -s -m tag v1
ok "git verify-tag" git -C work verify-tag v1
ok "git push over ssh" git -C work push -q "chip:$tmp/server.git" main v1
ok "git clone over ssh" git clone -q "chip:$tmp/server.git" clone
ok "has the signed tag" git -C clone verify-tag v1
ok "ssh-keygen -Y sign" eval 'ssh-keygen -Y sign -n file -f ec.pub < keys > keys.sig'
ok "ssh-keygen -Y verify" eval 'ssh-keygen -Y verify -n file -f allowed -I somebody@example.org -s keys.sig < keys'

ok "ssh-add -e" ssh-add -e "$module"
ok "nobody gets in" fails enter
plan
