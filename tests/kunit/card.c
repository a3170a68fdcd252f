// SPDX-License-Identifier: GPL-2.0-only
/* The card as it is, in the test's own module */
#include "../card/card.c"
