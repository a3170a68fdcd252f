// SPDX-License-Identifier: LGPL-2.1-or-later
/* Tables of handles */
#include <stdlib.h>

#include "pkcs11.h"

#define PLACE_BITS	20
#define PLACES_MAX	((1u << PLACE_BITS) - 1)
/* what is left of a CK_ULONG but for one bit, and of uint32_t */
#define USES_MAX	(sizeof(CK_ULONG) > 4 ? UINT32_MAX : (1u << (31 - PLACE_BITS)) - 1)

static CK_ULONG handle_of(const struct p11_table *table, size_t place)
{
	return (CK_ULONG)table->places[place].uses << PLACE_BITS | (place + 1);
}

CK_ULONG p11_table_add(struct p11_table *table, void *what)
{
	struct p11_place *more;
	size_t i;

	for (i = table->first; i < table->n; i++)
		if (!table->places[i].what)
			break;
	table->first = i;
	if (i == table->n) {
		size_t n = table->n ? 2 * table->n : 16;

		if (n > PLACES_MAX)
			return 0;
		more = realloc(table->places, n * sizeof(*more));
		if (!more)
			return 0;
		for (size_t j = table->n; j < n; j++)
			more[j] = (struct p11_place) { 0 };
		table->places = more;
		table->n = n;
	}
	table->places[i].what = what;
	return handle_of(table, i);
}

void *p11_table_get(const struct p11_table *table, CK_ULONG handle)
{
	size_t place = (handle & PLACES_MAX) - 1;	/* of handle 0 there is none */

	if (place >= table->n || handle_of(table, place) != handle)
		return NULL;
	return table->places[place].what;
}

void p11_table_remove(struct p11_table *table, CK_ULONG handle)
{
	size_t place = (handle & PLACES_MAX) - 1;

	if (!p11_table_get(table, handle))
		return;
	table->places[place].what = NULL;
	if (place < table->first)
		table->first = place;
	table->places[place].uses = (table->places[place].uses + 1) & USES_MAX;
}
