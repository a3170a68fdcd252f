# SPDX-License-Identifier: GPL-2.0-only
# bash completion for se05x-tool

_se05x_tool()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local commands="info doctor random timestamp list show name delete curve channel keygen import export refpem csr
		sign verify ecdh encrypt decrypt seal unseal mac hkdf put get cert counter pcr
		userid policy attest help"
	local words=$commands w command='' n=0
	local aliases=${SE05X_ALIASES:-$HOME/.config/se05x/aliases}

	# bash splits at "="
	[ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	[ "$cur" != = ] || cur=
	case $prev in
	-d | --device) words=$(compgen -G '/dev/se05x*') ;;
	-o | --output | --password-file | --passin | --key | --root | --from)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--hash) words="sha1 sha224 sha256 sha384 sha512" ;;
	--mode) words="pkcs1 pss oaep none cbc ecb ctr" ;;
	--type) words="aes des hmac" ;;
	--usage) words="client server client,server" ;;
	-t | --timeout | --aid | --iv | --salt | --info | --policy | --max-attempts | --auth | --freshness | \
	--unique-id | --user | --subject | --san | --ca) return ;;
	*)
		for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
			if [ -n "$command" ]; then
				n=$((n + 1))
			elif [[ $commands =~ (^|[[:space:]])"$w"($|[[:space:]]) ]]; then
				command=$w
			fi
		done
		case $cur,$command,$n in
		-*) words="--device= --aid= --timeout= --output= --hash= --digest --mode= --iv= --nopad
			--salt= --info= --type= --der --hex --policy= --max-attempts=
			--transient --for-auth --auth= --user-id= --password-file= --passin= --update --ids --from-nxp --prepare
			--key=
			--root= --from= --user= --subject= --san= --usage= --ca= --freshness= --unique-id= --trace --yes --force --json --quiet
			--help --version" ;;
		*,,*) ;;
		*,cert,0) words="put get enroll" ;;
		*,curve,0) words="list delete" ;;
		*,channel,0) words="load probe rotate mandate unmandate" ;;
		*,curve,1) words="p224 p256 p384 p521 brainpoolP256r1 brainpoolP384r1" ;;
		*,help,0) words=$commands ;;
		*,counter,0) words="new get add set" ;;
		*,pcr,0) words="new get extend" ;;
		*,keygen,1) words="p224 p256 p384 p521 ed25519 x25519 rsa2048 rsa3072 rsa4096" ;;
		*,cert,1 | *,counter,1 | *,pcr,1 | *,delete,* | *,*,0)
			words=$(sed -n 's/^ *\([^#= ]*\) *=.*/\1/p' "$aliases" 2> /dev/null) ;;
		*)	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return ;;
		esac ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _se05x_tool se05x-tool
