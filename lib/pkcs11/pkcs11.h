/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside libse05x-pkcs11.so: slots and tokens, sessions, objects, and the door to the chip
 *
 * The arrows, from above to below:
 *
 *	main.c		function lists, C_Initialize, fork
 *	sign.c crypt.c digest.c derive.c generate.c	mechanisms at work
 *	mech.c		the table of mechanisms
 *	create.c	objects that are made, named and deleted
 *	find.c attribute.c	objects that are found and asked
 *	host.c chipobj.c	objects of the host; objects of the chip
 *	session.c	sessions, login
 *	token.c		slots and tokens; config.c: /etc/se05x/pkcs11.conf
 *	door.c		the chip: errno to CK_RV, bursts with the PIN
 *	handle.c template.c log.c	tables of handles, templates, messages
 *
 * Locks: a call holds p11.alive for reading, and its session's lock for its whole length,
 * commands of the chip included; p11.lock guards all lists, handles and what objects know,
 * is taken last, and is never held while the chip or libcrypto works. What is _Atomic is
 * written with it and may be read without; it says that the fields beside it are filled in.
 */
#ifndef SE05X_PKCS11_H
#define SE05X_PKCS11_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "../common.h"
#include "../keys/keys.h"
#include "v30.h"

#define P11_MANUFACTURER	"se05x"

/* ---- handles: handle.c ---- */

/*
 * A handle is a place, and how often that place was used, so that a handle of what is gone
 * names nothing else: for 2^32 uses of the place, and for 2047 where CK_ULONG has 32 bits.
 */
struct p11_table {
	struct p11_place {
		void *what;
		uint32_t uses;
	} *places;
	size_t n;
	size_t first;	/* before it no place is free */
};

/* All with p11.lock held. 0: no memory. */
CK_ULONG p11_table_add(struct p11_table *table, void *what);
void *p11_table_get(const struct p11_table *table, CK_ULONG handle);
void p11_table_remove(struct p11_table *table, CK_ULONG handle);

/* ---- messages: log.c ---- */

/* To stderr, where SE05X_PKCS11_DEBUG is set; never a PIN, never data */
__attribute__((format(printf, 1, 2))) void p11_log(const char *format, ...);
/* Is it set? Before work that is for a message only. */
bool p11_logs(void);
/* A clock that goes round; and when this thread's call began */
uint32_t p11_now_ms(void);
extern _Thread_local uint32_t p11_call_ms;

/* ---- templates: template.c ---- */

struct p11_template {
	const CK_ATTRIBUTE *attributes;
	CK_ULONG n;
};

/*
 * Is it one? Types that this module knows, lengths that fit, no type twice.
 * Return: CKR_OK, CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID,
 * CKR_TEMPLATE_INCONSISTENT
 */
CK_RV p11_template_check(const CK_ATTRIBUTE *attributes, CK_ULONG n, struct p11_template *t);
/* NULL: not in it. After p11_template_check() its length fits its type. */
const CK_ATTRIBUTE *p11_template_find(const struct p11_template *t, CK_ATTRIBUTE_TYPE type);
bool p11_template_bool(const struct p11_template *t, CK_ATTRIBUTE_TYPE type, bool missing);
CK_ULONG p11_template_ulong(const struct p11_template *t, CK_ATTRIBUTE_TYPE type,
			    CK_ULONG missing);

/* CKA_EC_PARAMS, an OID or a PrintableString; NULL: no curve of the chip's */
const struct se05x_iot_curve *p11_curve_from_params(const void *der, size_t len);
/* The OID of a curve in DER, to be freed with OPENSSL_free(); 0: none */
size_t p11_curve_params(const struct se05x_iot_curve *curve, uint8_t **der);
/*
 * CKA_EC_POINT: an OCTET STRING, or raw. NULL: no point of that curve. Montgomery and
 * Edwards too. Return: where it begins, se05x_iot_point_len() bytes.
 */
const uint8_t *p11_point(const struct se05x_iot_curve *curve, const void *bytes, size_t len);

/* ---- slots and tokens: token.c ---- */

/* What /etc/se05x/pkcs11.conf says of a chip: config.c */
struct p11_config {
	uint32_t user;		/* UserID; 0: none */
	bool keep_session;
	bool wrong;		/* nobody logs in: the log says why */
};

#define P11_PIN_MIN	4
#define P11_PIN_MAX	16
#define P11_SERIAL_LEN	16

/* In a page of its own that fork wipes and no core file has */
struct p11_pin {
	size_t len;
	uint8_t value[P11_PIN_MAX];
};

/*
 * What was learnt of a chip: it is whole, and is not changed any more. Another chip in its
 * place has another one, and this one is kept until the end, as other threads may read it.
 */
struct p11_learnt {
	struct p11_learnt *before;	/* of who was there before */
	struct se05x_iot_version version;
	uint8_t uid[SE05X_IOT_UID_LEN];
	char serial[P11_SERIAL_LEN + 1];
	struct p11_config config;
};

struct p11_token {
	struct p11_token *next;
	CK_SLOT_ID slot;
	char *device;		/* as se05x_open() takes it */
	struct keys_chip *chip;
	_Atomic bool seen;	/* by C_WaitForSlotEvent */
	_Atomic bool simulated;
	/* what it is, never NULL; and that of the chip which is there, once it is known */
	struct p11_learnt *_Atomic learnt;
	_Atomic bool known, asked;
	/* as it was when it was asked last: all may be written; CKF_WRITE_PROTECTED */
	_Atomic bool is_open, is_protected;
	/* how often another chip took its place: with it goes what the one before was asked */
	_Atomic unsigned int successors;
	/* who uses it */
	_Atomic bool logged_in;
	pthread_mutex_t pin_lock;	/* a burst holds it, and who logs in or out; before p11.lock */
	struct p11_pin *pin;
	struct keys_session *session;	/* with keep_session: it stays open; with pin_lock */
	unsigned int sessions, rw_sessions;
	/* what is known of its objects: chipobj.c */
	/*
	 * Held from before the chip is asked what it has until that is entered here, so that
	 * nothing newer is undone; before p11.lock. Names are exchanged and freed with both locks
	 * only: who holds one of them may read them, where they are listed.
	 */
	pthread_mutex_t list_lock;
	struct p11_chipobj *_Atomic objects;
	struct keys_names *names;
	_Atomic bool listed;	/* objects and names are of the chip that is there */
};

static inline const struct p11_config *p11_config(const struct p11_token *token)
{
	return &token->learnt->config;
}

/* A user is configured, so that private objects are shown to who logged in only */
static inline bool p11_has_user(const struct p11_token *token)
{
	return p11_config(token)->user || p11_config(token)->wrong;
}

/* ---- sessions: session.c ---- */

enum p11_activity {
	P11_SIGN,
	P11_VERIFY,
	P11_ENCRYPT,
	P11_DECRYPT,
	P11_DIGEST,
	P11_ACTIVITIES
};

struct p11_op;			/* an operation under way: of the mechanisms */
void p11_op_free(struct p11_op *op);	/* and wipe; NULL is fine */

struct p11_session {
	CK_SESSION_HANDLE handle;
	struct p11_token *token;
	pthread_mutex_t lock;
	unsigned int references;	/* with p11.lock */
	_Atomic bool closed;
	bool rw;
	struct p11_op *ops[P11_ACTIVITIES];
	/* a search under way: handles that were found */
	bool searching;
	CK_OBJECT_HANDLE *found;
	size_t n_found, given;
};

/*
 * Every C_ function with a session begins and ends with these:
 *
 *	rv = p11_begin(handle, &s);
 *	if (rv) return rv;
 *	return p11_end(s, do_it(s, ...));
 */
CK_RV p11_begin(CK_SESSION_HANDLE handle, struct p11_session **session);
CK_RV p11_end(struct p11_session *session, CK_RV rv);
/* Every C_ function without one: CKR_CRYPTOKI_NOT_INITIALIZED, or p11_leave() it */
CK_RV p11_enter(void);
CK_RV p11_leave(CK_RV rv);

/* ---- objects ---- */

/* What the chip has at an identifier; a pair's two halves share it. chipobj.c */
struct p11_chipobj {
	struct p11_chipobj *_Atomic next;
	uint32_t id;
	struct se05x_iot_object info;
	_Atomic bool typed;	/* info is filled in, and stays so */
	_Atomic bool gone;	/* deleted, as far as this process knows */
	_Atomic bool hidden;	/* its public half was destroyed here */
	EVP_PKEY *_Atomic public; /* NULL: not read, or it can't be */
	_Atomic CK_RV public_rv; /* why not; CKR_OK and no public: not read yet */
	bool has_attributes;	/* from applet 6.0 on: how it came to be, and who may what */
	_Atomic bool asked_attributes;
	struct se05x_iot_attributes attributes;
	uint8_t *_Atomic file;	/* of a file: all of it */
	size_t file_len;
	bool is_certificate;
	_Atomic bool unreadable; /* the file: nobody may */
	unsigned int holders;	/* objects that point here; with p11.lock */
	struct p11_object *halves[2];	/* public; private, secret, certificate or data */
};

/* What an application has a handle of */
struct p11_object {
	CK_OBJECT_HANDLE handle;
	unsigned int references;	/* with p11.lock */
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;		/* of keys */
	bool private;			/* for who logged in */
	struct p11_token *token;
	/* in the chip, */
	struct p11_chipobj *chip;
	/* or a session object of the host: host.c */
	struct p11_session *session;	/* that it goes with */
	CK_ATTRIBUTE *attributes;	/* as its template had them, but for key material */
	CK_ULONG n_attributes;
	EVP_PKEY *key;			/* public, or private */
	uint8_t *secret;		/* or a secret key, certificate, data; wiped */
	size_t secret_len;
};

/*
 * p11_object_get() - who a handle names, as this session may see it; p11_object_put() it
 *
 * Return: CKR_OK; CKR_OBJECT_HANDLE_INVALID.
 */
CK_RV p11_object_get(struct p11_session *session, CK_OBJECT_HANDLE handle,
		     struct p11_object **object);
void p11_object_put(struct p11_object *object);

/*
 * p11_key_get() - the key of an operation
 * @usage: CKA_SIGN, CKA_VERIFY, CKA_ENCRYPT, CKA_DECRYPT, CKA_DERIVE, CKA_WRAP, CKA_UNWRAP
 *
 * Return: CKR_OK; CKR_KEY_HANDLE_INVALID; CKR_KEY_FUNCTION_NOT_PERMITTED: it may not be used
 * for that; CKR_USER_NOT_LOGGED_IN.
 */
CK_RV p11_key_get(struct p11_session *session, CK_OBJECT_HANDLE handle,
		  CK_ATTRIBUTE_TYPE usage, struct p11_object **key);
/*
 * p11_public() - the public half of an EC or RSA key, in p11.lib; of the chip's it is read
 * once. It is the object's. CKR_KEY_FUNCTION_NOT_PERMITTED: nobody may read it.
 */
CK_RV p11_public(struct p11_object *object, EVP_PKEY **key);
/* Bits of a modulus or an order; bytes of a secret key. Of what was typed already. */
size_t p11_key_size(const struct p11_object *key);
static inline bool p11_is_key_class(CK_OBJECT_CLASS class)
{
	return class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
}
static inline uint32_t p11_id(const struct p11_object *object)
{
	return object->chip->id;
}
static inline const struct se05x_iot_curve *p11_curve(const struct p11_object *object)
{
	return object->chip ? se05x_iot_curve(object->chip->info.curve) :
	       object->key ? keys_curve(object->key) : NULL;
}

/*
 * p11_host_new() - a session object: host.c
 * @t: what its caller wants; key material in it is not looked at
 *
 * The caller fills in key or secret (allocated with OPENSSL_malloc), and publishes it; or drops
 * it by p11_object_put().
 */
CK_RV p11_host_new(struct p11_session *session, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
		   const struct p11_template *t, struct p11_object **object);
/*
 * Give it a handle; the reference is the table's then, or dropped. CKR_SESSION_CLOSED: by
 * another thread meanwhile; CKR_HOST_MEMORY
 */
CK_RV p11_publish(struct p11_object *object, CK_OBJECT_HANDLE *handle);

/*
 * p11_key_from_template() - an EC or RSA key in p11.lib, public or private by its class:
 * material.c. CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_CURVE_NOT_SUPPORTED
 */
CK_RV p11_key_from_template(const struct p11_template *t, CK_OBJECT_CLASS class,
			    CK_KEY_TYPE type, EVP_PKEY **key);

/*
 * struct p11_making - an object that is to be made in the chip: create.c
 * @private: template of the private, secret or only half. Its CKA_LABEL and CKA_ID count.
 * @public: of a pair, may be NULL; its label and id count if the other has none
 * @rights: SE05X_IOT_MAY_... of who owns it, without DELETE, which CKA_DESTROYABLE says.
 *	With SE05X_IOT_MAY_READ everybody may read.
 * @make: makes it at @id. Sets *begun if an object is there though it failed.
 * @arg: for @make
 */
struct p11_making {
	const struct p11_template *private;
	const struct p11_template *public;
	uint32_t rights;
	int (*make)(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how,
		    bool *begun, void *arg, struct se05x_call *call);
	void *arg;
};

/*
 * p11_make() - make it, under the chip's lock, with the PIN if somebody is logged in
 * @object: out: the private, secret or only half
 * @public: out, may be NULL: the public half of a pair
 *
 * Checks first that the session may write and that what the templates say of SENSITIVE and
 * EXTRACTABLE goes with an object in the chip. The caller knows that they say TOKEN.
 */
CK_RV p11_make(struct p11_session *session, const struct p11_making *making,
	       CK_OBJECT_HANDLE *object, CK_OBJECT_HANDLE *public);

/*
 * p11_new_secret() - a secret key with that value: in the chip if the template wants it to be
 * the token's, else a session object. create.c
 */
CK_RV p11_new_secret(struct p11_session *session, const struct p11_template *t,
		     CK_KEY_TYPE type, const void *value, size_t len, CK_OBJECT_HANDLE *handle);

/* ---- the door to the chip: door.c ---- */

typedef int (*p11_command)(struct se05x_iot *iot, void *arg, struct se05x_call *call);

/*
 * p11_run() - commands that need no right but everybody's
 * p11_run_as() - as the logged-in user if @object asks for that, in one burst; else as
 *	p11_run()
 * p11_run_locked() - under the chip's lock: as the user if somebody is logged in
 *
 * @run is called once, and once more if nothing of it was sent: it must begin anew then.
 * Return: @run's errno as p11_error() has it; CKR_DEVICE_REMOVED, once, after a rebind.
 */
CK_RV p11_run(struct p11_token *token, p11_command run, void *arg);
CK_RV p11_run_as(struct p11_object *object, p11_command run, void *arg);
CK_RV p11_run_locked(struct p11_token *token, p11_command run, void *arg);
/* Would p11_run_as() show the PIN to the chip? */
bool p11_needs_pin(struct p11_object *object);

/* One function of libse05x-iot, as p11_run(): P11_IOT(token, se05x_iot_exists, id, &exists) */
#define P11_IOT(token, function, ...) ({					\
	struct se05x_call p11_call = { 0 };					\
	struct keys_turn p11_turn = { 0 };					\
	int p11_ret;								\
	do {									\
		p11_ret = keys_begin((token)->chip, &p11_turn, &p11_call);	\
		if (!p11_ret)							\
			p11_ret = function(p11_turn.iot, __VA_ARGS__, &p11_call); \
	} while (p11_again(token, &p11_turn, p11_ret, &p11_call));		\
	p11_error(token, p11_ret, &p11_call); })
bool p11_again(struct p11_token *token, struct keys_turn *turn, int ret,
	       const struct se05x_call *call);

/* libse05x-iot's errno, as a caller of PKCS#11 has it; it is logged */
CK_RV p11_error(struct p11_token *token, int ret, const struct se05x_call *call);

/* The chip has it: by its version, which was learnt when a session was opened */
static inline bool p11_feature(const struct p11_token *token, uint16_t feature)
{
	return token->learnt->version.features & feature;
}

/* ---- mechanisms: mech.c ---- */

/* CKR_MECHANISM_INVALID: not with this token */
CK_RV p11_mechanism_info(struct p11_token *token, CK_MECHANISM_TYPE type,
			 CK_MECHANISM_INFO *info);
/* The nth of this token's; false: there are not so many */
bool p11_mechanism(struct p11_token *token, size_t n, CK_MECHANISM_TYPE *type);

/* ---- all ---- */

struct p11 {
	pthread_rwlock_t alive;
	pthread_mutex_t lock;
	pthread_mutex_t look_lock;	/* who looks for devices; before lock */
	/* in a page that fork wipes: 0 in a child until it initialises itself */
	volatile uint32_t *initialised;
	bool no_threads;	/* the application forbade them */
	OSSL_LIB_CTX *lib;
	_Atomic bool crypto_gone; /* libcrypto was cleaned up: not to be touched any more */
	struct p11_token *tokens;
	_Atomic bool looked;	/* for devices, since C_Initialize */
	struct p11_table sessions, objects;
	_Atomic bool litter;	/* records that are gone and that nobody holds: p11_leave() */
};

extern struct p11 p11;

/*
 * What a function gives that has a buffer of the caller's. NULL, or too short, and the
 * length is told. Return: CKR_OK, CKR_BUFFER_TOO_SMALL.
 */
CK_RV p11_give(const void *bytes, size_t len, CK_BYTE *buffer, CK_ULONG *buffer_len);

#endif /* SE05X_PKCS11_H */
