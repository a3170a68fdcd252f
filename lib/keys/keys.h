/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tool, the OpenSSL provider and the PKCS#11 module share beyond libse05x-iot:
 * names, hashes, public keys for libcrypto, and a chip that outlives fork and rebind.
 * A static library on libse05x-iot and libcrypto; not installed.
 */
#ifndef SE05X_KEYS_H
#define SE05X_KEYS_H

#include <stdatomic.h>

#include <openssl/evp.h>

#include "se05x-iot.h"

/* ---- ids and names: names.c ---- */

/*
 * 0x and hex digits, or decimal digits that don't begin with 0, but for 0 itself; nothing
 * before it or behind it. Return: false if it is no such number, or more than 64 bits.
 */
bool keys_parse_number(const char *text, uint64_t *number);
/*
 * The same for an id: up to eight hex digits. Return: false for what no object can have too
 * (0, 0xFFFFFFFF).
 */
bool keys_parse_id(const char *text, uint32_t *id);
/* Does it begin as a number does? Then it is no name. */
bool keys_looks_like_id(const char *text);

/*
 * For EVP_PKEY_CTX_new_from_name(): with "EC" it takes the methods of an ENGINE that is the
 * process's default, as openssl -engine and nginx's ssl_engine make one, and those make no
 * key of a context's own. It knows no ENGINE by these names of the same.
 */
#define KEYS_EC		"1.2.840.10045.2.1"
#define KEYS_RSA	"1.2.840.113549.1.1.1"

/*
 * keys_free_id() - one at random that no object has, from where users' objects are made:
 * 0x50000000 to 0x5FFFFEFF
 *
 * Return: 0; -EIO: no random numbers; as se05x_iot_exists().
 */
int keys_free_id(struct se05x_iot *iot, OSSL_LIB_CTX *ctx, uint32_t *id,
		 struct se05x_call *call);

#define KEYS_NAME_MAX	256	/* with its NUL */

/*
 * The user's alias file, $SE05X_ALIASES or ~/.config/se05x/aliases: lines NAME = ID, #
 * begins a comment, and what is no such line is passed over. Return: false without such
 * an alias.
 */
bool keys_alias(const char *name, uint32_t *id);
/* The first alias that an object has */
bool keys_alias_of(uint32_t id, char name[KEYS_NAME_MAX]);

/* ---- names that are kept in the chip: pages.c ---- */

#define KEYS_LABEL_MAX	64
#define KEYS_CKA_ID_MAX	64

/**
 * struct keys_name - what an object is called
 * @id: the object
 * @sequence: filled in by keys_names_write()
 * @fingerprint: of keys_object_fingerprint(): if the object's is another one now, the name
 *	is not its own
 * @label: UTF-8; "": it has no name any more
 * @cka_id: as PKCS#11 has it
 * @cka_id_len: bytes of it; 0: the default, the identifier
 */
struct keys_name {
	uint32_t id;
	uint32_t sequence;
	uint8_t fingerprint[8];
	char label[KEYS_LABEL_MAX + 1];
	uint8_t cka_id[KEYS_CKA_ID_MAX];
	uint8_t cka_id_len;
};

struct keys_names;

/* Is that where pages are? */
bool keys_is_page(uint32_t id);

/*
 * keys_names_read() - all names in the chip; a chip without any has none
 *
 * What is torn, or not of this project, is passed over. Return: 0; -ENOMEM; as
 * libse05x-iot's functions where the chip could not be asked. keys_names_free() it.
 */
int keys_names_read(struct se05x_iot *iot, struct keys_names **names, struct se05x_call *call);
/*
 * keys_names_read_of() - the same, by a list of all objects that the caller has
 * @before: what was read earlier, or NULL: full pages are not read once more
 */
int keys_names_read_of(struct se05x_iot *iot, const uint32_t *ids, size_t n,
		       const struct keys_names *before, struct keys_names **names,
		       struct se05x_call *call);
void keys_names_free(struct keys_names *names);
/* The object's; NULL: none. Its fingerprint is not compared yet. */
const struct keys_name *keys_names_of(const struct keys_names *names, uint32_t id);
/* One after the other: NULL after the last */
const struct keys_name *keys_names_next(const struct keys_names *names,
					const struct keys_name *before);

/*
 * keys_names_find() - whose name is it?
 * @iot: handle
 * @names: of keys_names_read()
 * @ctx: libcrypto's, for keys_object_fingerprint()
 * @label: name
 * @name: in: NULL, or the one before; out: the next one with that label whose object is
 *	there and is that one still; NULL: none
 * @object: out: the object
 * @call: not NULL
 *
 * Return: 0; as libse05x-iot's functions where the chip could not be asked.
 */
int keys_names_find(struct se05x_iot *iot, const struct keys_names *names, OSSL_LIB_CTX *ctx,
		    const char *label, const struct keys_name **name,
		    struct se05x_iot_object *object, struct se05x_call *call);

/*
 * keys_names_write() - give an object a name, or take it away
 * @iot: handle, under se05x_lock() since @names was read
 * @names: of keys_names_read(); to be read anew after it
 * @name: new
 * @how: for a page that has to be made
 * @call: not NULL
 *
 * One write as a rule. After a power cut at any moment the old name is there, or the new.
 *
 * Return: 0; -EINVAL: no name, see keys_label_valid(); -EDQUOT: no room; as libse05x-iot's
 * functions.
 */
int keys_names_write(struct se05x_iot *iot, struct keys_names *names,
		     const struct keys_name *name, const struct se05x_iot_new *how,
		     struct se05x_call *call);

/*
 * keys_names_prepare() - see to it that a name of any length can be written
 *
 * As keys_names_write(), before an object is made that is to have a name.
 */
int keys_names_prepare(struct se05x_iot *iot, struct keys_names *names,
		       const struct se05x_iot_new *how, struct se05x_call *call);

/* 1 to 64 bytes of UTF-8 without control characters, which does not begin with 0x */
bool keys_label_valid(const char *label);

/*
 * keys_object_fingerprint() - what tells an object from another one at its place
 *
 * 8 bytes: of SHA-256 of the SubjectPublicKeyInfo, or of the file; where nobody can read
 * what it holds, kind and size.
 */
int keys_object_fingerprint(struct se05x_iot *iot, const struct se05x_iot_object *object,
			    OSSL_LIB_CTX *ctx, uint8_t fingerprint[8], struct se05x_call *call);

/* The same of what nobody can read, such as a secret key: nothing is asked */
void keys_kind_fingerprint(const struct se05x_iot_object *object, uint8_t fingerprint[8]);

/* ---- hashes: hash.c ---- */

struct keys_hash {
	enum se05x_iot_hash hash;
	const char *name;	/* as people write it, and as EVP_MD_fetch() knows it */
	size_t len;		/* of a digest */
	int ecdsa_nid;		/* of the signature algorithm */
};

/* NULL: no such hash. Names in any case, with or without dash: SHA-256. */
const struct keys_hash *keys_hash(enum se05x_iot_hash hash);
const struct keys_hash *keys_hash_by_name(const char *name);
const struct keys_hash *keys_hash_by_len(size_t len);
/* All of them, one after the other, for a list: NULL after the last */
const struct keys_hash *keys_hash_next(const struct keys_hash *before);

#define KEYS_DIGEST_MAX	64

/*
 * keys_fit_digest() - a digest of any length, as the chip takes one for ECDSA
 * @fitted: out: the digest as it is, or made longer or shorter to what the chip knows, so
 *	that the signature is the same
 *
 * Return: the hash that the chip is to be told; NULL: too long, on P-521 only.
 */
const struct keys_hash *keys_fit_digest(const struct se05x_iot_curve *curve, const void *digest,
					size_t len, uint8_t fitted[KEYS_DIGEST_MAX]);

/*
 * ---- RSA's paddings (RFC 8017), around the chip's bare RSA: rsa.c ----
 *
 * @em is what the bare RSA is applied to, or gave; as long as the modulus.
 */

/* 9.2; @md NULL: @in is the whole DigestInfo. Return: false: it does not fit. */
bool keys_rsa_pad_pkcs1(const EVP_MD *md, const void *in, size_t len, uint8_t *em,
			size_t em_len);
#define KEYS_PSS_SALTLEN_AUTO_DIGEST_MAX	(-4)	/* of OpenSSL 3.1 and later */

/*
 * 9.1.1; @mgf: for the mask; @salt_len: bytes, or RSA_PSS_SALTLEN_...; @bits: of the modulus.
 * Return: false: it does not fit, or no random numbers.
 */
bool keys_rsa_pad_pss(OSSL_LIB_CTX *ctx, const EVP_MD *md, const EVP_MD *mgf, int salt_len,
		      const void *digest, uint8_t *em, unsigned int bits);
/*
 * 7.1.2, in constant time but for the result; @label may be NULL.
 * Return: bytes of the message in @out, which has room for @em_len; -1: bad.
 */
int keys_rsa_unpad_oaep(const EVP_MD *md, const EVP_MD *mgf, const void *label,
			size_t label_len, const uint8_t *em, size_t em_len, uint8_t *out);

#define KEYS_REJECTION_LEN	32

/*
 * keys_rsa_unpad_pkcs1() - 7.2.2, in constant time, with implicit rejection
 * @secret: KEYS_REJECTION_LEN bytes that only the key's owner can know, and are the same
 *	each time: what a bad message is replaced by is made of them and @in, so that nobody
 *	sees whether it was bad. NULL: say so.
 * @in: what was decrypted to @em, as long
 * @out: room for @em_len
 *
 * Return: bytes of the message; -1: bad, without @secret; or no memory.
 */
int keys_rsa_unpad_pkcs1(OSSL_LIB_CTX *ctx, const uint8_t *secret, const void *in,
			 const uint8_t *em, size_t em_len, uint8_t *out);

#define KEYS_PREMASTER_LEN	48

/*
 * keys_rsa_unpad_tls() - RFC 5246, 7.4.7.1: the premaster secret, in constant time; if
 * anything is wrong with it, a random one
 * @version: that the client offered
 * @other: another that is as good, for clients which send the one that was agreed on; 0: none
 *
 * Return: false: no random numbers.
 */
bool keys_rsa_unpad_tls(OSSL_LIB_CTX *ctx, unsigned int version, unsigned int other,
			const uint8_t *em, size_t em_len, uint8_t out[KEYS_PREMASTER_LEN]);

/* ---- public keys: public.c. libcrypto's errors are in its queue. ---- */

/* libcrypto's name of a curve, such as "prime256v1" */
const char *keys_group(const struct se05x_iot_curve *curve);
/* The chip's curve of a key; NULL: it has none */
const struct se05x_iot_curve *keys_curve(const EVP_PKEY *key);

/* A public key as the chip gives it, to libcrypto's; NULL: that is none */
EVP_PKEY *keys_from_point(OSSL_LIB_CTX *ctx, const struct se05x_iot_curve *curve,
			  const void *point);
EVP_PKEY *keys_from_rsa(OSSL_LIB_CTX *ctx, const void *n, size_t n_len, const void *e,
			size_t e_len);

/*
 * keys_public() - the public key of an object
 *
 * Return: 0; -EMEDIUMTYPE: it has none; -EPROTO: what the chip gave is none; as
 * libse05x-iot's functions. EVP_PKEY_free() it.
 */
int keys_public(struct se05x_iot *iot, const struct se05x_iot_object *object, OSSL_LIB_CTX *ctx,
		EVP_PKEY **key, struct se05x_call *call);

/*
 * keys_fingerprint() - first 8 bytes of SHA-256 of a key's SubjectPublicKeyInfo
 *
 * Return: false if it can't be made.
 */
bool keys_fingerprint(OSSL_LIB_CTX *ctx, EVP_PKEY *key, uint8_t fingerprint[8]);

/*
 * keys_verify() - is that the key's signature?
 * @key: public key
 * @padding: of an RSA key: SE05X_IOT_PADDING_PKCS1 or SE05X_IOT_PADDING_PSS
 * @hash: what made the digest; NULL for Ed25519: @digest is the message
 *
 * By the host, so that a chip that signs wrongly, or another key, is found out before
 * anybody else does.
 */
bool keys_verify(OSSL_LIB_CTX *ctx, EVP_PKEY *key, enum se05x_iot_padding padding,
		 const struct keys_hash *hash, const void *digest, size_t len, const void *sig,
		 size_t sig_len);

/* ---- files that name a key: ref.c ---- */

#define KEYS_REF_PEM	"SE05X KEY"	/* between BEGIN and the dashes */

/**
 * struct keys_ref - a key of a chip, as a PEM file names it
 * @id: the key
 * @user: UserID whose PIN it wants; 0: none
 * @chip: the chip's unique number
 * @kind: "EC", "RSA", "RSA-PSS", "ED25519", "X25519" or "X448"; not needed to write it
 * @spki: its SubjectPublicKeyInfo
 * @spki_len: bytes of it
 */
struct keys_ref {
	uint32_t id;
	uint32_t user;
	uint8_t chip[SE05X_IOT_UID_LEN];
	const char *kind;
	uint8_t *spki;
	size_t spki_len;
};

enum keys_ref_found {
	KEYS_REF_NONE,	/* no PEM, or the first block is another one */
	KEYS_REF_BAD,
	KEYS_REF_GOOD,
};

/*
 * keys_ref_read() - read up to the first block of a PEM file
 * @bio: at the beginning; if the first block is another one all after its first line is left
 * @ref: out: for keys_ref_clear()
 * @why: out: of KEYS_REF_BAD, in words
 *
 * Leaves no error in libcrypto's queue, and none that was there is lost. The public key is
 * not looked into, but for its kind.
 */
enum keys_ref_found keys_ref_read(BIO *bio, struct keys_ref *ref, const char **why);
/* Of the DER in it. Return: false, and @why. */
bool keys_ref_decode(const void *der, size_t len, struct keys_ref *ref, const char **why);
void keys_ref_clear(struct keys_ref *ref);
/* Return: bytes, OPENSSL_free() them; negative: no memory */
int keys_ref_encode(const struct keys_ref *ref, uint8_t **der);
bool keys_ref_write(BIO *bio, const struct keys_ref *ref);

/* ---- the chip: chip.c, burst.c ---- */

/*
 * keys_answered() - did the chip answer? One rule for all: a call that returned 0 and a
 * status word is the chip's answer, whatever the outcome says (simulators that skip the
 * link say that it may have run).
 */
static inline bool keys_answered(const struct se05x_call *call)
{
	return call->sw != 0;
}

/* keys_not_sent() - certainly nothing of it reached the chip */
static inline bool keys_not_sent(int ret, const struct se05x_call *call)
{
	return ret && !call->sw && call->outcome == SE05X_OUTCOME_NOT_SENT;
}

struct keys_chip;

/*
 * keys_chip_new() - a chip that is opened when it is first needed; NULL: no memory
 * @device: as se05x_open()
 *
 * For many threads at once. In a forked child a file of its own is opened, so that lock
 * and chains are not the parent's too; where the child may not open one, the parent's
 * serves single commands. After a rebind it goes on with the new device if the unique
 * number is the same. After five idle seconds a new file takes the place of the used one,
 * so that the chip may sleep, and children that are forked later have one that serves them;
 * but not with who may not open it any more.
 */
struct keys_chip *keys_chip_new(const char *device);
/*
 * keys_chip_open() - open the file now, if that can be, for children that may not
 *
 * Nothing is sent: the chip is neither waited for nor kept awake.
 */
void keys_chip_open(struct keys_chip *chip);
void keys_chip_free(struct keys_chip *chip);

/* One use of it, as KEYS_RUN() makes them */
struct keys_turn {
	struct se05x_iot *iot;
	unsigned int tries;
};

int keys_begin(struct keys_chip *chip, struct keys_turn *turn, struct se05x_call *call);
/*
 * keys_end() - the use is over; is the call to be tried again?
 *
 * Only if nothing of it was sent. After a mended link, a lost context, -EAGAIN or a rebind:
 * once. After a signal each time, as with SA_RESTART: a signal is no error of the chip's, and
 * programs do not expect a function of a library to fail by one.
 */
bool keys_end(struct keys_chip *chip, struct keys_turn *turn, int ret,
	      const struct se05x_call *call);

/*
 * Call one function of libse05x-iot; @call is its last argument, and not NULL. What was
 * not sent is tried again, as keys_end() says.
 * Evaluates to what it returned.
 */
#define KEYS_RUN(chip, call, function, ...) ({				\
	struct keys_turn keys_turn = { 0 };				\
	int keys_ret;							\
	do {								\
		keys_ret = keys_begin(chip, &keys_turn, call);		\
		if (!keys_ret)						\
			keys_ret = function(keys_turn.iot, __VA_ARGS__, call); \
	} while (keys_end(chip, &keys_turn, keys_ret, call));		\
	keys_ret; })

/* Its unique number; false: it was never open, so nobody knows it */
bool keys_chip_uid(struct keys_chip *chip, uint8_t uid[SE05X_IOT_UID_LEN]);
/* Are they the same chip, by whatever names? */
bool keys_chip_same(struct keys_chip *a, struct keys_chip *b);
/* Before it is used: with @none no thread is made for it, and so its file keeps the chip awake. */
void keys_chip_no_threads(struct keys_chip *chip, bool none);
/* Whichever chip is there is the one: it is opened anew when it is used next. */
void keys_chip_forget(struct keys_chip *chip);
/* Its file was opened by the parent of this process, and serves for want of another */
bool keys_chip_inherited(struct keys_chip *chip);

typedef int keys_run(struct se05x_iot *iot, void *arg, struct se05x_call *call);

/*
 * keys_burst() - several commands, and nobody else's between them; as the owner of a UserID
 * @chip: chip
 * @id: UserID
 * @pin: its value; NULL: as nobody
 * @len: bytes of it
 * @run: what is to be done, by the session it gets; NULL, with a PIN: nothing, so that the PIN
 *	is tried
 * @arg: for it
 * @call: not NULL
 *
 * On a file of its own, under the chip's lock: session, Verify, @run, and the session is
 * closed. Nothing stays open, and what was refused is not tried again; what was not sent is, as
 * keys_end() says, but not after a rebind. A child that is forked meanwhile has the file no more.
 *
 * Return: what @run returned; -EBADE: wrong PIN, and -EKEYREVOKED: blocked, and @run was not
 * called; as se05x_open(), se05x_lock() and se05x_iot_session_open().
 */
int keys_burst(struct keys_chip *chip, uint32_t id, const void *pin, size_t len, keys_run *run,
	       void *arg, struct se05x_call *call);

struct keys_session;

/*
 * keys_session_run() - as keys_burst(), in a session that stays open
 * @session: in and out: NULL, or the open one; it is NULL again when it was lost
 *
 * For a program that has the chip for itself: of the chip's two sessions one is taken, and
 * another program's SELECT ends it. One thread at a time.
 */
int keys_session_run(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
		     struct keys_session **session, keys_run *run, void *arg,
		     struct se05x_call *call);
/* *session is NULL then. In a forked child it only forgets what is its parent's. */
void keys_session_close(struct keys_session **session);

/* keys_burst() that does not show a PIN which was *@refused before, and says so there */
int keys_chip_burst(struct keys_chip *chip, uint32_t id, const void *pin, size_t len,
		    atomic_bool *refused, keys_run *run, void *arg, struct se05x_call *call);

/* ---- PINs that are kept: secret.c ---- */

#define KEYS_SECRET_MAX	64

struct keys_secret;

/*
 * keys_secret_new() - keep a PIN: locked in memory as far as the limit allows, in no core
 * file, and so in forked children too
 *
 * Return: NULL: no memory, or more than KEYS_SECRET_MAX bytes. keys_secret_free() wipes it
 * when nobody holds it any more.
 */
struct keys_secret *keys_secret_new(const void *bytes, size_t len);
struct keys_secret *keys_secret_hold(struct keys_secret *secret);
void keys_secret_free(struct keys_secret *secret);
/*
 * keys_burst() with it. What was refused once is not shown to the chip a second time,
 * neither by this process nor by those that it forked: -EBADE, and call->sw is 0.
 */
int keys_secret_burst(struct keys_chip *chip, uint32_t id, struct keys_secret *secret,
		      keys_run *run, void *arg, struct se05x_call *call);
bool keys_secret_refused(const struct keys_secret *secret);
/* Are both the same bytes? In constant time */
bool keys_secret_same(const struct keys_secret *a, const struct keys_secret *b);

#endif /* SE05X_KEYS_H */
