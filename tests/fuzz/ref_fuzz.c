// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that name a key, which come from anywhere: by PEM, and by what is in it. What is
 * taken is written again and has to be the same; and nothing is left in libcrypto's queue.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "keys.h"

static void check_same(const struct keys_ref *ref, const uint8_t *der, size_t len)
{
	uint8_t *again;
	int n = keys_ref_encode(ref, &again);

	if (!ref->id || !ref->kind || !ref->spki_len || n < 0 || (der && ((size_t)n != len ||
	    memcmp(again, der, len))))
		abort();
	OPENSSL_free(again);
}

/* What is read of it stays, and what is written of it is read as it was. */
static void check_pem(const struct keys_ref *ref)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct keys_ref back;
	const char *why;

	if (!keys_ref_write(bio, ref) || keys_ref_read(bio, &back, &why) != KEYS_REF_GOOD ||
	    back.id != ref->id || back.user != ref->user || back.kind != ref->kind ||
	    back.spki_len != ref->spki_len || memcmp(back.chip, ref->chip, sizeof(back.chip)) ||
	    memcmp(back.spki, ref->spki, ref->spki_len))
		abort();
	keys_ref_clear(&back);
	BIO_free(bio);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct keys_ref ref;
	BIO *bio;

	if (keys_ref_decode(data, size, &ref, &why))
		check_same(&ref, data, size);
	else if (!why || ref.spki)
		abort();
	keys_ref_clear(&ref);

	why = NULL;
	bio = BIO_new_mem_buf(data, size);
	switch (keys_ref_read(bio, &ref, &why)) {
	case KEYS_REF_GOOD:
		check_same(&ref, NULL, 0);
		check_pem(&ref);
		break;
	case KEYS_REF_BAD:
		if (!why || ref.spki)
			abort();
		break;
	case KEYS_REF_NONE:
		if (ref.spki)
			abort();
		break;
	}
	keys_ref_clear(&ref);
	BIO_free(bio);
	if (ERR_peek_error())
		abort();
	return 0;
}
