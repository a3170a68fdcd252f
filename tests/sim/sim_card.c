// SPDX-License-Identifier: GPL-2.0-only
/* The card, compiled once more: a host build may have left a card.o beside it. */
#include "../card/card.c"
