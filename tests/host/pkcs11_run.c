// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/objects.h>

#include "pkcs11_run.h"

CK_FUNCTION_LIST *f;
CK_SESSION_HANDLE s;
unsigned int commands;

static char folder[] = "/tmp/pkcs11-test-XXXXXX", path[64], config[64], device[80], argument[80];
static pid_t server;

const struct test_hash hashes[HASHES] = {
	{ CKM_SHA_1, CKM_ECDSA_SHA1, CKM_SHA1_RSA_PKCS, CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1_HMAC,
	  CKM_SHA_1_HMAC_GENERAL, CKG_MGF1_SHA1, "SHA1", 20 },
	{ CKM_SHA224, CKM_ECDSA_SHA224, CKM_SHA224_RSA_PKCS, CKM_SHA224_RSA_PKCS_PSS,
	  CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKG_MGF1_SHA224, "SHA224", 28 },
	{ CKM_SHA256, CKM_ECDSA_SHA256, CKM_SHA256_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS,
	  CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKG_MGF1_SHA256, "SHA256", 32 },
	{ CKM_SHA384, CKM_ECDSA_SHA384, CKM_SHA384_RSA_PKCS, CKM_SHA384_RSA_PKCS_PSS,
	  CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKG_MGF1_SHA384, "SHA384", 48 },
	{ CKM_SHA512, CKM_ECDSA_SHA512, CKM_SHA512_RSA_PKCS, CKM_SHA512_RSA_PKCS_PSS,
	  CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKG_MGF1_SHA512, "SHA512", 64 },
};

/* ---- what goes to the chip ---- */

static int fail_after = -1, fail_error;
static uint16_t fail_sw;

bool fail_command(int n, uint16_t sw, int error)
{
	bool done = fail_after < 0;

	fail_after = n;
	fail_sw = sw;
	fail_error = error;
	return done;
}

int __real_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call);
int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call);

/* The linker puts it before the library's. */
int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call)
{
	int ret;

	commands++;
	if (fail_after < 0 || fail_after--)
		return __real_se05x_transceive(se, command, command_len, response, response_len,
					       call);
	if (fail_error > 0)
		__real_se05x_transceive(se, command, command_len, response, response_len, call);
	if (fail_error) {
		if (call) {
			call->outcome = SE05X_OUTCOME_MAY_HAVE_RUN;
			call->sw = 0;
		}
		return fail_error > 0 ? -fail_error : fail_error;
	}
	ret = __real_se05x_transceive(se, command, command_len, response, response_len, call);
	if (ret)
		return ret;
	*response_len = 2;
	put_be(response, fail_sw, 2);
	if (call)
		call->sw = fail_sw;
	return 0;
}

/* ---- a chip, and a session ---- */

static struct se05x *se;

static void start(const char *model, const char *option)
{
	const char *sim = getenv("SE05X_SIM");

	server = fork();
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);	/* a test that crashed leaves none behind */
		execl(sim, sim, "--quiet", model, argument, option, NULL);
		_exit(127);
	}
	while (se05x_open(device, &se)) {
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
		usleep(1000);	/* it is not there yet: the loop ends when it is, or is dead */
	}
	se05x_close(se);
}

struct se05x_iot *chip_open(void)
{
	struct se05x_iot *iot;

	assert_int_equal(se05x_open(device, &se), 0);
	assert_int_equal(se05x_iot_open(se, NULL, 0, &iot, NULL), 0);
	return iot;
}

void chip_close(struct se05x_iot *iot)
{
	se05x_iot_close(iot);
	se05x_close(se);
}

/* A default CKA_ID is the identifier. */
uint32_t chip_id(CK_OBJECT_HANDLE object)
{
	CK_ULONG len;
	uint8_t *bytes = attribute(object, CKA_ID, &len);
	uint32_t id = get_be(bytes, 4);

	assert_int_equal(len, 4);
	free(bytes);
	return id;
}

static int begin(void)
{
	CK_SLOT_ID slot;
	CK_ULONG n = 1;

	fail_command(-1, 0, 0);
	OK(C_GetFunctionList(&f));
	OK(f->C_Initialize(NULL));
	OK(f->C_GetSlotList(CK_TRUE, &slot, &n));
	assert_int_equal(n, 1);
	OK(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s));
	OK(f->C_Login(s, CKU_USER, (CK_UTF8CHAR *)PIN, 4));
	return 0;
}

int setup_7(void **state)
{
	(void)state;
	start("--chip=SE051", NULL);
	return begin();
}

int setup_no_rsa(void **state)
{
	(void)state;
	start("--chip=SE050E", NULL);
	return begin();
}

int setup_3(void **state)
{
	(void)state;
	start("--chip=SE050C", NULL);
	return begin();
}

int setup_liar(void **state)
{
	(void)state;
	start("--chip=SE051", "--short-signature");
	return begin();
}

int setup_pin(void **state)
{
	struct se05x_iot *iot;
	FILE *file;

	(void)state;
	start("--chip=SE051", NULL);
	iot = chip_open();
	assert_int_equal(se05x_iot_userid_create(iot, PIN_USER, PIN, 4, NULL, NULL), 0);
	chip_close(iot);
	file = fopen(config, "w");
	assert_non_null(file);
	fprintf(file, "user = 0x%08X\n", PIN_USER);
	fclose(file);
	return begin();
}

int teardown(void **state)
{
	(void)state;
	fail_command(-1, 0, 0);
	f->C_Finalize(NULL);
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	unlink(path);
	unlink(config);
	return 0;
}

int test_main(const char *name, const struct CMUnitTest *tests, size_t n)
{
	int ret;

	if (!getenv("SE05X_SIM") || !mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/socket", folder);
	snprintf(device, sizeof(device), "unix:%s", path);
	snprintf(argument, sizeof(argument), "--socket=%s", path);
	snprintf(config, sizeof(config), "%s/conf", folder);
	setenv("SE05X_DEVICE", device, 1);
	setenv("SE05X_PKCS11_CONF", config, 1);
	ret = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	rmdir(folder);
	return ret;
}

/* ---- keys ---- */

uint8_t *attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, CK_ULONG *len)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	OK(f->C_GetAttributeValue(s, object, &a, 1));
	a.pValue = malloc(a.ulValueLen + 1);
	assert_non_null(a.pValue);
	OK(f->C_GetAttributeValue(s, object, &a, 1));
	*len = a.ulValueLen;
	return a.pValue;
}

/* The curve's OID in DER */
static CK_ATTRIBUTE params_of(const char *curve, uint8_t der[32])
{
	ASN1_OBJECT *oid = OBJ_txt2obj(curve, 0);
	uint8_t *end = der;
	CK_ATTRIBUTE a = { CKA_EC_PARAMS, der, 0 };

	assert_non_null(oid);
	a.ulValueLen = i2d_ASN1_OBJECT(oid, &end);
	ASN1_OBJECT_free(oid);
	return a;
}

static CK_MECHANISM_TYPE generation(const char *curve)
{
	return !strcmp(curve, "ED25519") ? CKM_EC_EDWARDS_KEY_PAIR_GEN :
	       curve[0] == 'X' ? CKM_EC_MONTGOMERY_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN;
}

struct pair make_ec(const char *curve, CK_BBOOL token, CK_BBOOL sign, CK_BBOOL derive)
{
	const struct se05x_iot_curve *c = se05x_iot_curve_by_name(curve);
	CK_MECHANISM m = { generation(curve), NULL, 0 };
	uint8_t der[32], *point;
	CK_ATTRIBUTE public[] = { params_of(curve, der), VALUE(CKA_VERIFY, sign) };
	CK_ATTRIBUTE private[] = {
		VALUE(CKA_TOKEN, token), VALUE(CKA_SIGN, sign), VALUE(CKA_DERIVE, derive),
	};
	struct pair pair;
	CK_ULONG len;

	OK(f->C_GenerateKeyPair(s, &m, public, ARRAY_SIZE(public), private, ARRAY_SIZE(private),
				&pair.public, &pair.private));
	point = attribute(pair.public, CKA_EC_POINT, &len);
	assert_non_null(p11_point(c, point, len));
	pair.key = keys_from_point(NULL, c, p11_point(c, point, len));
	assert_non_null(pair.key);
	free(point);
	return pair;
}

struct pair make_rsa(CK_ULONG bits, CK_BBOOL token, CK_BBOOL sign, CK_BBOOL decrypt)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { VALUE(CKA_MODULUS_BITS, bits) };
	CK_ATTRIBUTE private[] = {
		VALUE(CKA_TOKEN, token), VALUE(CKA_SIGN, sign), VALUE(CKA_DECRYPT, decrypt),
	};
	CK_ULONG n_len, e_len;
	struct pair pair;
	uint8_t *n, *e;

	OK(f->C_GenerateKeyPair(s, &m, public, ARRAY_SIZE(public), private, ARRAY_SIZE(private),
				&pair.public, &pair.private));
	n = attribute(pair.public, CKA_MODULUS, &n_len);
	e = attribute(pair.public, CKA_PUBLIC_EXPONENT, &e_len);
	pair.key = keys_from_rsa(NULL, n, n_len, e, e_len);
	assert_non_null(pair.key);
	assert_int_equal(EVP_PKEY_get_bits(pair.key), bits);
	free(n);
	free(e);
	return pair;
}

void free_pair(struct pair *pair)
{
	EVP_PKEY_free(pair->key);
	destroy(pair->private);
	destroy(pair->public);
}

CK_OBJECT_HANDLE make_secret(CK_KEY_TYPE type, CK_BBOOL token, const void *value, CK_ULONG len)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL use = CK_TRUE, derive = type != CKK_AES, crypt = !derive;
	CK_ATTRIBUTE t[] = {
		VALUE(CKA_CLASS, class), VALUE(CKA_KEY_TYPE, type), VALUE(CKA_TOKEN, token),
		VALUE(CKA_SIGN, use), VALUE(CKA_VERIFY, use), VALUE(CKA_ENCRYPT, crypt),
		VALUE(CKA_DECRYPT, crypt), VALUE(CKA_DERIVE, derive), BYTES(CKA_VALUE, value, len),
	};
	CK_OBJECT_HANDLE object;

	OK(f->C_CreateObject(s, t, ARRAY_SIZE(t), &object));
	return object;
}

void destroy(CK_OBJECT_HANDLE object)
{
	OK(f->C_DestroyObject(s, object));
}

void fill(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = 7 * i + i / 256 + 1;
}
