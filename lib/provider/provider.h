/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An OpenSSL 3 provider: keys that stay in an SE05x
 *
 * OpenSSL picks a provider by the name of a key's type, so ours has the types' own names,
 * and gets keys that are not in a chip too: those are the program's other providers'
 * (host.c), and every call for them goes on to these. A key in the chip has its public
 * half there as well: what needs no private half is done by them.
 *
 * The arrows: provider.c lists what there is; store.c makes keys of URIs (uri.c, certs.c), decoder.c
 * of files, which encoder.c writes, and pin.c gets the PINs for both; keymgmt.c and
 * generate.c are key management; message.c, signature.c, cipher.c and exchange.c use keys;
 * all of them stand on key.c, which has the chip's keys, and that on host.c.
 */
#ifndef SE05X_PROVIDER_H
#define SE05X_PROVIDER_H

#include <stdatomic.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>

#include "keys.h"

/* ---- types of keys: host.c ---- */

enum type { TYPE_EC, TYPE_RSA, TYPE_RSA_PSS, TYPE_ED25519, TYPE_X25519, TYPE_X448, TYPES };

/* "EC", as OpenSSL calls it */
const char *type_name(enum type type);
/* Return: TYPES if it is none of ours */
enum type type_by_name(const char *name);

/* ---- other providers: host.c ---- */

/* Who else in this program does a type of key: as OpenSSL's core would call it */
struct host {
	EVP_KEYMGMT *keymgmt;
	const OSSL_PROVIDER *provider;
	void *ctx;			/* the provider's */
	const OSSL_DISPATCH *keys;	/* its key management */
	OSSL_PARAM *gettable;		/* what its keys tell of themselves, and se05x-id */
};

/* One per loaded provider */
struct provider {
	const OSSL_CORE_HANDLE *handle;
	OSSL_LIB_CTX *child;	/* what the program has loaded */
	OSSL_LIB_CTX *own;	/* OpenSSL's default provider, whatever the program has loaded */
	_Atomic(struct chip *) chips;	/* all that were named, see provider_chip() */
	_Atomic(struct pin *) pins;	/* all that were given, see pin.c */
	_Atomic(const struct host *) hosts[TYPES];
};

/* Return: NULL, with an error raised, if nobody does it */
const struct host *host_of(struct provider *prov, enum type type);
/* Its functions for another operation; NULL, with an error raised, if it has none */
const OSSL_DISPATCH *host_functions(const struct host *host, int operation, const char *name);
/* "EC:id-ecPublicKey:1.2.840.10045.2.1" has it? */
bool host_is_named(const char *list, const char *name);
void host_free(const struct host *host);
/* OSSL_FUNC_provider_get_capabilities */
int host_capabilities(void *prov, const char *capability, OSSL_CALLBACK *callback, void *arg);

/* A function of a dispatch table: HOST(host->keys, KEYMGMT_NEW, keymgmt_new)(ctx) */
void (*host_function(const OSSL_DISPATCH *functions, int id))(void);
#define HOST(functions, id, name) \
	((OSSL_FUNC_##name##_fn *)host_function(functions, OSSL_FUNC_##id))
/* Call one of them; @otherwise: where it has none */
#define HOST_CALL(functions, otherwise, id, name, ...) ({		\
	OSSL_FUNC_##name##_fn *call_f = HOST(functions, id, name);	\
	call_f ? call_f(__VA_ARGS__) : (otherwise); })
/* One of an operation's context, and one of a key's management */
#define CALL(c, otherwise, id, name, ...) \
	HOST_CALL((c)->functions, otherwise, id, name, __VA_ARGS__)
#define CALL_KEYS(key, otherwise, id, name, ...) \
	HOST_CALL((key)->host->keys, otherwise, id, name, __VA_ARGS__)

/* EVP_MD_free() it. NULL, with an error raised: nobody has it. */
EVP_MD *host_digest(struct provider *prov, const char *name, const char *properties);

/* ---- chips: provider.c ---- */

/* The chip behind @device; NULL: the default one. It lives as long as the provider. */
struct keys_chip *provider_chip(struct provider *prov, const char *device);

#define RAISED	"se05x: "	/* before all of it */
/* What OpenSSL's error queue is to say, printf-like, without a dot */
__attribute__((format(printf, 1, 2)))
void raise_text(const char *format, ...);
/* Of a call that failed: "what 0x01010101: why"; @call may be NULL */
void raise_chip(const char *what, uint32_t id, int error, const struct se05x_call *call);

/* ---- keys: key.c ---- */

/*
 * struct place - where a key is, and who may use it
 * @chip: of provider_chip()
 * @id: object
 * @user: UserID that the key is bound to; 0: none
 * @pin: its value, for keys with a @user
 * @uid: number that the chip has to have, checked when the key is first used; NULL: any
 */
struct place {
	struct keys_chip *chip;
	uint32_t id;
	uint32_t user;
	struct keys_secret *pin;
	const uint8_t *uid;
};

/* What OpenSSL knows as the data of an EVP_PKEY */
struct key {
	atomic_int references;
	struct provider *prov;
	enum type type;
	const struct host *host;
	void *data;		/* the host's key; of one in the chip the public half */
	struct keys_chip *chip;	/* NULL: it is none of the chip's, and @data is all of it */
	uint32_t id;
	const struct se05x_iot_curve *curve;	/* NULL: RSA */
	size_t size;		/* bytes of an RSA modulus */
	EVP_PKEY *public;	/* the public half, for libcrypto's functions */
	uint32_t user;
	struct keys_secret *pin;
	uint8_t uid[SE05X_IOT_UID_LEN];
	bool has_uid;
	atomic_bool checked;	/* the chip has that key there */
	_Atomic(uint8_t *) rejection;	/* KEYS_REJECTION_LEN bytes, see cipher.c; or NULL */
};

/*
 * key_open() - a key of the chip, whose public half is read there
 * @object: what se05x_iot_object() said of it; NULL: it is asked
 *
 * Return: NULL with an error raised. key_free() it; so for all that follow.
 */
struct key *key_open(struct provider *prov, const struct place *place,
		     const struct se05x_iot_object *object);
/*
 * key_claim() - a key of the chip by what is known of it: @public, which stays the
 * caller's. The chip is not asked before the key is first used.
 */
struct key *key_claim(struct provider *prov, const struct place *place, EVP_PKEY *public);
/* RSA and RSA-PSS, to the chip the same. Return: false with an error raised. */
bool key_set_type(struct key *key, enum type type);
/* An empty one that is not in the chip */
struct key *key_new(struct provider *prov, enum type type);
struct key *key_hold(struct key *key);
void key_free(void *key);

/*
 * key_run() - have the chip do something with a key, as its user if it has one
 * @run: what; it is called twice at most, the second time if nothing was sent before
 * @what: for the error: "sign with"
 *
 * Return: false with an error raised.
 */
bool key_run(struct key *key, const char *what,
	     int (*run)(struct se05x_iot *iot, void *arg, struct se05x_call *call), void *arg);

/* ---- PINs: pin.c ---- */

/*
 * The PIN of a UserID, for place->user in place->chip; keys_secret_free() it. One that was
 * given before, and may have been refused, is that one again. NULL, with an error raised:
 * none, or no PIN.
 */
struct keys_secret *pin_ask(struct provider *prov, const struct place *place,
			    OSSL_PASSPHRASE_CALLBACK *ask, void *arg);
struct keys_secret *pin_read(struct provider *prov, const struct place *place, const char *path);
void pins_free(struct pin *pins);

/* ---- URIs: uri.c ---- */

#define SCHEME	"se05x:"

enum want { WANT_ALL, WANT_PRIVATE, WANT_PUBLIC, WANT_CERT };

/*
 * struct uri - se05x:NAME?NAME=VALUE&...
 * @name: "": all that there is
 * @id: if @name is a number; else 0
 * @user: whose PIN is to be asked for; 0: nobody's
 * @pin_file: where it is; NULL: the program is asked
 * @device: NULL: the default one
 * @type: what is wanted of it
 */
struct uri {
	char *name;
	uint32_t id;
	uint32_t user;
	char *pin_file;
	char *device;
	enum want type;
};

/* Return: false with an error raised; else uri_clear() it */
bool uri_parse(const char *text, struct uri *uri);
void uri_clear(struct uri *uri);
/* That of another object, reached in the same way. Return: false if it is longer than @size. */
bool uri_of(const struct uri *from, uint32_t id, char *text, size_t size);

/* ---- certificates: certs.c ---- */

#define CERT_MIN	64	/* bytes: no certificate is shorter */

/* Bytes of the DER at @at, which is long as certificates are; 0: there is none */
size_t cert_len(const uint8_t *at, size_t left);
/* Does that begin as a file with a certificate does? Return: as libse05x-iot's functions */
int cert_is_file(struct se05x_iot *iot, const struct se05x_iot_object *object, bool *is,
		 struct se05x_call *call);
/* The file with a key's certificate; its id is 0 if there is none. Return: false with an error raised. */
bool cert_of(struct provider *prov, struct keys_chip *chip, const struct se05x_iot_object *key,
	     struct se05x_iot_object *file);

/* ---- what provider.c lists ---- */

/* Of DER that names a key, for OpenSSL's chains of decoders */
#define STRUCTURE	"SE05XKey"

/*
 * The names of what keys of this provider are used with. As nobody else has them, no
 * property is needed to come here.
 */
#define NAME_ECDSA	"SE05X-ECDSA"
#define NAME_RSA	"SE05X-RSA"
#define NAME_ED25519	"SE05X-ED25519"
#define NAME_ECDH	"SE05X-ECDH"
#define NAME_X25519	"SE05X-X25519"
#define NAME_X448	"SE05X-X448"

/* Parameter of keys, and of those that are to be made: where in the chip */
#define PARAM_ID	"se05x-id"

extern const OSSL_DISPATCH ec_keys[], rsa_keys[], rsa_pss_keys[];
extern const OSSL_DISPATCH ed25519_keys[], x25519_keys[], x448_keys[];
/* keymgmt.c's for generation */
void *generate_init(struct provider *prov, enum type type, int selection,
		    const OSSL_PARAM params[]);
int generate_set_template(void *ctx, void *key);
int generate_set_params(void *ctx, const OSSL_PARAM params[]);
const OSSL_PARAM *generate_settable_params(void *ctx, void *prov);
int generate_get_params(void *ctx, OSSL_PARAM params[]);
const OSSL_PARAM *generate_gettable_params(void *ctx, void *prov);
void *generate(void *ctx, OSSL_CALLBACK *callback, void *arg);
void generate_cleanup(void *ctx);

extern const OSSL_DISPATCH ecdsa_functions[], rsa_functions[], ed25519_functions[];
/* OpenSSL 3.4 and later */
extern const OSSL_DISPATCH rsa_sha1_functions[], rsa_sha224_functions[], rsa_sha256_functions[],
	rsa_sha384_functions[], rsa_sha512_functions[], ecdsa_sha1_functions[],
	ecdsa_sha224_functions[], ecdsa_sha256_functions[], ecdsa_sha384_functions[],
	ecdsa_sha512_functions[];
extern const OSSL_DISPATCH cipher_functions[];
extern const OSSL_DISPATCH ecdh_functions[], x25519_functions[], x448_functions[];
extern const OSSL_DISPATCH store_functions[];
extern const OSSL_DISPATCH pem_decoder[];	/* to DER */
extern const OSSL_DISPATCH ec_decoder[], rsa_decoder[], rsa_pss_decoder[];
extern const OSSL_DISPATCH ed25519_decoder[], x25519_decoder[], x448_decoder[];
extern const OSSL_DISPATCH pem_pkcs8_encoder[], der_pkcs8_encoder[], text_encoder[];
extern const OSSL_DISPATCH pem_specific_encoder[], der_specific_encoder[];
extern const OSSL_DISPATCH pem_pkcs1_encoder[], der_pkcs1_encoder[];

/* Members of an OSSL_DISPATCH */
#define FUNCTION(id, function)	{ id, (void (*)(void))(function) }
#define FUNCTION_END		{ 0, NULL }

#endif /* SE05X_PROVIDER_H */
