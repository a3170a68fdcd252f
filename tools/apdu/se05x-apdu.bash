# SPDX-License-Identifier: GPL-2.0-only
# bash completion for se05x-apdu

_se05x_apdu()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local iot=A0000003965453000000010300000000 words w
	local commands="info atr send select reset list monitor stats trace" command=

	# bash splits at "="
	[ "$prev" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}
	[ "$cur" != = ] || cur=
	case $prev in
	-d | --device)
		mapfile -t COMPREPLY < <(compgen -G "${cur:-/dev/}*" | grep /dev/se05x)
		return ;;
	-f | --file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	-s | --select | select)
		mapfile -t COMPREPLY < <(compgen -W "$iot" -- "$cur")
		return ;;
	-t | --timeout)
		return ;;
	esac
	for w in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ " $commands " != *" $w "* ]] || command=$w
	done
	case $cur in
	-*)	words="--device= --timeout= --select= --lock --file= --json --quiet --help --version" ;;
	*)	case $command in
		"") words=$commands ;;
		reset) words="soft chip power" ;;
		*) words= ;;
		esac ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
}
complete -F _se05x_apdu se05x-apdu
