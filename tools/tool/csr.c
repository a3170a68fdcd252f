// SPDX-License-Identifier: GPL-2.0-only
/* se05x-tool csr, cert enroll: a request for a certificate, signed by the chip */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tool.h"

#define CERTIFICATE_MAX	(1 << 20)	/* bytes that a CA may answer */

/* ---- what it says ---- */

/* TYPE=VALUE up to a slash that has no backslash in front; *@at goes on behind it */
static bool take_part(X509_NAME *name, const char **at)
{
	char part[512], *equals;
	size_t len = 0;

	for (; **at && **at != '/'; (*at)++) {
		if (**at == '\\' && (*at)[1])
			(*at)++;
		if (len + 1 == sizeof(part))
			return false;
		part[len++] = **at;
	}
	part[len] = 0;
	equals = strchr(part, '=');
	if (!equals || !equals[1])
		return false;
	*equals++ = 0;
	return X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (uint8_t *)equals, -1, -1,
					  0) == 1;
}

/* /CN=device/O=Example as openssl has it, or a common name alone */
static int set_subject(const struct tool *t, X509_REQ *req)
{
	X509_NAME *name = X509_REQ_get_subject_name(req);
	const char *at = t->subject;
	bool good = true;

	if (!at)
		return OK;
	if (*at != '/' && *at && !strchr(at, '=')) {
		good = X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)at,
						  -1, -1, 0) == 1;
	} else {
		good = *at == '/';
		while (good && *at == '/') {
			at++;
			good = take_part(name, &at);
		}
	}
	if (good)
		return OK;
	complain("--subject '%s': it is like /CN=device-0001/O=Example, or a common name", t->subject);
	return USAGE;
}

static bool add_extension(STACK_OF(X509_EXTENSION) *extensions, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	extension = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	return extension && sk_X509_EXTENSION_push(extensions, extension) > 0;
}

/* a.example.org,192.0.2.1,URI:urn:x: what has no type in front is an address or a name */
static int add_san(const struct tool *t, STACK_OF(X509_EXTENSION) *extensions)
{
	/* an internationalized name is xn--... */
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   ".-_*";
	char words[2048], value[4096] = "", *word, *save;
	bool good;

	if (!t->san)
		return OK;
	good = (size_t)snprintf(words, sizeof(words), "%s", t->san) < sizeof(words);
	for (word = strtok_r(words, ", ", &save); good && word; word = strtok_r(NULL, ", ", &save)) {
		ASN1_OCTET_STRING *address = a2i_IPADDRESS(word);
		size_t used = strlen(value);

		good = address || strchr(word, ':') || strspn(word, name) == strlen(word);
		snprintf(value + used, sizeof(value) - used, "%s%s%s", used ? "," : "",
			 address ? "IP:" : strchr(word, ':') ? "" : "DNS:", word);
		ASN1_OCTET_STRING_free(address);
	}
	if (good && *value && add_extension(extensions, NID_subject_alt_name, value))
		return OK;
	complain("--san '%s': names and addresses with commas between them, like"
		 " a.example.org,192.0.2.1 or DNS:, IP:, URI:, email: in front", t->san);
	return USAGE;
}

static int add_usage(const struct tool *t, EVP_PKEY *key, STACK_OF(X509_EXTENSION) *extensions)
{
	char words[1024], value[1024] = "", *word, *save;
	bool encipher = false, good;

	good = (size_t)snprintf(words, sizeof(words), "%s", t->usage ?: "") < sizeof(words) / 2;
	for (word = strtok_r(words, ", ", &save); good && word; word = strtok_r(NULL, ", ", &save)) {
		size_t used = strlen(value);
		const char *name = !strcmp(word, "client") ? "clientAuth" :
				   !strcmp(word, "server") ? "serverAuth" : word;

		/* TLS 1.2 without (EC)DHE */
		encipher |= !strcmp(name, "serverAuth") && EVP_PKEY_is_a(key, "RSA");
		snprintf(value + used, sizeof(value) - used, "%s%s", used ? "," : "", name);
	}
	if (good && add_extension(extensions, NID_key_usage, encipher ?
				  "critical,digitalSignature,keyEncipherment" :
				  "critical,digitalSignature") &&
	    (!*value || add_extension(extensions, NID_ext_key_usage, value)))
		return OK;
	complain("--usage '%s': client, server, or openssl's words such as codeSigning, with commas"
		 " between them", t->usage);
	return USAGE;
}

static int fill(const struct tool *t, X509_REQ *req, EVP_PKEY *key)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	int ret;

	if (!extensions || !X509_REQ_set_version(req, X509_REQ_VERSION_1) ||
	    !X509_REQ_set_pubkey(req, key)) {
		complain("%s: %s", t->command, crypto_reason());
		ret = TROUBLE;
	} else {
		ret = set_subject(t, req) ?: add_san(t, extensions) ?: add_usage(t, key, extensions);
	}
	if (!ret && !X509_REQ_add_extensions(req, extensions))
		ret = TROUBLE;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	ERR_clear_error();
	return ret;
}

/* ---- the chip's signature ---- */

/* How it is signed, as the request says it */
static bool set_algorithm(X509_REQ *req, EVP_PKEY *key, const EVP_MD *md)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();
	bool good;
	int nid = NID_ED25519;

	good = algorithm && (EVP_PKEY_is_a(key, "ED25519") ||
			     OBJ_find_sigid_by_algs(&nid, EVP_MD_get_type(md),
						    EVP_PKEY_get_base_id(key)) == 1) &&
	       X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), EVP_PKEY_is_a(key, "RSA") ?
			       V_ASN1_NULL : V_ASN1_UNDEF, NULL) &&
	       X509_REQ_set1_signature_algo(req, algorithm);
	X509_ALGOR_free(algorithm);
	return good;
}

static bool set_signature(X509_REQ *req, const uint8_t *sig, size_t len)
{
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();

	if (!bits || !ASN1_BIT_STRING_set(bits, (uint8_t *)sig, len)) {
		ASN1_BIT_STRING_free(bits);
		return false;
	}
	/* no bits are unused at its end, zeros or not */
	bits->flags = (bits->flags & ~7) | ASN1_STRING_FLAG_BITS_LEFT;
	X509_REQ_set0_signature(req, bits);
	return true;
}

static int sign_request(struct tool *t, const struct se05x_iot_object *object, X509_REQ *req,
			EVP_PKEY *key)
{
	uint8_t sig[SE05X_IOT_SIG_MAX], *tbs = NULL;
	enum se05x_iot_hash hash;
	size_t len = sizeof(sig);
	const EVP_MD *md;
	int tbs_len, ret = parse_hash(t, &hash, &md);

	if (ret)
		return ret;
	if (!set_algorithm(req, key, md) || (tbs_len = i2d_re_X509_REQ_tbs(req, &tbs)) <= 0) {
		complain("%s: %s", t->command, crypto_reason());
		return TROUBLE;
	}
	ret = sign_message(t, object, tbs, tbs_len, sig, &len);
	OPENSSL_free(tbs);
	if (!ret && (!set_signature(req, sig, len) || X509_REQ_verify(req, key) != 1)) {
		complain("%s %s: the chip's signature is wrong", t->command, id_text(object->id));
		ret = TROUBLE;
	}
	return ret;
}

/* *@key: public half, *@req: signed; both to be freed, also on error */
static int make_request(struct tool *t, uint32_t id, EVP_PKEY **key, X509_REQ **req)
{
	struct se05x_iot_object object;
	int ret;

	*req = X509_REQ_new();
	if (!*req)
		return TROUBLE;
	if (!t->subject && !t->san) {
		complain("%s: whose certificate? --subject=/CN=device-0001, --san=device.example.org,"
			 " or both", t->command);
		return USAGE;
	}
	ret = find_signer(t, id, true, &object) ?: read_public(t, &object, key);
	if (!ret && t->hash && EVP_PKEY_is_a(*key, "ED25519")) {
		complain("%s %s: Ed25519 has no --hash", t->command, id_text(id));
		ret = USAGE;
	}
	return ret ?: fill(t, *req, *key) ?: sign_request(t, &object, *req, *key);
}

static int print_request(const struct tool *t, X509_REQ *req)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;
	int ret = OK;

	if (!bio || (t->der ? i2d_X509_REQ_bio(bio, req) : PEM_write_bio_X509_REQ(bio, req)) != 1) {
		complain("%s: %s", t->command, crypto_reason());
		ret = TROUBLE;
	} else if (t->opt.json && !t->der) {
		BIO_write(bio, "", 1);
		BIO_get_mem_data(bio, &text);
		fputs("{\"csr\":", stdout);
		print_json_string(text);
		puts("}");
	} else {
		len = BIO_get_mem_data(bio, &text);
		ret = t->der ? write_bytes(t, "csr", text, len) :
			       (fwrite(text, 1, len, stdout), OK);
	}
	BIO_free(bio);
	return ret;
}

int iot_csr(struct tool *t, char **args, int n)
{
	EVP_PKEY *key = NULL;
	X509_REQ *req = NULL;
	uint32_t id;
	int ret = parse_id(args[0], &id);

	(void)n;
	ret = ret ?: make_request(t, id, &key, &req) ?: print_request(t, req);
	EVP_PKEY_free(key);
	X509_REQ_free(req);
	return ret;
}

/* ---- the CA, which is a command: the request goes in, the certificate comes out ---- */

static pid_t start(const char *command, int in, int out)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* All that comes, up to CERTIFICATE_MAX. free() it. */
static uint8_t *read_all(int fd, size_t *len)
{
	uint8_t *data = malloc(CERTIFICATE_MAX);
	ssize_t n = 1;

	for (*len = 0; data && n && *len < CERTIFICATE_MAX; *len += n) {
		do {
			n = read(fd, data + *len, CERTIFICATE_MAX - *len);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			break;
	}
	return data;
}

static int ask_ca(const struct tool *t, X509_REQ *req, uint8_t **answer, size_t *len)
{
	FILE *request = tmpfile();
	int ends[2] = { -1, -1 }, status = -1;
	pid_t pid = -1;

	if (request && PEM_write_X509_REQ(request, req) == 1 && !fflush(request) &&
	    !fseek(request, 0, SEEK_SET) && !pipe2(ends, O_CLOEXEC))
		pid = start(t->ca, fileno(request), ends[1]);
	if (pid < 0)
		complain("cert enroll: --ca: %s", strerror(errno));
	if (ends[1] >= 0)
		close(ends[1]);
	if (pid >= 0)
		*answer = read_all(ends[0], len);
	if (ends[0] >= 0)
		close(ends[0]);	/* who has more to say ends by that */
	while (pid >= 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (request)
		fclose(request);
	if (pid >= 0 && status)
		complain("cert enroll: --ca '%s' failed: %s %d", t->ca, WIFEXITED(status) ?
			 "exit status" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) :
			 WTERMSIG(status));
	return pid < 0 || status || !*answer ? TROUBLE : OK;
}

/* The first is the key's; each other one has issued the one before. */
static int check_answer(STACK_OF(X509) *certs, EVP_PKEY *key)
{
	if (EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(certs, 0)), key) != 1) {
		complain("cert enroll: the certificate that --ca gave is for another key");
		return TROUBLE;
	}
	for (int i = 1; i < sk_X509_num(certs); i++) {
		if (X509_check_issued(sk_X509_value(certs, i), sk_X509_value(certs, i - 1))) {
			complain("cert enroll: what --ca gave is no chain: certificate %d did not"
				 " issue the one before", i + 1);
			return TROUBLE;
		}
	}
	return OK;
}

/* Before the CA is asked: a certificate that there is no room for was issued in vain. */
static int check_place(struct tool *t, uint32_t id)
{
	struct se05x_iot_object object;
	bool exists;
	int ret;

	if (t->update)
		return find_kind(t, id, SE05X_IOT_KIND_BINARY, SE05X_IOT_PART_WHOLE, &object);
	ret = CHIP(t, se05x_iot_exists, id, &exists);
	if (ret)
		return chip_failed(t, id, ret);
	if (!exists)
		return check_reserved(t, id, "writes");
	complain("cert enroll %s: that is taken; --update writes into the file there, or say where"
		 " to keep it", id_text(id));
	return TROUBLE;
}

int cert_enroll(struct tool *t, char **args, int n)
{
	STACK_OF(X509) *certs = NULL;
	uint8_t *answer = NULL;
	EVP_PKEY *key = NULL;
	X509_REQ *req = NULL;
	uint32_t id, where;
	size_t len = 0;
	int ret = parse_id(args[0], &id);

	where = id + 1;
	if (!ret && n > 1)
		ret = parse_id(args[1], &where);
	if (!ret && !t->ca) {
		complain("cert enroll: --ca=COMMAND gets the request and gives the certificate");
		ret = USAGE;
	}
	ret = ret ?: check_place(t, where) ?: make_request(t, id, &key, &req) ?:
	      ask_ca(t, req, &answer, &len);
	if (!ret) {
		certs = parse_certificates("what --ca gave", answer, len);
		ret = certs ? check_answer(certs, key) : TROUBLE;
	}
	ret = ret ?: put_certificates(t, where, certs);
	sk_X509_pop_free(certs, X509_free);
	free(answer);
	EVP_PKEY_free(key);
	X509_REQ_free(req);
	return ret;
}
