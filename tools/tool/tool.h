/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside se05x-tool */
#ifndef SE05X_TOOLS_TOOL_H
#define SE05X_TOOLS_TOOL_H

#include <openssl/evp.h>

#include <se05x-iot.h>
#include "common.h"

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
	const char *password_file;
	const char *key_file;
	uint16_t max_attempts;
	bool transient;
	bool force;
	bool yes;
	bool der;
	bool hex;
	bool digest;	/* the input is one */
	bool nopad;
	bool secret;	/* what is put out: a file of it is the owner's only */

	struct se05x *se;
	struct se05x_iot *iot;
	struct se05x_call call;	/* of the command under way */
};

/* ---- names and files: common.c ---- */

/* 0x01010101, or a name from the alias file. Return: OK, or USAGE after a complaint. */
int parse_id(const char *text, uint32_t *id);
/* The name that the alias file has for it; NULL: none. Valid until the next call. */
const char *alias_of(uint32_t id);
/* "0x01010101", and its name if it has one. Valid until the fourth next call. */
const char *id_text(uint32_t id);

/* All of a file, or of standard input without one or with -. free() it. */
int read_input(const char *path, uint8_t **data, size_t *len, size_t max);
/* To --output, or to standard output */
int write_output(const struct tool *t, const void *data, size_t len);
/* The same, or a line of hex: with --hex, and in JSON as the member @name */
int write_bytes(const struct tool *t, const char *name, const void *data, size_t len);
/* Of a UserID: from --password-file, or asked for. OPENSSL_clear_free() it. */
int read_password(const struct tool *t, uint8_t **password, size_t *len);

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

/* Say why the chip did not do it, and what helps. Return: TROUBLE. */
int chip_failed(const struct tool *t, uint32_t id, int error);

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
int parse_policy(const char *text, uint8_t *policy, size_t *len);

int parse_hash(const struct tool *t, enum se05x_iot_hash *hash, const EVP_MD **md);
/* What --hash says about a file, or the digest that the file is */
int digest_input(const struct tool *t, const char *path, const EVP_MD *md, uint8_t *digest);
/* libcrypto's reason, if it has one; static */
const char *crypto_reason(void);

/* ---- keys: pem.c ---- */

/* A PEM or DER file, private or public; says what is wrong with it. EVP_PKEY_free() it. */
EVP_PKEY *read_key(const char *path, bool *private);
/* The chip's number for a key's curve; NULL: it is of another kind */
const struct se05x_iot_curve *key_curve(const EVP_PKEY *key);
/* A public key as the chip has it, to libcrypto's; NULL: no key */
EVP_PKEY *key_from_point(const struct se05x_iot_curve *curve, const uint8_t *point);
EVP_PKEY *key_from_rsa(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len);
/* Public key of an object in the chip. Return: OK, or TROUBLE after a complaint. */
int read_public(struct tool *t, const struct se05x_iot_object *object, EVP_PKEY **key);
/* libcrypto's to the chip's; false: not that curve */
bool key_to_point(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *point);
bool key_to_scalar(EVP_PKEY *key, const struct se05x_iot_curve *curve, uint8_t *scalar);
int import_rsa(struct tool *t, uint32_t id, EVP_PKEY *key, bool private,
	       const struct se05x_iot_new *how);

/* ---- commands; @args has as many as se05x-tool.c says ---- */

int iot_info(struct tool *t, char **args, int n);
int iot_random(struct tool *t, char **args, int n);
int iot_list(struct tool *t, char **args, int n);
int iot_show(struct tool *t, char **args, int n);
int iot_keygen(struct tool *t, char **args, int n);
int iot_import(struct tool *t, char **args, int n);
int iot_export(struct tool *t, char **args, int n);
int iot_sign(struct tool *t, char **args, int n);
int iot_verify(struct tool *t, char **args, int n);
int iot_ecdh(struct tool *t, char **args, int n);
int iot_encrypt(struct tool *t, char **args, int n);
int iot_decrypt(struct tool *t, char **args, int n);
int iot_mac(struct tool *t, char **args, int n);
int iot_hkdf(struct tool *t, char **args, int n);
int iot_put(struct tool *t, char **args, int n);
int iot_get(struct tool *t, char **args, int n);
int iot_cert(struct tool *t, char **args, int n);
int iot_counter(struct tool *t, char **args, int n);
int iot_pcr(struct tool *t, char **args, int n);
int iot_userid(struct tool *t, char **args, int n);
int iot_attest(struct tool *t, char **args, int n);
int iot_delete(struct tool *t, char **args, int n);
int iot_policy(struct tool *t, char **args, int n);

#endif /* SE05X_TOOLS_TOOL_H */
