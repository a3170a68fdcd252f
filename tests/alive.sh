# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# To be sourced: long work says once in a while that it goes on. Where there is no
# terminal, a minute of silence looks like a machine that hangs.

# Run the command each 50 s ($SE05X_ALIVE) until this script has ended
alive() {	# COMMAND [ARGUMENT...]
	# shellcheck disable=SC2034 # alive: for who must close it
	# The loop reads from a pipe that nobody writes to. It ends at once when the
	# pipe closes, and soon where a daemon inherited the other end.
	exec {alive}> >(
		while read -rt "${SE05X_ALIVE:-50}"; [ $? -gt 128 ] && kill -0 $$ 2> /dev/null; do
			"$@"
		done
	)
}
