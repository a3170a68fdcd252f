#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the VM: KUnit's results as flat TAP
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
insmod "$top/build/$SE05X_KERNEL/tests/kunit/se05x-kunit.ko"
sed -n -E 's/^    (ok |not ok |1\.\.)/\1/p' /sys/kernel/debug/kunit/se05x/results
