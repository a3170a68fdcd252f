/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libse05x-iot: the IoT applet of an NXP EdgeLock SE05x, as C calls
 *
 * Every function returns 0 or a negative errno, prints nothing and never exits.
 * A handle may be used by several threads at once. Buffers are the caller's;
 * nothing is kept of them, and what was secret in the library's own is wiped.
 * Numbers in the chip's answers are checked before they are believed. No command
 * is ever sent twice.
 *
 * Each function that talks to the chip takes a struct se05x_call, or NULL: its
 * deadline, flags and demanded generation count for each APDU; what comes back in
 * it tells about the last one; but once an earlier one made or changed an object, the
 * outcome of a call that fails is never SE05X_OUTCOME_NOT_SENT. A session demands the generation of its beginning,
 * unless the call demands one.
 *
 * Each errno has one meaning. Beyond se05x_transceive()'s:
 *
 *	-EINVAL		an argument; nothing was sent
 *	-EOPNOTSUPP	this chip can't do that: known from its version, and then
 *			nothing was sent; or it answered 6A81, 6D00 or 6E00
 *	-E2BIG		more than fits into one APDU, see se05x_iot_max(); nothing was
 *			sent
 *	-ENOSPC		the caller's buffer is too small; its length is now the one
 *			that is needed
 *	-ENOPKG		the chip has no such applet
 *	-ENOENT		there is no such object (6985, 6A82, 6A88)
 *	-EEXIST		there is such an object already; nothing was written
 *	-EMEDIUMTYPE	the object is there, but of another kind, on another curve or in
 *			no state for that (6985)
 *	-EACCES		denied by the object's policy (6986), or not authenticated (6982,
 *			6983, 6300, 63Cx)
 *	-EBADMSG	in a session that a key opened: the answer is not the chip's, or was
 *			tampered with; the command may have run, and the session is over
 *	-EKEYREJECTED	the chip has another key; no attempt is gone
 *	-EBADE		wrong password (6985, 6300, 63Cx of Verify), and one attempt is gone; or
 *			blocked, where the chip does not tell
 *	-EKEYREVOKED	blocked: no attempt is left, maybe since this one
 *	-EUSERS		no session is free in the chip, or none for that UserID or key
 *	-EDQUOT		no memory is left in the chip (6A84)
 *	-EBADR		the chip does not take what was sent (6700, 6984, 6A80, 6A86; 6985
 *			for what was to be made)
 *	-EAGAIN		too many APDUs in too short a time (66A6); it did not run
 *	-EILSEQ		decrypted, but the padding is wrong
 *	-EPROTO		the answer is not what it has to be; the command ran
 *	-EREMOTEIO	any other status word
 *
 * With a status word call->sw holds it, and the chip has answered, whatever the
 * outcome says.
 * se05x_iot_error_text() says all this in words.
 *
 * Structs that a caller allocates have room to grow: what is @reserved has to be zero
 * where the caller fills a struct in, and is zero where the library does.
 *
 * APDUs are named as INS P1 P2 (CLA is 80) and by the names that NXP's AN12413
 * and AN12543 give them.
 */
#ifndef SE05X_IOT_H
#define SE05X_IOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "se05x.h"

#ifdef __cplusplus
extern "C" {
#endif

struct se05x_iot;

/* ---- the chip ---- */

/**
 * se05x_iot_open() - select the IoT applet and learn its version
 * @se: chip. It stays the caller's, who closes it after the handle.
 * @aid: the applet's AID, where it is installed under another one; NULL: NXP's,
 *	A0000003965453000000010300000000
 * @aid_len: bytes of it
 * @iot: out: the handle
 * @call: may be NULL
 *
 * SELECT, and GetVersion (04 00 20) if its answer says too little.
 *
 * Return: 0; -ENOPKG: the chip has no such applet; -ENOMEM; as above.
 */
int se05x_iot_open(struct se05x *se, const void *aid, size_t aid_len, struct se05x_iot **iot,
		   struct se05x_call *call);

/*
 * se05x_iot_close() - free the handle; NULL is fine. If it is a session it is closed in
 * the chip too, as far as that succeeds.
 */
void se05x_iot_close(struct se05x_iot *iot);

/**
 * se05x_iot_reopen() - se05x_reopen(), and select the applet again
 * @iot: handle; no session: that is lost, and to be closed and opened anew
 * @call: may be NULL
 *
 * To be called in a forked child, and after -ENODEV when the device is there again. Other
 * threads may use the handle meanwhile. Who must be sure that it is the same chip compares
 * se05x_iot_unique_id().
 *
 * Return: 0; -ENODEV: no device, or a chip with another applet; as above.
 */
int se05x_iot_reopen(struct se05x_iot *iot, struct se05x_call *call);

/*
 * se05x_iot_set_deadline() - for each APDU of a call that says none, in milliseconds; 0:
 * as se05x_transceive(). Sessions that are opened later have it too. To be called before
 * other threads use the handle.
 */
void se05x_iot_set_deadline(struct se05x_iot *iot, uint32_t deadline_ms);

/* What a chip can do; two bytes of its version */
#define SE05X_IOT_FEATURE_ECDSA		0x0002	/* ECDSA and ECDH */
#define SE05X_IOT_FEATURE_EDDSA		0x0004
#define SE05X_IOT_FEATURE_MONTGOMERY	0x0008	/* X25519, X448 */
#define SE05X_IOT_FEATURE_HMAC		0x0010
#define SE05X_IOT_FEATURE_RSA_PLAIN	0x0020
#define SE05X_IOT_FEATURE_RSA_CRT	0x0040
#define SE05X_IOT_FEATURE_AES		0x0080
#define SE05X_IOT_FEATURE_DES		0x0100
#define SE05X_IOT_FEATURE_PBKDF		0x0200
#define SE05X_IOT_FEATURE_TLS		0x0400
#define SE05X_IOT_FEATURE_MIFARE	0x0800
#define SE05X_IOT_FEATURE_I2CM		0x2000

/**
 * struct se05x_iot_version - which applet that is
 * @major: 3, 6 or 7; @minor; @patch
 * @features: SE05X_IOT_FEATURE_ECDSA, ...
 * @secure_box: version of the secure box, as it comes
 * @reserved: zero
 */
struct se05x_iot_version {
	uint8_t major;
	uint8_t minor;
	uint8_t patch;
	uint16_t features;
	uint16_t secure_box;
	uint8_t reserved[24];
};

/* se05x_iot_version() - learned at se05x_iot_open(); sends nothing */
void se05x_iot_version(const struct se05x_iot *iot, struct se05x_iot_version *version);

/* Name of the one feature in @feature, such as "RSA-CRT"; NULL: none that is known */
const char *se05x_iot_feature_name(uint16_t feature);

/**
 * se05x_iot_error_text() - what an errno of these functions says
 * @error: positive or negative
 * @call: as the function left it; may be NULL
 *
 * Return: static text; safe in any thread.
 */
const char *se05x_iot_error_text(int error, const struct se05x_call *call);

#define SE05X_IOT_UID_LEN	18

/* se05x_iot_unique_id() - the chip's number. ReadObject (02 00 00) of 7FFF0206. */
int se05x_iot_unique_id(struct se05x_iot *iot, uint8_t uid[SE05X_IOT_UID_LEN],
			struct se05x_call *call);

enum se05x_iot_memory {
	SE05X_IOT_MEMORY_PERSISTENT = 1,	/* flash */
	SE05X_IOT_MEMORY_TRANSIENT_RESET = 2,	/* RAM until reset */
	SE05X_IOT_MEMORY_TRANSIENT_DESELECT = 3, /* RAM until another applet is selected */
};

/**
 * se05x_iot_free_memory() - bytes that are free: GetFreeMemory (04 00 22)
 * @iot: handle
 * @memory: which
 * @bytes: out. A chip that has more than it can say says 32767 [U].
 * @call: may be NULL
 */
int se05x_iot_free_memory(struct se05x_iot *iot, enum se05x_iot_memory memory,
			  uint32_t *bytes, struct se05x_call *call);

/**
 * se05x_iot_platform_scp() - does the chip demand its secure channel? SetPlatformSCPRequest
 *	(04 00 52)
 * @session: session on the UserID 0x7FFF0207
 * @required: from now on it refuses each command outside the channel; or not any more
 * @call: may be NULL
 *
 * What the chip is told stays. FIPS parts can't be told that it is not required.
 *
 * Return: 0; -EACCES: no such session; as all functions.
 */
int se05x_iot_platform_scp(struct se05x_iot *session, bool required, struct se05x_call *call);

/* What may not be done any more with objects: struct se05x_iot_state */
enum se05x_iot_restriction {
	SE05X_IOT_RESTRICTION_NONE = 0,
	SE05X_IOT_RESTRICTION_NEW = 1,	/* none is created */
	SE05X_IOT_RESTRICTION_ALL = 2,
};

/**
 * struct se05x_iot_state - what the chip as a whole refuses
 * @locked: its owner locked it (SetLockState): objects stay as they are
 * @scp_required: it refuses each command outside its secure channel
 * @restriction: SE05X_IOT_RESTRICTION_NONE, ..., or a number that is not known here
 * @reserved: zero
 */
struct se05x_iot_state {
	bool locked;
	bool scp_required;
	uint8_t restriction;
	uint8_t reserved[13];
};

/**
 * se05x_iot_state() - is the chip locked, and what is restricted? ReadState (02 00 5B)
 * @iot: handle
 * @state: out
 * @call: may be NULL
 *
 * It may change at any time: whoever has the credential 0x7FFF0200 may unlock the chip, and it
 * is locked again as soon as another applet is selected.
 *
 * Return: 0; -EOPNOTSUPP: applets before 7.2 don't tell; as all functions.
 */
int se05x_iot_state(struct se05x_iot *iot, struct se05x_iot_state *state,
		    struct se05x_call *call);

/* se05x_iot_timestamp() - 12 bytes that only grow between resets: GetTimestamp (04 00 3D) */
int se05x_iot_timestamp(struct se05x_iot *iot, uint8_t stamp[12], struct se05x_call *call);

/**
 * se05x_iot_random() - random bytes: GetRandom (04 00 49), as often as it takes
 * @iot: handle
 * @buf: out; nothing of it is good unless all is
 * @len: any
 * @call: may be NULL
 */
int se05x_iot_random(struct se05x_iot *iot, void *buf, size_t len, struct se05x_call *call);

/* ---- objects ---- */

enum se05x_iot_kind {
	SE05X_IOT_KIND_UNKNOWN,	/* a type this library has not heard of */
	SE05X_IOT_KIND_EC,
	SE05X_IOT_KIND_RSA,
	SE05X_IOT_KIND_AES,
	SE05X_IOT_KIND_DES,
	SE05X_IOT_KIND_HMAC,
	SE05X_IOT_KIND_BINARY,
	SE05X_IOT_KIND_USERID,
	SE05X_IOT_KIND_COUNTER,
	SE05X_IOT_KIND_PCR,
	SE05X_IOT_KIND_CURVE,
};

enum se05x_iot_part {
	SE05X_IOT_PART_WHOLE,	/* neither public nor private */
	SE05X_IOT_PART_PAIR,
	SE05X_IOT_PART_PRIVATE,
	SE05X_IOT_PART_PUBLIC,
};

/**
 * struct se05x_iot_object - what an object is
 * @id: its identifier
 * @type: as the chip says it
 * @kind: SE05X_IOT_KIND_EC, ...
 * @part: SE05X_IOT_PART_PAIR, ... for EC and RSA
 * @curve: for EC; 0 where the chip does not say
 * @transient: its value is lost at reset
 * @size: bytes of the value; for EC of the field, for RSA of the modulus;
 *	0 where the chip does not say
 * @reserved: zero
 */
struct se05x_iot_object {
	uint32_t id;
	uint8_t type;
	uint8_t kind;
	uint8_t part;
	uint8_t curve;
	bool transient;
	uint32_t size;
	uint32_t reserved[4];
};

/* Numbers that the applet and NXP keep for themselves (AN12413, 3.2) */
#define SE05X_IOT_ID_RESERVED_FIRST	0x7FFF0000u
#define SE05X_IOT_ID_RESERVED_LAST	0x7FFFFFFFu
#define SE05X_IOT_ID_PROVISIONED_FIRST	0xF0000000u
#define SE05X_IOT_ID_UNIQUE		0x7FFF0206u
#define SE05X_IOT_ID_SESSION_KEY	0x7FFF0201u	/* the chip's key for sessions by EC key */

/**
 * se05x_iot_list() - all objects: ReadIDList (02 00 25), as often as it takes
 * @iot: handle
 * @ids: out: identifiers, to be freed with free()
 * @n: out: their number
 * @call: may be NULL
 *
 * Return: 0; -EPROTO: a list without an end; -ENOMEM; as above. Nothing to be
 * freed on error.
 */
int se05x_iot_list(struct se05x_iot *iot, uint32_t **ids, size_t *n, struct se05x_call *call);

/*
 * se05x_iot_list_kind() - those of one kind. -EINVAL for SE05X_IOT_KIND_EC and _RSA, which
 * have a type for each part, and EC for each curve.
 */
int se05x_iot_list_kind(struct se05x_iot *iot, enum se05x_iot_kind kind, uint32_t **ids,
			size_t *n, struct se05x_call *call);

/**
 * se05x_iot_object() - what is object @id?
 *
 * ReadType (02 00 26), ReadSize (02 00 07) where it has one, and for an EC key of
 * an applet whose types don't name the curve GetECCurveId (02 0B 36). What the
 * object's policy keeps secret is 0 in the answer, and no error.
 *
 * Return: 0; -ENOENT; as above.
 */
int se05x_iot_object(struct se05x_iot *iot, uint32_t id, struct se05x_iot_object *object,
		     struct se05x_call *call);

/* se05x_iot_exists() - is there an object @id? CheckObjectExists (04 00 27) */
int se05x_iot_exists(struct se05x_iot *iot, uint32_t id, bool *exists,
		     struct se05x_call *call);

/* se05x_iot_delete() - DeleteSecureObject (04 00 28); what NXP keeps there stays: -EACCES */
int se05x_iot_delete(struct se05x_iot *iot, uint32_t id, struct se05x_call *call);

#define SE05X_IOT_POLICY_MAX	255

/**
 * struct se05x_iot_attributes - how an object came to be, and what may be done with it
 * @auth: it is for authentication only
 * @failed_attempts: of an authentication object, if limited
 * @max_attempts: the limit; 0: none
 * @owner: authentication object of the session that made it; 0: no session
 * @origin: 1 put there from outside, 2 generated in the chip, 3 by NXP
 * @version: as written
 * @policy: sets as the chip keeps them, for se05x_iot_policy_print()
 * @policy_len: bytes of it
 * @reserved: zero
 */
struct se05x_iot_attributes {
	bool auth;
	uint16_t failed_attempts;
	uint16_t max_attempts;
	uint32_t owner;
	uint8_t origin;
	uint32_t version;
	uint8_t policy[SE05X_IOT_POLICY_MAX];
	size_t policy_len;
	uint64_t reserved[2];
};

/**
 * se05x_iot_attributes() - ReadObjectAttributes (02 00 3B)
 *
 * Return: 0; -EOPNOTSUPP: applets before 6.0 tell them in an attestation only;
 * as above.
 */
int se05x_iot_attributes(struct se05x_iot *iot, uint32_t id,
			 struct se05x_iot_attributes *attributes, struct se05x_call *call);

/* ---- policies ---- */

/*
 * In words a policy is one or more sets with a semicolon between them:
 *
 *	any:sign,read;0x0A0B0C0D:delete,write
 *
 * Before the colon: who, as the authentication object that a session must have
 * been opened with, or any for everybody. After it: what they may do.
 *
 *	sign verify agree encrypt decrypt derive wrap read write generate delete
 *	attest import-export secure-messaging (only with it) forbid (nothing at all)
 *	tls-kdf tls-pms forbid-derived-output ext-random pbkdf forbid-ext-iv pepper
 *	desfire-auth desfire-dump desfire-kdf internal-sign
 *	derived-input=ID desfire-change=ID (that key)
 *	pcr=ID/HEX (only while that PCR has that value of 32 bytes)
 *
 * Numbers are 0x and up to eight hex digits; one for a right stands for bits that
 * have no name.
 */

/**
 * se05x_iot_policy_parse() - from words to bytes
 * @text: as above
 * @policy: out: room for SE05X_IOT_POLICY_MAX bytes
 * @policy_len: in: room there; out: bytes
 * @where: out: on error, what is wrong begins there in @text; may be NULL
 *
 * Return: 0; -EINVAL: not a policy; -ENOSPC: too much of one.
 */
int se05x_iot_policy_parse(const char *text, uint8_t *policy, size_t *policy_len,
			   const char **where);

/**
 * se05x_iot_policy_print() - from bytes to words
 * @policy: sets as the chip keeps them
 * @policy_len: bytes of it
 * @text: out: with a NUL at its end; may be NULL if @size is 0
 * @size: room there
 *
 * Return: length of the words without NUL, as snprintf(): not less than @size if
 * they did not fit; -EINVAL: these are no sets.
 */
int se05x_iot_policy_print(const uint8_t *policy, size_t policy_len, char *text, size_t size);

/* Rights, as se05x_iot_policy_rights() gives them */
#define SE05X_IOT_MAY_SIGN	0x10000000u
#define SE05X_IOT_MAY_VERIFY	0x08000000u
#define SE05X_IOT_MAY_AGREE	0x04000000u
#define SE05X_IOT_MAY_ENCRYPT	0x02000000u
#define SE05X_IOT_MAY_DECRYPT	0x01000000u
#define SE05X_IOT_MAY_DERIVE	0x00800000u
#define SE05X_IOT_MAY_READ	0x00200000u
#define SE05X_IOT_MAY_WRITE	0x00100000u
#define SE05X_IOT_MAY_GENERATE	0x00080000u
#define SE05X_IOT_MAY_DELETE	0x00040000u
#define SE05X_IOT_MAY_ATTEST	0x00008000u

/* All rights that anybody at all has by it, or-ed; 0 if these are no sets */
uint32_t se05x_iot_policy_rights(const uint8_t *policy, size_t policy_len);

/**
 * struct se05x_iot_new - how an object is to be made; NULL: persistent, by default policy
 * @policy: sets; without any the chip's default, which allows everything that the
 *	object can do, deletion included
 * @policy_len: bytes of it
 * @max_attempts: for an authentication object, else -EINVAL; 0: no limit
 * @transient: keep the value in RAM
 * @auth: it is for authentication only
 * @replace: there is an object already, and it gets a new value. It keeps its policy and
 *	the rest, so nothing else may be said here (-EINVAL); it has to be of the same kind,
 *	curve and size (-EMEDIUMTYPE). Chips can do that with EC keys, RSA keys that they
 *	make, AES, DES and HMAC keys and UserIDs; else -EOPNOTSUPP.
 * @reserved: must be zero
 *
 * Without @replace every function that makes an object refuses with -EEXIST if there is
 * one; nothing is written then. A policy is given once, when the object is made, and
 * never changed after. An object that nobody may delete stays for the chip's life.
 */
struct se05x_iot_new {
	const uint8_t *policy;
	size_t policy_len;
	uint16_t max_attempts;
	bool transient;
	bool auth;
	bool replace;
	uint64_t reserved[2];
};

/* ---- EC ---- */

#define SE05X_IOT_CURVE_P192		0x01
#define SE05X_IOT_CURVE_P224		0x02
#define SE05X_IOT_CURVE_P256		0x03
#define SE05X_IOT_CURVE_P384		0x04
#define SE05X_IOT_CURVE_P521		0x05
#define SE05X_IOT_CURVE_BP160		0x06
#define SE05X_IOT_CURVE_BP192		0x07
#define SE05X_IOT_CURVE_BP224		0x08
#define SE05X_IOT_CURVE_BP256		0x09
#define SE05X_IOT_CURVE_BP320		0x0A
#define SE05X_IOT_CURVE_BP384		0x0B
#define SE05X_IOT_CURVE_BP512		0x0C
#define SE05X_IOT_CURVE_SECP192K1	0x0E
#define SE05X_IOT_CURVE_SECP256K1	0x10
#define SE05X_IOT_CURVE_ED25519		0x40
#define SE05X_IOT_CURVE_X25519		0x41
#define SE05X_IOT_CURVE_X448		0x43

#define SE05X_IOT_POINT_MAX	133	/* 04 X Y of P-521 */
#define SE05X_IOT_SIG_MAX	512	/* of RSA-4096; ECDSA needs 141 */

/* A curve: its number, name ("P-256", "brainpoolP256r1", "Ed25519"), bits and bytes */
struct se05x_iot_curve {
	uint8_t id;
	const char *name;
	uint16_t bits;
	uint8_t size;
};

/*
 * se05x_iot_curve() - a curve by its number, or by its name. Names in any case, also as
 * openssl calls it. NULL: none.
 */
const struct se05x_iot_curve *se05x_iot_curve(uint8_t id);
const struct se05x_iot_curve *se05x_iot_curve_by_name(const char *name);

/**
 * se05x_iot_curve_ready() - can keys be made on @curve?
 *
 * ReadECCurveList (02 0B 25). Edwards and Montgomery curves are built in, and
 * nothing is sent for them.
 */
int se05x_iot_curve_ready(struct se05x_iot *iot, uint8_t curve, bool *ready,
			  struct se05x_call *call);

/**
 * se05x_iot_curve_create() - set a curve up, once in a chip's life
 *
 * CreateECCurve (01 0B 04) and five times SetECCurveParam (01 0B 40). It writes
 * flash. When it fails in the middle a part of the curve stays. Making a key on it
 * removes that part and sets the curve up anew.
 *
 * Return: 0; -EEXIST: the curve is there, as a whole or in part; as above.
 */
int se05x_iot_curve_create(struct se05x_iot *iot, uint8_t curve, struct se05x_call *call);

/* se05x_iot_curve_delete() - DeleteECCurve (04 0B 28) */
int se05x_iot_curve_delete(struct se05x_iot *iot, uint8_t curve, struct se05x_call *call);

/**
 * se05x_iot_ec_generate() - a key pair that never leaves the chip: WriteECKey (01 61 00)
 * @iot: handle
 * @id: where
 * @curve: which; set up first if it is not
 * @how: may be NULL
 * @curve_made: out: the curve was set up for it; may be NULL
 * @call: may be NULL
 *
 * Return: 0; -EOPNOTSUPP: the chip has no such curve; as above.
 */
int se05x_iot_ec_generate(struct se05x_iot *iot, uint32_t id, uint8_t curve,
			  const struct se05x_iot_new *how, bool *curve_made,
			  struct se05x_call *call);

/**
 * se05x_iot_ec_import() - a key from outside: WriteECKey (01 61 00, public: 01 21 00)
 * @iot: handle
 * @id: where
 * @curve: which; set up first if it is not
 * @scalar: big-endian and as long as the curve says; for the curves of
 *	RFC 7748 and 8032 as these write it. NULL: a public key.
 * @point: public key: 04 X Y, or as the RFCs write it
 * @how: may be NULL
 * @curve_made: out, may be NULL
 * @call: may be NULL
 */
int se05x_iot_ec_import(struct se05x_iot *iot, uint32_t id, uint8_t curve,
			const void *scalar, const void *point,
			const struct se05x_iot_new *how, bool *curve_made,
			struct se05x_call *call);

/* Bytes of a public key on @curve: 65 for P-256, 32 for Ed25519; 0: no such curve */
size_t se05x_iot_point_len(uint8_t curve);

/**
 * se05x_iot_ec_public() - read the public key: ReadObject (02 00 00)
 * @iot: handle
 * @id: EC key
 * @curve: in: its curve, or 0 where the library is to find out (ReadType, and before
 *	applet 6.0 GetECCurveId); out: its curve
 * @point: out: as se05x_iot_ec_import() takes it
 * @len: in: room there, SE05X_IOT_POINT_MAX is enough; out: bytes
 * @call: may be NULL
 *
 * Return: 0; -EMEDIUMTYPE: no EC key; -EOPNOTSUPP: on a curve that this library has not
 * heard of; as above.
 */
int se05x_iot_ec_public(struct se05x_iot *iot, uint32_t id, uint8_t *curve, void *point,
			size_t *len, struct se05x_call *call);

enum se05x_iot_hash {
	SE05X_IOT_HASH_SHA1,
	SE05X_IOT_HASH_SHA224,
	SE05X_IOT_HASH_SHA256,
	SE05X_IOT_HASH_SHA384,
	SE05X_IOT_HASH_SHA512,
};

/* Bytes of a digest; 0: no such hash */
size_t se05x_iot_hash_len(enum se05x_iot_hash hash);

/**
 * se05x_iot_ecdsa_sign() - ECDSASign (03 0C 09)
 * @iot: handle
 * @id: EC key pair
 * @hash: what made the digest
 * @digest: se05x_iot_hash_len(@hash) bytes
 * @sig: out: DER, ECDSA-Sig-Value of RFC 3279
 * @sig_len: in: room there, 141 is enough for every curve; out: bytes
 * @call: may be NULL
 *
 * Return: 0; -EPROTO: what the chip gave is no such value; as above.
 */
int se05x_iot_ecdsa_sign(struct se05x_iot *iot, uint32_t id, enum se05x_iot_hash hash,
			 const void *digest, void *sig, size_t *sig_len,
			 struct se05x_call *call);

/* se05x_iot_ecdsa_verify() - ECDSAVerify (03 0C 0A); @good: out: what the chip says */
int se05x_iot_ecdsa_verify(struct se05x_iot *iot, uint32_t id, enum se05x_iot_hash hash,
			   const void *digest, const void *sig, size_t sig_len, bool *good,
			   struct se05x_call *call);

/**
 * se05x_iot_eddsa_sign() - pure Ed25519 of RFC 8032: EdDSASign (03 0C 09)
 * @iot: handle
 * @id: Ed25519 key pair
 * @message: all of it, up to se05x_iot_max() bytes: more may be -E2BIG
 * @len: bytes of it
 * @sig: out: R and S as the RFC writes them
 * @call: may be NULL
 */
int se05x_iot_eddsa_sign(struct se05x_iot *iot, uint32_t id, const void *message, size_t len,
			 uint8_t sig[64], struct se05x_call *call);

/* se05x_iot_eddsa_verify() - EdDSAVerify (03 0C 0A) */
int se05x_iot_eddsa_verify(struct se05x_iot *iot, uint32_t id, const void *message,
			   size_t len, const uint8_t sig[64], bool *good,
			   struct se05x_call *call);

/**
 * se05x_iot_ecdh() - the shared secret: ECDHGenerateSharedSecret (03 01 0F)
 * @iot: handle
 * @id: EC key pair
 * @curve: its curve; 0: the library finds out, as se05x_iot_ec_public()
 * @peer: public key of the other side: 04 X Y, or as RFC 7748 writes it
 * @peer_len: bytes of it
 * @secret: out: X, big-endian; or as RFC 7748 has it
 * @secret_len: in: room there, 66 bytes are enough; out: bytes
 * @call: may be NULL
 *
 * X25519 and X448 write flash in the chip each time [U].
 */
int se05x_iot_ecdh(struct se05x_iot *iot, uint32_t id, uint8_t curve, const void *peer,
		   size_t peer_len, void *secret, size_t *secret_len,
		   struct se05x_call *call);

/* ---- RSA ---- */

/*
 * A number, big-endian, without zeros before it or with. It has no room to grow: it is a
 * part of struct se05x_iot_rsa, which has.
 */
struct se05x_iot_number {
	const void *bytes;
	size_t len;
};

/**
 * struct se05x_iot_rsa - a key's numbers
 * @n: always
 * @e: always
 * @d: for a pair, unless @p to @qinv are given
 * @p: for a pair, with all up to @qinv, unless @d is given
 * @q: as @p
 * @dp: as @p
 * @dq: as @p
 * @qinv: as @p
 * @reserved: must be zero
 */
struct se05x_iot_rsa {
	struct se05x_iot_number n, e, d, p, q, dp, dq, qinv;
	uint64_t reserved[2];
};

/**
 * se05x_iot_rsa_generate() - a key pair that never leaves the chip: WriteRSAKey (01 62 00)
 * @iot: handle
 * @id: where
 * @bits: 512, 1024, 1152, 2048, 3072 or 4096
 * @how: may be NULL
 * @call: may be NULL. It takes from seconds to minutes.
 */
int se05x_iot_rsa_generate(struct se05x_iot *iot, uint32_t id, unsigned int bits,
			   const struct se05x_iot_new *how, struct se05x_call *call);

/**
 * se05x_iot_rsa_import() - a key from outside: WriteRSAKey, one number an APDU
 * @iot: handle
 * @id: where
 * @bits: as above
 * @key: with @p to @qinv: a pair by CRT (01 62 00). With @d: a pair (01 62 4F).
 *	Else a public key (01 22 4F).
 * @how: may be NULL
 * @begun: out: an object is there, though on error not a usable one: it can be
 *	removed with se05x_iot_delete() if its policy allows. May be NULL.
 * @call: may be NULL
 */
int se05x_iot_rsa_import(struct se05x_iot *iot, uint32_t id, unsigned int bits,
			 const struct se05x_iot_rsa *key, const struct se05x_iot_new *how,
			 bool *begun, struct se05x_call *call);

/**
 * se05x_iot_rsa_public() - modulus and exponent: ReadObject for RSA (02 00 00), twice
 * @iot: handle
 * @id: RSA key
 * @n: out: room for 512 bytes
 * @n_len: in: room there; out: bytes
 * @e: out: room for 8 bytes
 * @e_len: in: room there; out: bytes
 * @call: may be NULL
 */
int se05x_iot_rsa_public(struct se05x_iot *iot, uint32_t id, void *n, size_t *n_len,
			 void *e, size_t *e_len, struct se05x_call *call);

enum se05x_iot_padding {
	SE05X_IOT_PADDING_NONE,	/* the number as it is, as long as the modulus */
	SE05X_IOT_PADDING_PKCS1,
	SE05X_IOT_PADDING_PSS,	/* to sign; salt as long as the digest, MGF1 by the same hash */
	SE05X_IOT_PADDING_OAEP,	/* to encrypt; MGF1 by the same hash, no label */
};

/**
 * se05x_iot_rsa_sign() - the chip hashes and signs: RSASign (03 0C 09)
 * @iot: handle
 * @id: RSA key pair
 * @padding: SE05X_IOT_PADDING_PKCS1 or SE05X_IOT_PADDING_PSS
 * @hash: what the chip shall hash with
 * @message: all of it, in one APDU: else -E2BIG. A longer one is hashed by the
 *	caller and goes to se05x_iot_rsa_sign_digest(), if the key's policy allows that.
 * @len: bytes of it
 * @sig: out; @sig_len: in: room there, SE05X_IOT_SIG_MAX is enough; out: bytes
 * @call: may be NULL
 */
int se05x_iot_rsa_sign(struct se05x_iot *iot, uint32_t id, enum se05x_iot_padding padding,
		       enum se05x_iot_hash hash, const void *message, size_t len,
		       void *sig, size_t *sig_len, struct se05x_call *call);

/* se05x_iot_rsa_verify() - RSAVerify (03 0C 0A) */
int se05x_iot_rsa_verify(struct se05x_iot *iot, uint32_t id, enum se05x_iot_padding padding,
			 enum se05x_iot_hash hash, const void *message, size_t len,
			 const void *sig, size_t sig_len, bool *good,
			 struct se05x_call *call);

/**
 * se05x_iot_rsa_sign_digest() - sign what the caller hashed: padded here, RSADecrypt (03 02 38)
 * @iot: handle
 * @id: RSA key pair; its policy has to allow decrypt (not sign)
 * @padding: SE05X_IOT_PADDING_PKCS1 or SE05X_IOT_PADDING_PSS
 * @hash: what made the digest
 * @digest: se05x_iot_hash_len(@hash) bytes
 * @sig: out
 * @sig_len: in: room there, SE05X_IOT_SIG_MAX is enough; out: bytes
 * @call: may be NULL
 *
 * For messages of any length. The size of the key is asked for first (02 00 07).
 *
 * Return: 0; -EINVAL, also if the key is too short for that; as above.
 */
int se05x_iot_rsa_sign_digest(struct se05x_iot *iot, uint32_t id,
			      enum se05x_iot_padding padding, enum se05x_iot_hash hash,
			      const void *digest, void *sig, size_t *sig_len,
			      struct se05x_call *call);

/**
 * se05x_iot_rsa_encrypt() - RSAEncrypt (03 02 37)
 * @iot: handle
 * @id: RSA key
 * @padding: SE05X_IOT_PADDING_PKCS1, by the chip; SE05X_IOT_PADDING_OAEP, here; or
 *	SE05X_IOT_PADDING_NONE: @in is as long as the modulus, and a smaller number
 * @hash: for OAEP, without a label; else it does not count
 * @in: what is to be encrypted
 * @in_len: bytes of it
 * @out: out
 * @out_len: in: room there; out: bytes, the modulus' length
 * @call: may be NULL
 */
int se05x_iot_rsa_encrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_padding padding,
			  enum se05x_iot_hash hash, const void *in, size_t in_len, void *out,
			  size_t *out_len, struct se05x_call *call);

/**
 * se05x_iot_rsa_decrypt() - RSADecrypt (03 02 38), bare; the padding is taken off here
 * @iot: handle
 * @id: RSA key pair
 * @padding: as se05x_iot_rsa_encrypt()
 * @hash: the same
 * @in: what was encrypted, as long as the modulus
 * @in_len: bytes of it
 * @out: out
 * @out_len: in: room there, at least @in_len; out: bytes
 * @call: may be NULL
 *
 * The padding is taken off in constant time, and one error says all that can be wrong
 * with it. With SE05X_IOT_PADDING_PKCS1 that one is an oracle too, to who may ask often:
 * protocols that have to live with it go on with a random secret instead.
 *
 * Return: 0; -EILSEQ: wrong padding; as above.
 */
int se05x_iot_rsa_decrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_padding padding,
			  enum se05x_iot_hash hash, const void *in, size_t in_len, void *out,
			  size_t *out_len, struct se05x_call *call);

/* ---- symmetric keys ---- */

/**
 * se05x_iot_key_import() - an AES, DES or HMAC key: WriteSymmKey (01 03 00, 04, 05)
 * @iot: handle
 * @id: where
 * @kind: SE05X_IOT_KIND_AES (16, 24 or 32 bytes), _DES (8, 16 or 24), _HMAC (1 to 256)
 * @key: the key
 * @len: bytes of it
 * @how: may be NULL
 * @call: may be NULL
 */
int se05x_iot_key_import(struct se05x_iot *iot, uint32_t id, enum se05x_iot_kind kind,
			 const void *key, size_t len, const struct se05x_iot_new *how,
			 struct se05x_call *call);

enum se05x_iot_cipher {
	SE05X_IOT_CIPHER_AES_ECB,
	SE05X_IOT_CIPHER_AES_CBC,	/* without padding */
	SE05X_IOT_CIPHER_AES_CTR,
	SE05X_IOT_CIPHER_DES_ECB,
	SE05X_IOT_CIPHER_DES_CBC,	/* without padding */
};

/* Bytes of a block, which @len must be a multiple of but for CTR; of an IV, 0: none */
size_t se05x_iot_cipher_block(enum se05x_iot_cipher cipher);
size_t se05x_iot_cipher_iv(enum se05x_iot_cipher cipher);

/**
 * se05x_iot_cipher() - CipherOneShot (03 0E 37, 38), as often as it takes
 * @iot: handle
 * @id: AES or DES key
 * @cipher: how
 * @encrypt: or decrypt
 * @iv: se05x_iot_cipher_iv(@cipher) bytes; may be NULL if that is 0
 * @in: what; @out: where to, as long; they may be the same
 * @len: bytes, any number of whole blocks
 * @call: may be NULL
 *
 * More than one APDU's worth is cut between blocks and chained here, so that it
 * needs no crypto object, which would write flash.
 */
int se05x_iot_cipher(struct se05x_iot *iot, uint32_t id, enum se05x_iot_cipher cipher,
		     bool encrypt, const void *iv, const void *in, void *out, size_t len,
		     struct se05x_call *call);

enum se05x_iot_aead {
	SE05X_IOT_AEAD_GCM,	/* NIST SP 800-38D; IV of 1 to 60 bytes [U], 12 by custom */
	SE05X_IOT_AEAD_CCM,	/* NIST SP 800-38C; IV of 7 to 13 bytes */
};

/**
 * se05x_iot_aead_encrypt() - AEADOneShot (03 11 37), or by CipherOneShot (03 0E 37)
 * @iot: handle
 * @id: AES key
 * @aead: how
 * @iv: never the same twice with a key
 * @iv_len: bytes of it
 * @aad: what is authenticated and not encrypted; NULL: nothing
 * @aad_len: bytes of it
 * @in: what; @out: where to, as long
 * @len: bytes, any number
 * @tag: out
 * @tag_len: bytes that are wanted of it, 4 to 16; CCM: an even number
 * @call: may be NULL
 *
 * Applets before 7.2 have no AEAD, and what is more than one APDU's worth does not fit:
 * then the library does it with the chip's AES one block after the other, and the key's
 * policy has to allow encrypt, for decrypting too.
 */
int se05x_iot_aead_encrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_aead aead,
			   const void *iv, size_t iv_len, const void *aad, size_t aad_len,
			   const void *in, void *out, size_t len, void *tag, size_t tag_len,
			   struct se05x_call *call);

/*
 * se05x_iot_aead_decrypt() - AEADOneShot (03 11 38), or by CipherOneShot (03 0E 38);
 * @good: out: the tag is right. If not, or on error, @out is left as it was, unless the
 * link failed in the middle of decrypting.
 */
int se05x_iot_aead_decrypt(struct se05x_iot *iot, uint32_t id, enum se05x_iot_aead aead,
			   const void *iv, size_t iv_len, const void *aad, size_t aad_len,
			   const void *in, void *out, size_t len, const void *tag,
			   size_t tag_len, bool *good, struct se05x_call *call);

enum se05x_iot_mac {
	SE05X_IOT_MAC_HMAC_SHA1,
	SE05X_IOT_MAC_HMAC_SHA256,
	SE05X_IOT_MAC_HMAC_SHA384,
	SE05X_IOT_MAC_HMAC_SHA512,
	SE05X_IOT_MAC_CMAC_AES,
};

#define SE05X_IOT_MAC_MAX	64

/**
 * se05x_iot_mac() - MACOneShot, generate (03 0D 45)
 * @iot: handle
 * @id: HMAC or AES key
 * @mac: how
 * @message: all of it. HMAC: up to se05x_iot_max() bytes, more may be -E2BIG. CMAC: of
 *	any length; where one APDU is not enough the key's policy has to allow encrypt.
 * @len: bytes of it
 * @out: out
 * @out_len: in: room there, SE05X_IOT_MAC_MAX is enough; out: bytes
 * @call: may be NULL
 */
int se05x_iot_mac(struct se05x_iot *iot, uint32_t id, enum se05x_iot_mac mac,
		  const void *message, size_t len, void *out, size_t *out_len,
		  struct se05x_call *call);

/* se05x_iot_mac_verify() - MACOneShot, validate (03 0D 46) */
int se05x_iot_mac_verify(struct se05x_iot *iot, uint32_t id, enum se05x_iot_mac mac,
			 const void *message, size_t len, const void *value,
			 size_t value_len, bool *good, struct se05x_call *call);

/**
 * se05x_iot_hkdf() - extract and expand (RFC 5869): HKDF (03 00 2D)
 * @iot: handle
 * @id: HMAC key: the input keying material
 * @hash: SE05X_IOT_HASH_SHA1, _SHA256, _SHA384 or _SHA512
 * @salt: up to 64 bytes; NULL: none
 * @salt_len: bytes of it
 * @info: up to 80 bytes [U]; NULL: none
 * @info_len: bytes of it
 * @out: out
 * @out_len: bytes that are wanted, 1 to 255 times the digest, and up to
 *	se05x_iot_max(), 768: else -E2BIG
 * @call: may be NULL
 */
int se05x_iot_hkdf(struct se05x_iot *iot, uint32_t id, enum se05x_iot_hash hash,
		   const void *salt, size_t salt_len, const void *info, size_t info_len,
		   void *out, size_t out_len, struct se05x_call *call);

/**
 * se05x_iot_digest() - DigestOneShot (03 00 0E)
 * @iot: handle
 * @hash: how
 * @data: all of it, up to se05x_iot_max() bytes; more may be -E2BIG, and the host is
 *	faster anyway
 * @len: bytes of it
 * @digest: out: se05x_iot_hash_len(@hash) bytes
 * @call: may be NULL
 */
int se05x_iot_digest(struct se05x_iot *iot, enum se05x_iot_hash hash, const void *data,
		     size_t len, void *digest, struct se05x_call *call);

/* What has to go in one APDU */
enum se05x_iot_limit {
	SE05X_IOT_MAX_HMAC,	/* message of an HMAC, made or verified */
	SE05X_IOT_MAX_DIGEST,	/* what se05x_iot_digest() hashes */
	SE05X_IOT_MAX_PCR,	/* what se05x_iot_pcr_extend() takes */
	SE05X_IOT_MAX_ED25519,	/* message of an Ed25519 signature, made or verified */
	SE05X_IOT_MAX_RSA,	/* message that the chip hashes for RSA, signed or verified */
	SE05X_IOT_MAX_HKDF,	/* what se05x_iot_hkdf() derives */
};

/**
 * se05x_iot_max() - how many bytes are never too much for this chip
 * @iot: handle
 * @limit: for what
 *
 * In a session and in the kernel's secure channel too, whose overhead is left free; so
 * a little more may go without them. CMAC, GCM, CCM and ciphers have no such limit, and
 * digests are signed with ECDSA and by se05x_iot_rsa_sign_digest().
 *
 * Return: bytes.
 */
size_t se05x_iot_max(const struct se05x_iot *iot, enum se05x_iot_limit limit);

/* ---- files, counters, PCRs ---- */

#define SE05X_IOT_BINARY_MAX	0x7FFF

/**
 * se05x_iot_binary_create() - a file with its first bytes: WriteBinary (01 06 00)
 * @iot: handle
 * @id: where
 * @data: all of it; it goes in as many APDUs as it takes
 * @len: 1 to SE05X_IOT_BINARY_MAX bytes
 * @how: may be NULL
 * @done: out: bytes that are surely written; may be NULL. On error with @done > 0,
 *	or with an outcome other than SE05X_OUTCOME_NOT_SENT, a file of full length
 *	may be left behind, zeros at its end. It can be removed if its policy
 *	allows.
 * @call: may be NULL
 *
 * Free memory is asked first. What does not fit is not begun.
 *
 * Return: 0; -EDQUOT, and nothing was written if @done is 0 and call->sw is 0; -EEXIST; as
 * above.
 */
int se05x_iot_binary_create(struct se05x_iot *iot, uint32_t id, const void *data, size_t len,
			    const struct se05x_iot_new *how, size_t *done,
			    struct se05x_call *call);

/* se05x_iot_binary_write() - into a file that is there, from @offset: WriteBinary (01 06 00) */
int se05x_iot_binary_write(struct se05x_iot *iot, uint32_t id, size_t offset,
			   const void *data, size_t len, size_t *done,
			   struct se05x_call *call);

/**
 * se05x_iot_binary_read() - out of a file: ReadObject (02 00 00), as often as it takes
 * @iot: handle
 * @id: file
 * @offset: from there
 * @data: out
 * @len: bytes
 * @call: may be NULL
 */
int se05x_iot_binary_read(struct se05x_iot *iot, uint32_t id, size_t offset, void *data,
			  size_t len, struct se05x_call *call);

/**
 * se05x_iot_binary_load() - a whole file: ReadObject (02 00 00), once if it is short
 * @iot: handle
 * @id: file
 * @data: out: to be freed with free()
 * @len: out: bytes
 * @call: may be NULL
 *
 * Unlike se05x_iot_binary_read() it needs no length, which would be another command.
 */
int se05x_iot_binary_load(struct se05x_iot *iot, uint32_t id, void **data, size_t *len,
			  struct se05x_call *call);

/**
 * se05x_iot_userid_create() - a password to open sessions with: WriteUserID (41 07 00)
 * @iot: handle
 * @id: where
 * @value: 4 to 16 bytes; nobody can read them again
 * @len: their number
 * @how: may be NULL; @auth is implied
 * @call: may be NULL
 */
int se05x_iot_userid_create(struct se05x_iot *iot, uint32_t id, const void *value,
			    size_t len, const struct se05x_iot_new *how,
			    struct se05x_call *call);

/**
 * se05x_iot_counter_create() - a counter that never goes back: CreateCounter (01 08 00)
 * @iot: handle
 * @id: where
 * @size: its bytes, 1 to 8
 * @value: what it begins with; 0: nothing more is sent. Else SetCounter (01 08 00).
 * @how: may be NULL
 * @call: may be NULL
 */
int se05x_iot_counter_create(struct se05x_iot *iot, uint32_t id, size_t size, uint64_t value,
			     const struct se05x_iot_new *how, struct se05x_call *call);

/* se05x_iot_counter_set() - only up: SetCounter (01 08 00); @size: its bytes */
int se05x_iot_counter_set(struct se05x_iot *iot, uint32_t id, size_t size, uint64_t value,
			  struct se05x_call *call);

/* se05x_iot_counter_add() - one more: IncCounter (01 08 00) */
int se05x_iot_counter_add(struct se05x_iot *iot, uint32_t id, struct se05x_call *call);

/* se05x_iot_counter_read() - ReadObject (02 00 00) */
int se05x_iot_counter_read(struct se05x_iot *iot, uint32_t id, uint64_t *value,
			   struct se05x_call *call);

#define SE05X_IOT_PCR_LEN	32

/* se05x_iot_pcr_create() - WritePCR (01 09 00) with its first value */
int se05x_iot_pcr_create(struct se05x_iot *iot, uint32_t id,
			 const uint8_t value[SE05X_IOT_PCR_LEN],
			 const struct se05x_iot_new *how, struct se05x_call *call);

/* se05x_iot_pcr_extend() - becomes SHA-256(value | @data): WritePCR (01 09 00) */
int se05x_iot_pcr_extend(struct se05x_iot *iot, uint32_t id, const void *data, size_t len,
			 struct se05x_call *call);

/* se05x_iot_pcr_read() - ReadObject (02 00 00) */
int se05x_iot_pcr_read(struct se05x_iot *iot, uint32_t id, uint8_t value[SE05X_IOT_PCR_LEN],
		       struct se05x_call *call);

/* ---- attestation ---- */

struct se05x_iot_attestation;	/* a value, and a key's word that the chip holds it */

/* Parts of it */
enum se05x_iot_attested {
	SE05X_IOT_ATTESTED_VALUE,	/* what the object holds; none if its policy says so */
	SE05X_IOT_ATTESTED_ATTRIBUTES,	/* for se05x_iot_attributes_parse() */
	SE05X_IOT_ATTESTED_UNIQUE_ID,	/* the chip's number */
	SE05X_IOT_ATTESTED_TIMESTAMP,	/* as se05x_iot_timestamp() */
	SE05X_IOT_ATTESTED_FRESHNESS,	/* what the caller gave */
	SE05X_IOT_ATTESTED_SIGNATURE,	/* ECDSA, in DER */
	SE05X_IOT_ATTESTED_COMMAND,	/* what MESSAGE lacks, see there; else 0 bytes */
	SE05X_IOT_ATTESTED_MESSAGE,	/* what was signed */
};

/**
 * se05x_iot_attested() - a part of an attestation
 * @attestation: of se05x_iot_attest()
 * @what: which. SE05X_IOT_ATTESTED_MESSAGE is what was signed, put together as the
 *	applet does it. Applets of 7.2 sign a digest of the command before it: there
 *	SE05X_IOT_ATTESTED_COMMAND has to be hashed, by the hash that the attestation was
 *	asked for with, and the digest put before the message.
 * @len: out: bytes; may be 0
 *
 * Return: the bytes, valid until se05x_iot_attestation_free(); NULL: no such part.
 */
const uint8_t *se05x_iot_attested(const struct se05x_iot_attestation *attestation,
				  enum se05x_iot_attested what, size_t *len);

/* se05x_iot_attested_size() - bytes of the whole value; 0 before applet 7.2 */
uint32_t se05x_iot_attested_size(const struct se05x_iot_attestation *attestation);

/* se05x_iot_attestation_free() - wipe and free it; NULL is fine */
void se05x_iot_attestation_free(struct se05x_iot_attestation *attestation);

/**
 * se05x_iot_attest() - an attested read: ReadObject with attestation (22 00 00)
 * @iot: handle
 * @id: what is to be read; for an RSA key its modulus
 * @kind: its kind; SE05X_IOT_KIND_RSA makes a difference
 * @key: EC key pair that signs
 * @hash: SHA-1 to SHA-512
 * @freshness: 16 bytes that nobody could know before
 * @offset: in a file; else 0
 * @len: of a file; 0: all of it, in one APDU
 * @attestation: out: for se05x_iot_attested() and se05x_iot_attestation_free()
 * @call: may be NULL
 *
 * The signature is not verified here: it is worth nothing to who trusts the chip
 * anyway, and who does not verifies it himself over @message.
 */
int se05x_iot_attest(struct se05x_iot *iot, uint32_t id, enum se05x_iot_kind kind,
		     uint32_t key, enum se05x_iot_hash hash, const uint8_t freshness[16],
		     size_t offset, size_t len, struct se05x_iot_attestation **attestation,
		     struct se05x_call *call);

/* se05x_iot_attributes_parse() - take apart what SE05X_IOT_ATTESTED_ATTRIBUTES holds */
int se05x_iot_attributes_parse(const struct se05x_iot *iot, const uint8_t *bytes, size_t len,
			       struct se05x_iot_attributes *attributes);

/* ---- sessions ---- */

/**
 * se05x_iot_session_open() - be somebody: CreateSession (04 00 1B), VerifySessionUserID (04 00 2C)
 * @iot: handle; no session
 * @id: UserID object
 * @value: its password
 * @len: bytes of it
 * @session: out: another handle. What is sent by it goes as part of the session
 *	(PROCESS, 05 00 00); @iot and who else uses it are not concerned. @iot may be
 *	closed before it, the chip may not.
 * @call: may be NULL
 *
 * The chip has two sessions, and another client's SELECT may end them: then commands
 * fail with -ESTALE, not sent, and the session is to be closed and opened again.
 * Whoever can't have that takes se05x_lock() before.
 *
 * The password goes over the bus in clear, unless the kernel's channel protects it.
 *
 * The password is sent once. If it is refused the UserID's attributes are read, to tell
 * whether it is blocked.
 *
 * Return: 0; -EBADE: wrong password, one attempt of the object's is gone, or the UserID is
 * blocked and its attributes can't be read; -EKEYREVOKED: it is blocked, maybe by this very
 * attempt; -ENOENT: no such object; -EMEDIUMTYPE: it is no UserID; -EUSERS: it has a
 * session, or both of the chip's are taken. As above.
 */
int se05x_iot_session_open(struct se05x_iot *iot, uint32_t id, const void *value, size_t len,
			   struct se05x_iot **session, struct se05x_call *call);

/**
 * se05x_iot_session_open_aes() - be the owner of an AES key, in a secure channel (SCP03)
 * @iot: handle; no session
 * @id: AES key that was made for authentication (@auth of struct se05x_iot_new)
 * @key: its value
 * @len: bytes of it: 16, 24 or 32. Chips may take 16 only [U].
 * @session: out: another handle, as of se05x_iot_session_open()
 * @call: may be NULL
 *
 * CreateSession (04 00 1B), then INITIALIZE UPDATE and EXTERNAL AUTHENTICATE in it. From
 * then on commands and answers of the session are encrypted and have a MAC: who reads or
 * changes what is on the bus learns and changes nothing, and rights with secure-messaging
 * can be used. The key itself is never sent. It is not kept: the session has keys of its
 * own, which are wiped when it is closed.
 *
 * An answer whose MAC is wrong ends the session with -EBADMSG. So does an error of the link
 * after which nobody knows whether the chip counted the command, and status word 66A6: the
 * commands after it fail with -ESTALE, not sent. Errors come from the chip without a MAC:
 * a status word other than 9000 proves nothing to who doesn't trust the bus, and
 * call->outcome says SE05X_OUTCOME_MAY_HAVE_RUN with it.
 *
 * Threads may share the session; its commands go one after the other.
 *
 * Return: 0; -EKEYREJECTED: the chip has another key, and no attempt is gone;
 * -EBADE, -EKEYREVOKED: the chip refused, or it is blocked, as for a UserID; -ENOENT: no
 * such object; -EMEDIUMTYPE: it is no AES key for authentication, or of a length that the
 * chip does not take, or blocked where its attributes can't be read; -EUSERS: it has a
 * session, or both of the chip's are taken. As above.
 */
int se05x_iot_session_open_aes(struct se05x_iot *iot, uint32_t id, const void *key, size_t len,
			       struct se05x_iot **session, struct se05x_call *call);

/**
 * se05x_iot_session_open_ec() - be the owner of an EC key on P-256, in a secure channel
 * @iot: handle; no session
 * @id: public key, or pair, on P-256 that was made for authentication
 * @scalar: private key that belongs to it, 32 bytes
 * @point: its public key, 04 X Y, 65 bytes
 * @chip: the chip's public key of 7FFF0201, as it was read where nobody could change it;
 *	NULL: what the chip says now
 * @session: out: another handle, as of se05x_iot_session_open_aes()
 * @call: may be NULL
 *
 * CreateSession (04 00 1B), then INTERNAL AUTHENTICATE (88 00 00) in it: the host signs a
 * fresh key, and that and the chip's key agree on the keys of the channel. Without @chip who
 * can change what is on the bus can play the chip. He can't play the host to the chip.
 *
 * How this works is known from what hosts send, and could not be tried with a chip [U].
 *
 * Return: 0; -EBADE, -EKEYREVOKED: the chip refused: another key signed, or it is blocked;
 * -EINVAL: @scalar and @point are no key, or @chip is no point of the curve; -EOPNOTSUPP:
 * the chip has no key for that; else as se05x_iot_session_open_aes(). That the chip has the
 * private part of its key shows in its first answer: -EBADMSG.
 */
int se05x_iot_session_open_ec(struct se05x_iot *iot, uint32_t id, const void *scalar,
			      const void *point, const void *chip, struct se05x_iot **session,
			      struct se05x_call *call);

/*
 * se05x_iot_session_close() - CloseSession (04 00 1C), and free the handle, whatever is
 * returned. NULL is fine. An error: the chip could not be told, and one of its two sessions
 * stays taken until a SELECT with SE05X_SELECT_FRESH or a reset.
 */
int se05x_iot_session_close(struct se05x_iot *session, struct se05x_call *call);

#ifdef __cplusplus
}
#endif

#endif /* SE05X_IOT_H */
