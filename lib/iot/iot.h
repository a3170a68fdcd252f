/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside libse05x-iot: commands, answers, and how applets differ */
#ifndef SE05X_IOT_INTERNAL_H
#define SE05X_IOT_INTERNAL_H

#include <errno.h>
#include <string.h>

#include "../common.h"
#include "se05x-iot.h"

/* INS: what is to be done, and how an object is to be (AN12413, 4.3.3) */
#define INS_WRITE	0x01
#define INS_READ	0x02
#define INS_CRYPTO	0x03
#define INS_MGMT	0x04
#define INS_PROCESS	0x05
#define INS_TRANSIENT	0x80
#define INS_AUTH	0x40
#define INS_ATTEST	0x20

/* P1: what it is about, and which part of a key */
#define P1_DEFAULT	0x00
#define P1_EC		0x01
#define P1_RSA		0x02
#define P1_AES		0x03
#define P1_DES		0x04
#define P1_HMAC		0x05
#define P1_BINARY	0x06
#define P1_USERID	0x07
#define P1_COUNTER	0x08
#define P1_PCR		0x09
#define P1_CURVE	0x0B
#define P1_SIGNATURE	0x0C
#define P1_MAC		0x0D
#define P1_CIPHER	0x0E
#define P1_AEAD		0x11
#define P1_PAIR		0x60
#define P1_PUBLIC	0x20

#define TAG_SESSION	0x10
#define TAG_POLICY	0x11
#define TAG_MAX_ATTEMPTS 0x12
#define TAG_1		0x41
#define TAG_2		0x42
#define TAG_3		0x43
#define TAG_4		0x44
#define TAG_5		0x45
#define TAG_6		0x46
#define TAG_7		0x47
#define TAG_8		0x48
#define TAG_9		0x49
#define TAG_10		0x4A
#define TAG_TIMESTAMP	0x4F
#define TAG_SIGNATURE	0x52

#define RESULT_YES	1	/* AN12413, 4.3.26: SUCCESS, FAILURE */
#define RESULT_NO	2

#define COMMAND_MAX	1100	/* bytes of data that any applet takes, and their wrapping */
#define RESPONSE_MAX	4098	/* the driver's longest answer */

/* How applets differ. The last line whose version is not above the chip's holds. */
struct channel;

struct personality {
	uint8_t major;
	uint8_t minor;
	uint8_t patch;
	uint16_t payload;	/* bytes of command data */
	bool curve_in_type;	/* ReadType names an EC key's curve */
	bool attributes;	/* ReadObjectAttributes without attestation */
	bool attributes_version; /* they end in a version */
	bool attest_tlvs;	/* attestation signs a digest of the command, and TLVs */
	bool x448;
	bool aead;
	bool state;		/* ReadState */
};

/* Nothing of it changes while threads use it, so it needs no lock; the channel has one. */
struct se05x_iot {
	struct se05x *se;
	struct se05x_iot_version version;
	const struct personality *as;
	uint32_t deadline_ms;	/* where a call has none */
	uint8_t aid[SE05X_AID_MAX];
	size_t aid_len;
	bool in_session;
	uint8_t session[8];
	uint64_t generation;	/* of the session's beginning */
	struct channel *channel;	/* of a session that a key opened; else NULL */
};

/* -EOPNOTSUPP, with an outcome that says so, unless the chip has one of @features */
int siot_need(const struct se05x_iot *iot, uint16_t features, struct se05x_call *call);
/* The same for whatever else was found before anything was sent. Return: @error. */
int siot_refuse(int error, struct se05x_call *call);

/*
 * An earlier command of this call has changed something already: that its last one was not
 * sent does not say that the call may be made again. Return: @ret.
 */
int siot_partly(int ret, struct se05x_call *call);

/* The chip answered, and said no */
bool siot_denied(int ret);

/* ---- commands ---- */

#define LE_SHORT	256
#define LE_LONG		65536	/* commands that may answer more than 256 bytes */

struct command {
	uint8_t header[4];
	uint8_t data[COMMAND_MAX];
	size_t len;
	size_t le;
	uint32_t object;	/* that it is about; 0: none */
	bool creates;		/* it is to be made by it */
	bool overflow;
};

void siot_begin(struct command *cmd, uint8_t ins, uint8_t p1, uint8_t p2, size_t le);
void siot_tlv(struct command *cmd, uint8_t tag, const void *value, size_t len);
void siot_u8(struct command *cmd, uint8_t tag, uint8_t value);
void siot_u16(struct command *cmd, uint8_t tag, uint16_t value);
void siot_u32(struct command *cmd, uint8_t tag, uint32_t value);
/* TAG_1 of a command about an object that is there */
void siot_object(struct command *cmd, uint32_t id);
/* What an object begins with: INS flags, policy, attempts. First of the TLVs. */
void siot_new(struct command *cmd, const struct se05x_iot_new *how);

struct response {
	uint8_t bytes[RESPONSE_MAX];
	size_t len;		/* without SW */
};

/* It goes as one command, in a session and a secure channel too */
bool siot_fits(const struct se05x_iot *iot, const struct command *cmd);
/* Bytes of a value in one command that has @others bytes of other TLVs */
size_t siot_room(const struct se05x_iot *iot, size_t others);

/*
 * Send, and wipe the command. @rsp may be NULL if no data is expected. Return:
 * as the header says; never 0 with a status word other than 9000.
 */
int siot_run(struct se05x_iot *iot, struct command *cmd, struct response *rsp,
	    struct se05x_call *call);
/* The same; @generation: out: after it. May be NULL. */
int siot_run_at(struct se05x_iot *iot, struct command *cmd, struct response *rsp,
	       struct se05x_call *call, uint64_t *generation);

/*
 * May an object be made at @id? -EEXIST if there is one. With how->replace there has to
 * be one of @kind, and of @curve and @size where these are not 0; @kind 0: none of its
 * kind can be replaced.
 */
int siot_place(struct se05x_iot *iot, uint32_t id, const struct se05x_iot_new *how,
	       uint8_t kind, uint8_t curve, uint32_t size, struct se05x_call *call);

/* ---- answers ---- */

/*
 * The first TLV with @tag. All of @rsp has to be TLVs. Return: false if it isn't,
 * or if there is none.
 */
bool siot_get(const struct response *rsp, uint8_t tag, const uint8_t **value, size_t *len);
/* The same; where it begins, or NULL */
const uint8_t *siot_find(const struct response *rsp, uint8_t tag, const uint8_t **value,
			size_t *len);
bool siot_get_number(const struct response *rsp, uint8_t tag, size_t size, uint32_t *number);

/* Run it, and the answer's T1 is exactly @len bytes */
int siot_run_fixed(struct se05x_iot *iot, struct command *cmd, void *out, size_t len,
		  struct se05x_call *call);
/* Run it, and the answer's T1 is up to *@len bytes; 0 are none */
int siot_run_bytes(struct se05x_iot *iot, struct command *cmd, void *out, size_t *len,
		  struct se05x_call *call);
/* Run it, and the answer's T1 says yes or no */
int siot_run_yes(struct se05x_iot *iot, struct command *cmd, bool *yes,
		struct se05x_call *call);

/* Bytes of an object's value, by ReadSize */
int siot_size(struct se05x_iot *iot, uint32_t id, uint32_t *size, struct se05x_call *call);

/* ---- RSA's padding ---- */

/* @hash is one that se05x_iot_hash_len() knows. Return: false if there is no memory. */
bool siot_hash(enum se05x_iot_hash hash, const void *data, size_t len, uint8_t *digest);
/* PKCS#1 or PSS. Return: false if the modulus of @len bytes is too short for that. */
bool siot_pad_signature(enum se05x_iot_padding padding, enum se05x_iot_hash hash,
			const uint8_t *digest, uint8_t *em, size_t len);
/* Return: false if the message is too long for a modulus of @len bytes. */
bool siot_pad_oaep(enum se05x_iot_hash hash, const void *message, size_t message_len,
		   uint8_t *em, size_t len);
/*
 * PKCS#1 or OAEP, in constant time. @em is of no use after it; @len is at least twice the
 * digest and 2, @out has room for @len bytes. Return: 0 or -EILSEQ.
 */
int siot_unpad(enum se05x_iot_padding padding, enum se05x_iot_hash hash, uint8_t *em, size_t len,
	       void *out, size_t *out_len);

/* ---- modes of AES, by one-shots of the block cipher ---- */

/* What is to be encrypted or decrypted, and how */
struct aead {
	uint32_t id;
	enum se05x_iot_aead aead;
	bool encrypt;
	const void *iv;
	size_t iv_len;
	const void *aad;
	size_t aad_len;
	const void *in;
	void *out;
	size_t len;
	size_t tag_len;
	void *tag;		/* where it goes, */
	const void *expected;	/* or what it has to be */
	bool *good;
};

int siot_aead(struct se05x_iot *iot, const struct aead *a, struct se05x_call *call);
int siot_cmac(struct se05x_iot *iot, uint32_t id, const void *message, size_t len,
	      uint8_t mac[16], struct se05x_call *call);
/* In a time that does not tell where they differ */
bool siot_same(const void *a, const void *b, size_t len);

/* ---- curves ---- */

/* Written as RFC 7748 and 8032 have it: little-endian, where the chip has big-endian */
static inline bool curve_is_rfc(uint8_t curve)
{
	return curve >= SE05X_IOT_CURVE_ED25519;
}

static inline bool siot_is_montgomery(uint8_t curve)
{
	return curve == SE05X_IOT_CURVE_X25519 || curve == SE05X_IOT_CURVE_X448;
}

/* The number of ECDSA with a hash that se05x_iot_hash_len() knows */
uint8_t siot_ecdsa_algorithm(enum se05x_iot_hash hash);
/* The chip has it, by version and features; else -EOPNOTSUPP or -EINVAL */
int siot_curve_check(const struct se05x_iot *iot, uint8_t curve, struct se05x_call *call);

#endif /* SE05X_IOT_INTERNAL_H */
