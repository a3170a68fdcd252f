#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# README's section for who writes programs, docs/device-certificate.md and openssl.md: their commands
# are typed into a shell as they stand there. docs/simulator.md: its options and chips are
# those of the program. TAP.
#
#   readme_test.sh BUILD-FOLDER
# shellcheck disable=SC2016 # backquotes of Markdown, words for other shells
set -u

build=$(realpath "${1:?usage: readme_test.sh BUILD-FOLDER}")
tool=$build/tools/se05x-tool
here=$(realpath "$(dirname "$0")")
top=$(realpath "$here/../..")
# shellcheck source-path=SCRIPTDIR
. "$here/tool.sh"
# shellcheck source=tests/blocks.sh
. "$top/tests/blocks.sh"
cd "$top" || exit 1

# type_in: what comes on stdin is typed in a clone where nobody is root. A program that reads
# its input, as se05x-sim run sh does, gets the lines after its own.
clone=$tmp/clone
mkdir -p "$clone/build" "$tmp/bin"
ln -s "$top"/{Makefile,common.mk,README.md,lib,tools,include,packaging} "$clone"
ln -s "$build" "$clone/build/host"
printf '#!/bin/sh\necho "$*" >> %s\n' "$tmp/sudo" > "$tmp/bin/sudo"
chmod +x "$tmp/bin/sudo"
type_in() {
	out=$(cd "$clone" && env -u SE05X_DEVICE -u MAKELEVEL MAKEFLAGS=-s \
		BUILD="$build" PATH="$tmp/bin:$PATH" bash -e 2> "$tmp/err")
	status=$?
	err=$(cat "$tmp/err")
}

# ---- README ----

blocks README.md c 'Write programs' > "$clone/first.c"
type_in < <(blocks README.md sh 'Write programs')
check 'README, Write programs' 0 $'Verified OK\nVerified OK' '*no place for secrets*P-256 made'

want=$(sed -n '/^build="/,/"$/p' "$top/tests/setup.sh" | tr -d '"' | sed 's/^build=//' | xargs -n 1 | sort)
out=$(sed -n 's/^apt-get install -y //p' "$tmp/sudo" | xargs -n 1 | sort)
status=0 err=
check 'README, what has to be installed' 0 "$want" ''

# alone it makes its key itself, and without a chip it says so
out=$(head -c 32 /dev/zero | sim "$clone/first" 2> "$tmp/err" | wc -c)
status=$? err=$(cat "$tmp/err")
check 'README, the C program on a new chip' 0 '[67]?' ''
out=$(head -c 32 /dev/zero | SE05X_DEVICE=$tmp/none "$clone/first" 2>&1)
status=$?
check 'README, the C program without a chip' 1 'first: *no such*' ''

# ---- docs/device-certificate.md ----

# where the provider is when nothing is installed, and any free port for the server
walk() {
	blocks docs/device-certificate.md sh "$1" |
		sed "s|/usr/local/lib/ossl-modules|$build/lib/ossl-modules|; s/-accept 4433/-accept 0 -naccept 1/
			s/localhost:4433/localhost:\$port/
			s/^openssl s_server .*/exec &/"
}

# s_server, in the background, ends with its one client
cat > "$clone/walk" <<- END
	$(walk '^## [1-5]')
	$(walk '^## 6' | sed '/s_server/,$d')
	($(walk '^## 6' | sed -n '/s_server/,/-www/p')) > server.log 2>&1 &
	until port=\$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.log) && [ "\$port" ]; do
		kill -0 \$!
		sleep 0.05
	done
	trap "kill \$! 2> /dev/null || :" EXIT
	$(walk '^## 6' | sed '1,/-www/d')
	wait \$!
	grep -A 1 '^depth=0' server.log
END
type_in <<< "PATH=$build/tools:\$PATH se05x-sim --quiet run bash -e walk"
check 'device-certificate.md' 0 \
	'*verified *yes*Verification: OK*depth=0 CN = device-0001'$'\n''verify return:1' '*verify OK*'

# ---- docs/openssl.md ----

sed "s|^module = .*|module = $build/lib/ossl-modules/se05x.so|" "$build/lib/openssl-se05x.cnf" > "$clone/openssl.cnf"
blocks docs/openssl.md sh . | sed 's|/usr/local/share/se05x/openssl-se05x.cnf|openssl.cnf|' > "$clone/openssl"
type_in <<< "PATH=$build/tools:\$PATH se05x-sim --quiet run bash -e openssl"
check 'openssl.md' 0 '*se05x*status: active*se05x:0x01010103: OK' '*verify OK*certificate of * bytes is kept*'

# ---- docs/simulator.md ----

"$build/tools/se05x-sim" --help > "$tmp/help"
out=$(grep -o '`--[a-z-]*' "$top/docs/simulator.md" | tr -d '`' | sort -u | while read -r option; do
	grep -q -e "$option\b" "$tmp/help" || echo "$option"
done)
status=0 err=
check 'simulator.md, options' 0 '' ''

while read -r chip version; do
	case $chip in
	*F)	# all that such a part tells here is SELECT's answer
		command=("$build/tools/se05x-apdu" -q select a0000003965453000000010300000000)
		# shellcheck disable=SC2086 # three words
		version=$(printf '%02X' ${version//./ }) ;;
	*)	command=("$tool" info) ;;
	esac
	out=$(SIM_CHIP=$chip sim "${command[@]}" 2> "$tmp/err")
	status=$? err=$(cat "$tmp/err")
	check "simulator.md, $chip" 0 "*$version*" '*'
done < <(sed -n 's/^| `\([A-Z0-9]*\)`.* | \([0-9.]*\), [0-9A-F]* |.*/\1 \2/p' "$top/docs/simulator.md")

# ---- what README and docs point to ----

out=$(cd "$top" && for file in README.md docs/*.md; do
	grep -o ']([^)#]*' "$file" | sed 's/^](//' | grep -v '^[a-z]*:' | while read -r to; do
		[ -z "$to" ] || [ -e "$(dirname "$file")/$to" ] || echo "$file: $to"
	done
done)
status=0 err=
check 'links to files' 0 '' ''

out=$(grep -o '`\(lib\)\?se05x[a-z0-9-]*`' "$top/README.md" | tr -d '`' | sort -u |
	while read -r name; do
		grep -q "^Package: $name$" "$top/debian/control" ||
			[ -x "$build/tools/$name" ] || [ "$name" = se05x ] || echo "$name"
	done)
check 'packages and programs that README names' 0 '' ''

echo "1..$n"
exit "$failed"
