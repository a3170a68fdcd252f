// SPDX-License-Identifier: GPL-2.0-only
/* The driver's link layer as it is, in the test's own module */
#include "../../kernel/se05x_poll.c"
