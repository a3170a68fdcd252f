# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The VM's command, started by systemd; as the end of init
stty -F /dev/ttyS1 raw -echo
bash /run/share/command < /dev/null > /dev/ttyS1 2>&1
status=$?
stty -F /dev/ttyS1 > /dev/null	# returns when the line is drained
echo $status > /run/share/status.new
mv /run/share/status.new /run/share/status
sync
echo b > /proc/sysrq-trigger
