#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2317 # functions are called by expect
#
# Do check.sh, setup.sh, kernel.sh and the demonstration say that they go on? Each
# is held up until its line has come. Silent if so.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SE05X_ALIVE=0.2 SE05X_CACHE=$work
bad=0

# What is slow waits for the line: a minute at most, since the machine may be busy.
cat > "$work/until_told" <<END
#!/bin/bash
for _ in \$(seq 600); do
	! grep -qf "$work/line" "$work/out" || exit 0
	sleep 0.1
done
exit 1
END
mkdir "$work/bin"
ln -s ../until_told "$work/bin/apt-get"
ln -s ../until_told "$work/bin/make"
printf '#!/bin/sh\nexec "$@"\n' > "$work/bin/sudo"
printf '#!/bin/sh\nexit 1\n' > "$work/bin/dpkg-query"	# nothing is installed
chmod +x "$work/until_told" "$work"/bin/*

expect() {	# LINE COMMAND...
	echo "$1" > "$work/line"
	: > "$work/out"
	"${@:2}" > "$work/out" 2>&1 < /dev/null
	grep -qf "$work/line" "$work/out" ||
		{ echo "alive_test: no '$1' from $2:"; cat "$work/out"; bad=1; }
}

stage_slow() { "$SE05X_CACHE/until_told" && echo "ok 1 - told"; echo 1..1; }
export -f stage_slow

setup() {	# in a folder of its own, for its log
	mkdir -p "$work/top"
	ln -s "$PWD/tests" "$work/top/"
	(cd "$work/top" && PATH=$work/bin:$PATH tests/setup.sh host)
}

demo() { PATH=$work/bin:$PATH tests/demo/run.sh none; }

kernel() {	# which somebody else unpacks
	(
		flock 9
		"$work/until_told"
	) 9> "$work/none.lock" &
	while flock -n "$work/none.lock" true; do sleep 0.1; done
	tests/vm/kernel.sh none
	wait
}

expect '^-- running: slow [0-9]* s$' tests/check.sh slow
expect '^setup: apt-get is at work$' setup
expect '^demo: since [0-9]* s$' demo
expect '^kernel: none: since [0-9]* s$' kernel
exit $bad
