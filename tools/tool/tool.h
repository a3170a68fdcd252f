/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside se05x-tool */
#ifndef SE05X_TOOLS_TOOL_H
#define SE05X_TOOLS_TOOL_H

#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <keys.h>
#include <se05x-iot.h>
#include "common.h"

#define DECLINED	4	/* exit code: who was asked said no */

#define INPUT_MAX	(1 << 20)	/* bytes of a file that is read as a whole */

/* What the command line says, and what is open because of it */
struct tool {
	struct options opt;
	const char *command;	/* for messages */
	const char *output;
	const char *hash;
	const char *policy;
	const char *type;
	const char *mode;
	const char *iv;
	const char *salt;
	const char *info;
	const char *user_id;
	const char *auth;
	const char *password_file;
	const char *key_file;
	const char *passin;
	const char *freshness;
	const char *root;
	const char *unique_id;
	const char *timeout;
	const char *from;
	const char *key_user;
	const char *subject;
	const char *san;
	const char *usage;
	const char *ca;
	const char *attempts;
	uint16_t max_attempts;
	uint8_t aid[16];
	size_t aid_len;
	bool transient;
	bool for_auth;	/* the key is to open sessions, and for nothing else */
	bool force;
	bool yes;
	bool der;
	bool hex;
	bool digest;	/* the input is one */
	bool nopad;
	bool update;
	bool ids;
	bool from_nxp;
	bool prepare;
	bool trace;
	bool help;
	bool version;
	bool password_given;	/* to libcrypto, for a key */
	bool password_failed;	/* there was none, and that was told */

	struct se05x *se;
	struct se05x_iot *iot;
	uint32_t owner;		/* whose session it is; 0: none */
	struct se05x_call call;	/* of the command under way */
	struct keys_names *names;	/* in the chip, once they were needed */
};

/* ---- names and files: common.c ---- */

/* The chip that names are looked up in; NULL: none is open yet */
extern struct tool *names_of;

/* The names in the chip, read once. NULL: it does not tell. */
struct keys_names *chip_names(struct tool *t);
/* An object's name in the chip, if it is that object still; NULL: none */
const char *chip_name(struct tool *t, const struct se05x_iot_object *object);
/* Whose name in the chip is it? Return: how many have it; *@id: the last. */
unsigned int find_chip_name(struct tool *t, const char *name, uint32_t *id);
/* After an object was deleted: its name, too */
void forget_name(struct tool *t, uint32_t id);

/* 0x01010101, a name in the chip, or one from the alias file. Return: OK, or USAGE after a complaint. */
int parse_id(const char *text, uint32_t *id);
/* The name that the alias file has for it; NULL: none. Valid until the next call. */
const char *alias_of(uint32_t id);
/* "0x01010101", and its name if it has one. Valid until the fourth next call. */
const char *id_text(uint32_t id);

/*
 * A file, or standard input without one or with -, which is there once; *@path: its
 * name for messages. NULL after a complaint; not to be closed if it is stdin.
 */
FILE *open_input(const char **path);
/* All of a file, or of standard input without one or with -. free() it. */
int read_input(const char *path, uint8_t **data, size_t *len, size_t max);
/* To standard output: as it is, or a line of hex with --hex, in JSON the member @name */
int write_bytes(const struct tool *t, const char *name, const void *data, size_t len);

/* ---- output.c ---- */

/*
 * Standard output becomes a new file beside --output, which takes its place when all
 * went well: output_end(). A @secret one is the owner's only. Return: OK, or TROUBLE.
 */
int output_begin(const struct tool *t, bool secret);
/* Return: @ret, what the command did; or TROUBLE if the file could not be written. */
int output_end(const struct tool *t, int ret);

/* A line from the terminal, unseen, into @line. Return: OK, or USAGE after a complaint. */
int ask_hidden(const char *question, char *line, size_t size, const char *instead);
/* Of a UserID: from --password-file, or asked for; twice if @new. OPENSSL_clear_free() it. */
int read_password(const struct tool *t, bool new, uint8_t **password, size_t *len);
/* From --passin, or asked for: as libcrypto wants it; @t is a struct tool. */
int key_password(char *buf, int size, int writing, void *t);
extern bool trace_apdus;	/* trace.c: tell of each APDU */

/* From now on a signal restores the terminal and removes what is half written. */
void die_properly(void);

/* ---- the chip: common.c ---- */

/*
 * Call one function of libse05x-iot with a line of progress around it; its last
 * argument is &t->call. Evaluates to what it returned.
 */
#define CHIP(t, function, ...) ({					\
	(t)->call = (struct se05x_call) {				\
		.deadline_ms = (t)->opt.deadline_ms };			\
	progress_begin(&(t)->opt);					\
	int chip_ret = function((t)->iot, __VA_ARGS__, &(t)->call);	\
	progress_end();							\
	chip_ret; })

/* Select the IoT applet, by --aid if there is one; t->call tells of it. Return: 0 or an errno. */
int open_applet(struct tool *t);
/* Say why the chip did not do it, and what helps. Return: TROUBLE. */
int chip_failed(const struct tool *t, uint32_t id, int error);

/* The same; what was too long for one command is told with the number */
int limit_failed(const struct tool *t, uint32_t id, int error, enum se05x_iot_limit limit);

/* Of what kind it is, in words; static */
const char *object_text(const struct se05x_iot_object *object);
const char *kind_name(unsigned int kind);

/* What is object @id? Return: OK, or TROUBLE after a complaint. */
int find_object(struct tool *t, uint32_t id, struct se05x_iot_object *object);
/* The same, and it is a complaint if it isn't of @kind, or not of @part (0: any) */
int find_kind(struct tool *t, uint32_t id, unsigned int kind, unsigned int part,
	      struct se05x_iot_object *object);

/*
 * May a new object be made at @id? Reserved ones want --force, there must be none
 * yet, and a policy by which it would stay for ever is asked about. @policy: room
 * for SE05X_IOT_POLICY_MAX bytes, used by @how.
 */
int prepare_new(struct tool *t, uint32_t id, uint8_t *policy, struct se05x_iot_new *how);
/* Refuse what NXP or the applet keeps for itself, but for --force */
int check_reserved(const struct tool *t, uint32_t id, const char *what);
/* What becomes of it is not to be undone: --yes, or ask on the terminal. */
int confirm(const struct tool *t, const char *question);
/* Say what a policy means, for people */
void explain_policy(const uint8_t *policy, size_t len);
/* Of what is allowed, but needs more than a command */
void warn_policy(const struct tool *t, const uint8_t *policy, size_t len);
int parse_policy(const char *text, uint8_t *policy, size_t *len);
/* Does the policy give one of @rights to who opened no session? */
bool anybody_may(const uint8_t *policy, size_t len, uint32_t rights);

int parse_hash(const struct tool *t, enum se05x_iot_hash *hash, const EVP_MD **md);
/* What --hash says about a file, or the digest that the file is */
int digest_input(const struct tool *t, const char *path, const EVP_MD *md, uint8_t *digest);
/* --mode, for an RSA key */
int parse_padding(const struct tool *t, bool sign, enum se05x_iot_padding *padding);
/* libcrypto's reason, if it has one; static */
const char *crypto_reason(void);

/* ---- files and certificates: file.c, cert.c ---- */

/* Keep it, or with --update write it into the file that is there */
int put_file(struct tool *t, uint32_t id, const uint8_t *data, size_t len, const char *what);
/* All of the file @name; free() it. */
int get_file(struct tool *t, const char *name, uint8_t **data, size_t *len);
/* At least one, from PEM or DER; NULL after a complaint */
STACK_OF(X509) *read_certificates(const char *path);
/* The same out of a file's bytes; @path is for complaints */
STACK_OF(X509) *parse_certificates(const char *path, const uint8_t *data, size_t len);
/* Keep them, one DER after the other, as put_file() does */
int put_certificates(struct tool *t, uint32_t id, STACK_OF(X509) *certs);
bool has_certificate(const uint8_t *data, size_t len);

/* ---- signatures: sign.c ---- */

/* A key that can sign, or as a @pair is not wanted verify. Return: OK, or TROUBLE after a complaint. */
int find_signer(struct tool *t, uint32_t id, bool pair, struct se05x_iot_object *object);
/* By --hash and, for RSA, --mode; *@sig_len: in: SE05X_IOT_SIG_MAX, room there; out: bytes */
int sign_message(struct tool *t, const struct se05x_iot_object *object, const uint8_t *message,
		 size_t len, uint8_t *sig, size_t *sig_len);

/* ---- keys: pem.c, keyfile.c ---- */

/* PEM, DER, OpenSSH's or PKCS#12, private or public; says what is wrong with it. EVP_PKEY_free() it. */
EVP_PKEY *read_key(struct tool *t, const char *path, bool *private);
EVP_PKEY *parse_key(struct tool *t, const char *path, const uint8_t *data, size_t len,
		    bool *private);
/* The curve that people call @text, p256 or NIST_P256; NULL: none. curve.c */
const struct se05x_iot_curve *curve_called(const char *text);
/* rsa2048, RSA-2048; rsa alone is that too */
bool rsa_called(const char *text, unsigned int *bits);
/* Complain, with a suggestion. Return: USAGE. */
int unknown_type(const char *command, const char *text);
/* A key of that type by its numbers; NULL: none */
EVP_PKEY *build_key(const char *type, int selection, OSSL_PARAM_BLD *bld);
/* Public key of an object in the chip. Return: OK, or TROUBLE after a complaint. */
int read_public(struct tool *t, const struct se05x_iot_object *object, EVP_PKEY **key);
/* libcrypto's to the chip's; false: not that curve */
bool key_to_point(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *point);
bool key_to_scalar(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *scalar);
int import_rsa(struct tool *t, uint32_t id, EVP_PKEY *key, bool private,
	       const struct se05x_iot_new *how);

/* ---- commands; @args has as many as commands.c says ---- */

int iot_info(struct tool *t, char **args, int n);
int iot_doctor(struct tool *t, char **args, int n);
int iot_random(struct tool *t, char **args, int n);
int iot_timestamp(struct tool *t, char **args, int n);
int iot_list(struct tool *t, char **args, int n);
int iot_show(struct tool *t, char **args, int n);
int iot_delete(struct tool *t, char **args, int n);
int curve_list(struct tool *t, char **args, int n);
int curve_delete(struct tool *t, char **args, int n);
int iot_keygen(struct tool *t, char **args, int n);
int iot_import(struct tool *t, char **args, int n);
int iot_export(struct tool *t, char **args, int n);
int iot_refpem(struct tool *t, char **args, int n);
int iot_csr(struct tool *t, char **args, int n);
int iot_sign(struct tool *t, char **args, int n);
int iot_verify(struct tool *t, char **args, int n);
int iot_ecdh(struct tool *t, char **args, int n);
int iot_encrypt(struct tool *t, char **args, int n);
int iot_decrypt(struct tool *t, char **args, int n);
int iot_seal(struct tool *t, char **args, int n);
int iot_unseal(struct tool *t, char **args, int n);
int iot_mac(struct tool *t, char **args, int n);
int iot_hkdf(struct tool *t, char **args, int n);
int iot_put(struct tool *t, char **args, int n);
int iot_get(struct tool *t, char **args, int n);
int cert_put(struct tool *t, char **args, int n);
int cert_get(struct tool *t, char **args, int n);
int cert_enroll(struct tool *t, char **args, int n);
int counter_new(struct tool *t, char **args, int n);
int counter_get(struct tool *t, char **args, int n);
int counter_add(struct tool *t, char **args, int n);
int counter_set(struct tool *t, char **args, int n);
int pcr_new(struct tool *t, char **args, int n);
int pcr_get(struct tool *t, char **args, int n);
int pcr_extend(struct tool *t, char **args, int n);
int iot_userid(struct tool *t, char **args, int n);
int iot_policy(struct tool *t, char **args, int n);
int iot_attest(struct tool *t, char **args, int n);
int attest_verify(struct tool *t, char **args, int n);
int iot_name(struct tool *t, char **args, int n);
int channel_show(struct tool *t, char **args, int n);
int channel_load(struct tool *t, char **args, int n);
int channel_probe(struct tool *t, char **args, int n);
int channel_mandate(struct tool *t, char **args, int n);
int channel_unmandate(struct tool *t, char **args, int n);
int channel_rotate(struct tool *t, char **args, int n);
int iot_help(struct tool *t, char **args, int n);

#endif /* SE05X_TOOLS_TOOL_H */
