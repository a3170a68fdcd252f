// SPDX-License-Identifier: GPL-2.0-only
/* The driver's secure channel as it is, in the test's own module */
#include "../../kernel/se05x_scp.c"
