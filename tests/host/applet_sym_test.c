// SPDX-License-Identifier: GPL-2.0-only
/* The simulated chip's ciphers, MACs, digests and key derivation, by published vectors */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "applet_run.h"

/* NIST SP 800-38A, F.1, F.2, F.5 */
#define PLAIN	"6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51" \
		"30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"
#define KEY128	"2B7E151628AED2A6ABF7158809CF4F3C"
#define KEY192	"8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B"
#define KEY256	"603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4"
#define IV	"000102030405060708090A0B0C0D0E0F"
#define COUNTER	"F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF"

static const struct { const char *key, *mode, *iv, *cipher; } aes[] = {
	{ KEY128, "0E", "", "3AD77BB40D7A3660A89ECAF32466EF97F5D3D58503B9699DE785895A96FDBAAF"
			    "43B1CD7F598ECE23881B00E3ED0306887B0C785E27E8AD3F8223207104725DD4" },
	{ KEY192, "0E", "", "BD334F1D6E45F25FF712A214571FA5CC974104846D0AD3AD7734ECB3ECEE4EEF"
			    "EF7AFD2270E2E60ADCE0BA2FACE6444E9A4B41BA738D6C72FB16691603C18E0E" },
	{ KEY256, "0E", "", "F3EED1BDB5D2A03C064B5A7E3DB181F8591CCB10D410ED26DC5BA74A31362870"
			    "B6ED21B99CA6F4F9F153E7B1BEAFED1D23304B7A39F9F3FF067D8D8F9E24ECC7" },
	{ KEY128, "0D", " 44=" IV, "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
				   "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7" },
	{ KEY192, "0D", " 44=" IV, "4F021DB243BC633D7178183A9FA071E8B4D9ADA9AD7DEDF4E5E738763F69145A"
				   "571B242012FB7AE07FA9BAAC3DF102E008B0E27988598881D920A9E64F5615CD" },
	{ KEY256, "0D", " 44=" IV, "F58C4C04D6E5F1BA779EABFB5F7BFBD69CFC4E967EDB808D679F777BC6702C7D"
				   "39F23369A9D9BACFA530E26304231461B2EB05E2C39BE9FCDA6C19078C6A9D1B" },
	{ KEY128, "F0", " 44=" COUNTER, "874D6191B620E3261BEF6864990DB6CE9806F66B7970FDFF8617187BB9FFFDFF"
					"5AE4DF3EDBD5D35E5B4F09020DB03EAB1E031DDA2FBE03D1792170A0F3009CEE" },
	{ KEY192, "F0", " 44=" COUNTER, "1ABC932417521CA24F2B0459FE7E6E0B090339EC0AA6FAEFD5CCC2C6F4CE8E94"
					"1E36B26BD1EBC670D1BD1D665620ABF74F78A7F6D29809585A97DAEC58C6B050" },
	{ KEY256, "F0", " 44=" COUNTER, "601EC313775789A5B7A7F504BBF3D228F443E3CA4D62B59ACA84E990CACAF5C5"
					"2B0930DAA23DE94CE87017BA2D84988DDFC9C58DB67AADA613C2DD08457941A6" },
};

static void test_aes(void **state)
{
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(aes) / sizeof(aes[0]); i++) {
		unsigned int id = 0x100 + i;
		char first[129];

		expect(0x9000, applet, "80010300", "41=%08X 43=%s", id, aes[i].key);
		expect(0x9000, applet, "80030E37", "41=%08X 42=%s 43=" PLAIN "%s", id, aes[i].mode,
		       aes[i].iv);
		assert_string_equal(value_hex(0x41), aes[i].cipher);
		expect(0x9000, applet, "80030E38", "41=%08X 42=%s 43=%s%s", id, aes[i].mode,
		       aes[i].cipher, aes[i].iv);
		assert_string_equal(value_hex(0x41), PLAIN);

		/* the same in three steps */
		expect(0x9000, applet, "80011000", "41=0001 42=02 43=%s", aes[i].mode);
		expect(0x9000, applet, "80030E42", "41=%08X 42=0001%s", id, aes[i].iv);
		expect(0x9000, applet, "80030E0C", "42=0001 43=%.64s", PLAIN);
		strcpy(first, value_hex(0x41));
		expect(0x9000, applet, "80030E0D", "42=0001 43=%s", PLAIN + 64);
		strcat(first, value_hex(0x41));
		assert_string_equal(first, aes[i].cipher);
		expect(0x6985, applet, "80030E0D", "42=0001 43=%s", PLAIN + 64);	/* it is over */
		expect(0x9000, applet, "80041028", "41=0001");
		expect(0x9000, applet, "80040028", "41=%08X", id);
	}
	applet_free(applet);
}

static void test_cipher_errors(void **state)
{
	struct applet *applet = chip(NULL);

	(void)state;
	expect(0x6A80, applet, "80010300", "41=" ID " 43=%.30s", KEY128);
	expect(0x6A80, applet, "80010300", "41=" ID);
	expect(0x9000, applet, "80010300", "41=" ID " 43=" KEY128);
	expect(0x6985, applet, "80010300", "41=" ID " 43=" KEY256);	/* another length */
	expect(0x6A80, applet, "80030E37", "41=" ID " 42=0D 43=%.30s", PLAIN);
	expect(0x6A80, applet, "80030E37", "41=" ID " 42=0D 43=" PLAIN " 44=00");
	expect(0x6A80, applet, "80030E37", "41=" ID " 42=0E 43=" PLAIN " 44=" IV);
	expect(0x6A80, applet, "80030E37", "41=" ID " 42=44 43=" PLAIN);
	expect(0x6985, applet, "80030E37", "41=" ID " 42=05 43=" PLAIN);	/* DES */
	expect(0x6985, applet, "80020000", "41=" ID);		/* nobody reads a key */
	expect(0x9000, applet, "80020007", "41=" ID);
	assert_string_equal(value_hex(0x41), "0010");
	expect(0x9000, applet, "80030E37", "41=" ID " 42=F0 43=00");	/* CTR takes any length */
	/* crypto objects: what kind, how many */
	expect(0x6A80, applet, "80011000", "41=0001 42=02 43=44");
	expect(0x6A80, applet, "80011000", "41=0000 42=02 43=0D");
	expect(0x9000, applet, "80011000", "41=0001 42=02 43=0D");
	expect(0x6985, applet, "80011000", "41=0001 42=02 43=0D");
	expect(0x6985, applet, "8003000B", "42=0001");		/* no digest */
	expect(0x6985, applet, "80030E0C", "42=0001 43=" PLAIN);	/* not begun */
	expect(0x6985, applet, "80030E0C", "42=0002 43=" PLAIN);
	for (unsigned int i = 2; i <= 8; i++)
		expect(0x9000, applet, "80011000", "41=%04X 42=01 43=04", i);
	expect(0x6A84, applet, "80011000", "41=0009 42=01 43=04");
	assert_int_equal((run(applet, "80021025 00"), answer.len), 4 + 8 * 4);
	expect(0x9000, applet, "80041028", "41=0005");
	expect(0x6985, applet, "80041028", "41=0005");
	/* a reset ends what is under way, and leaves the object */
	expect(0x9000, applet, "80030E42", "41=" ID " 42=0001 44=" IV);
	run(applet, "00A4040010A000000396545300000001030000000000");
	expect(0x6985, applet, "80030E0C", "42=0001 43=" PLAIN);
	expect(0x9000, applet, "80030E42", "41=" ID " 42=0001 44=" IV);
	applet_free(applet);
}

/* ISO/IEC 9797-1, 6.3.2 and 6.3.3 */
static void test_padding(void **state)
{
	struct applet *applet = chip(NULL);
	char cipher[257];

	(void)state;
	expect(0x9000, applet, "80010300", "41=" ID " 43=" KEY128);
	for (size_t len = 0; len <= 33; len++) {
		char plain[67];

		snprintf(plain, sizeof(plain), "%.*s", (int)(2 * len), PLAIN);
		expect(0x9000, applet, "80030E37", "41=" ID " 42=16 43=%s 44=" IV, plain);
		assert_int_equal(strlen(value_hex(0x41)), 2 * ((len + 15) / 16 * 16));
		expect(0x9000, applet, "80030E37", "41=" ID " 42=17 43=%s 44=" IV, plain);
		assert_int_equal(strlen(value_hex(0x41)), 2 * (len / 16 + 1) * 16);
		strcpy(cipher, value_hex(0x41));
		expect(0x9000, applet, "80030E38", "41=" ID " 42=17 43=%s 44=" IV, cipher);
		assert_string_equal(value_hex(0x41), plain);
		/* padded by hand, it is the same without padding */
		expect(0x9000, applet, "80030E37", "41=" ID " 42=0D 43=%s80%s 44=" IV, plain,
		       "000000000000000000000000000000" + 2 * (len % 16));
		assert_string_equal(value_hex(0x41), cipher);
	}
	expect(0x9000, applet, "80030E37", "41=" ID " 42=0D 43=" IV " 44=" IV);
	expect(0x6A80, applet, "80030E38", "41=" ID " 42=17 43=%s 44=" IV, value_hex(0x41));
	applet_free(applet);
}

/* The classic example of DES; three keys against libcrypto */
static void test_des(void **state)
{
	static const uint8_t iv[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t key[24], plain[64], out[64];
	struct applet *applet = chip(NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	(void)state;
	expect(0x9000, applet, "80010400", "41=" ID " 43=133457799BBCDFF1");
	expect(0x9000, applet, "80030E37", "41=" ID " 42=05 43=0123456789ABCDEF");
	assert_string_equal(value_hex(0x41), "85E813540F0AB405");
	unhex(key, KEY192);
	unhex(plain, PLAIN);
	for (size_t len = 16; len <= 24; len += 8) {
		memcpy(key + 16, len == 16 ? key : key + 8, 8);
		expect(0x9000, applet, "80010400", "41=%08zX 43=%s", len, hex(key, len));
		expect(0x9000, applet, "80030E37", "41=%08zX 42=01 43=" PLAIN " 44=%s", len,
		       hex(iv, 8));
		EVP_EncryptInit_ex(ctx, EVP_des_ede3_cbc(), NULL, key, iv);
		EVP_CIPHER_CTX_set_padding(ctx, 0);
		EVP_EncryptUpdate(ctx, out, &n, plain, sizeof(plain));
		assert_string_equal(value_hex(0x41), hex(out, sizeof(out)));
		expect(0x9000, applet, "80030E38", "41=%08zX 42=01 43=%s 44=%s", len,
		       hex(out, sizeof(out)), hex(iv, 8));
		assert_string_equal(value_hex(0x41), PLAIN);
	}
	expect(0x6A80, applet, "80010400", "41=00000009 43=0000");
	EVP_CIPHER_CTX_free(ctx);
	applet_free(applet);
}

/* RFC 3394, 4.1: what is unwrapped encrypts as the key itself does */
static void test_wrap(void **state)
{
	struct applet *applet = chip(NULL);
	char want[33];

	(void)state;
	expect(0x9000, applet, "80010300", "41=00000001 43=" IV);
	expect(0x9000, applet, "80010300", "41=00000002 43=00112233445566778899AABBCCDDEEFF");
	expect(0x9000, applet, "80010300", "41=" ID " 42=00000001 43="
	       "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
	expect(0x9000, applet, "80030E37", "41=00000002 42=0E 43=" IV);
	strcpy(want, value_hex(0x41));
	expect(0x9000, applet, "80030E37", "41=" ID " 42=0E 43=" IV);
	assert_string_equal(value_hex(0x41), want);
	expect(0x6A80, applet, "80010300", "41=00000003 42=00000001 43="
	       "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE6");
	expect(0x6A80, applet, "80010300", "41=00000003 42=00000001 43=1FA68B");
	expect(0x6985, applet, "80010300", "41=00000003 42=00000009 43=1FA68B");
	applet_free(applet);
}

static void test_aead(void **state)
{
	struct applet *applet = chip_model("7");
	char cipher[129], tag[33], iv[33];

	(void)state;
	/* The Galois/Counter Mode of Operation, McGrew and Viega, test case 4 */
	expect(0x9000, applet, "80010300", "41=" ID " 43=FEFFE9928665731C6D6A8F9467308308");
	expect(0x9000, applet, "80031137", "41=" ID " 42=B0 43="
	       "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A72"
	       "1C3C0C95956809532FCF0E2449A6B525B16AEDF5AA0DE657BA637B39"
	       " 44=FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2 45=CAFEBABEFACEDBADDECAF888 46=0010");
	assert_string_equal(value_hex(0x41),
	       "42831EC2217774244B7221B784D0D49CE3AA212F2C02A4E035C17E2329ACA12E"
	       "21D514B25466931C7D8F6A5AAC84AA051BA30B396A0AAC973D58E091");
	assert_string_equal(value_hex(0x42), "5BC94FBC3221A5DB94FAE95AE7121A47");
	strcpy(cipher, value_hex(0x41));
	expect(0x9000, applet, "80031138", "41=" ID " 42=B0 43=%s"
	       " 44=FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2 45=CAFEBABEFACEDBADDECAF888"
	       " 46=5BC94FBC3221A5DB94FAE95AE7121A47", cipher);
	assert_string_equal(value_hex(0x42), "01");
	assert_memory_equal(value_hex(0x41), "D9313225F88406E5", 16);
	expect(0x9000, applet, "80031138", "41=" ID " 42=B0 43=%s"
	       " 44=FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2 45=CAFEBABEFACEDBADDECAF888"
	       " 46=5BC94FBC3221A5DB94FAE95AE7121A48", cipher);
	assert_string_equal(answer.hex, "4201029000");	/* and not a byte of it */
	/* the chip's own IV */
	expect(0x9000, applet, "80031137", "41=" ID " 42=F3 43=414243 45=000C 46=0010");
	strcpy(cipher, value_hex(0x41));
	strcpy(tag, value_hex(0x42));
	strcpy(iv, value_hex(0x43));
	assert_int_equal(strlen(iv), 24);
	expect(0x9000, applet, "80031138", "41=" ID " 42=B0 43=%s 45=%s 46=%s", cipher, iv, tag);
	assert_string_equal(value_hex(0x41), "414243");
	/* NIST SP 800-38C, C.1 */
	expect(0x9000, applet, "80010300", "41=00000002 43=404142434445464748494A4B4C4D4E4F");
	expect(0x9000, applet, "80031137", "41=00000002 42=F4 43=20212223 44=0001020304050607"
	       " 45=10111213141516 46=0004");
	assert_string_equal(value_hex(0x41), "7162015B");
	assert_string_equal(value_hex(0x42), "4DAC255D");
	expect(0x9000, applet, "80031138", "41=00000002 42=F4 43=7162015B 44=0001020304050607"
	       " 45=10111213141516 46=4DAC255D");
	assert_string_equal(answer.hex, "41820004202122234201019000");
	expect(0x9000, applet, "80031138", "41=00000002 42=F4 43=7162015C 44=0001020304050607"
	       " 45=10111213141516 46=4DAC255D");
	assert_string_equal(answer.hex, "4201029000");
	expect(0x6A80, applet, "80031137", "41=" ID " 42=F4 43=00 45=CAFEBABEFACE 46=0004");
	expect(0x6A80, applet, "80031137", "41=" ID " 42=B0 43=00 45=CAFEBABEFACEDBADDECAF888 46=0011");
	expect(0x6A80, applet, "80031137", "41=" ID " 42=B0 43=00 46=0010");
	/* a key that wants long tags */
	expect(0x9000, applet, "80010300", "41=00000003 43=" KEY128 " 44=000C");
	expect(0x6A80, applet, "80031137", "41=00000003 42=B0 43=00 45=CAFEBABEFACEDBADDECAF888 46=0008");
	expect(0x9000, applet, "80031137", "41=00000003 42=B0 43=00 45=CAFEBABEFACEDBADDECAF888 46=000C");
	applet_free(applet);
}

static void test_mac(void **state)
{
	/* RFC 2202, 3, and RFC 4231, 4.3; NIST SP 800-38B, D.1 */
	static const struct { const char *header, *key, *algorithm, *data, *mac; } cases[] = {
		{ "80010500", "4A656665", "18",
		  "7768617420646F2079612077616E7420666F72206E6F7468696E673F",
		  "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79" },
		{ "80010500", "4A656665", "19",
		  "7768617420646F2079612077616E7420666F72206E6F7468696E673F",
		  "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843" },
		{ "80010500", "4A656665", "1A",
		  "7768617420646F2079612077616E7420666F72206E6F7468696E673F",
		  "AF45D2E376484031617F78D2B58A6B1B9C7EF464F5A01B47E42EC3736322445E"
		  "8E2240CA5E69E2C78B3239ECFAB21649" },
		{ "80010500", "4A656665", "1B",
		  "7768617420646F2079612077616E7420666F72206E6F7468696E673F",
		  "164B7A7BFCF819E2E395FBE73B56E0A387BD64222E831FD610270CD7EA250554"
		  "9758BF75C05A994A6D034F65F8F0E6FDCAEAB1A34D4A6B4B636E070A38BCE737" },
		{ "80010300", KEY128, "31", "", "BB1D6929E95937287FA37D129B756746" },
		{ "80010300", KEY128, "31", "6BC1BEE22E409F96E93D7E117393172A",
		  "070A16B46B4D4144F79BDD9DD04A287C" },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int id = 0x100 + i;

		expect(0x9000, applet, cases[i].header, "41=%08X 43=%s", id, cases[i].key);
		expect(0x9000, applet, "80030D45", "41=%08X 42=%s 43=%s", id, cases[i].algorithm,
		       cases[i].data);
		assert_string_equal(value_hex(0x41), cases[i].mac);
		expect(0x9000, applet, "80030D46", "41=%08X 42=%s 43=%s 45=%s", id,
		       cases[i].algorithm, cases[i].data, cases[i].mac);
		assert_string_equal(value_hex(0x41), "01");
		expect(0x9000, applet, "80030D46", "41=%08X 42=%s 43=%s00 45=%s", id,
		       cases[i].algorithm, cases[i].data, cases[i].mac);
		assert_string_equal(value_hex(0x41), "02");
		expect(0x6A80, applet, "80030D46", "41=%08X 42=%s 43=%s", id,
		       cases[i].algorithm, cases[i].data);
		/* in steps */
		expect(0x9000, applet, "80011000", "41=0001 42=03 43=%s", cases[i].algorithm);
		expect(0x9000, applet, "80030D03", "41=%08X 42=0001", id);
		expect(0x9000, applet, "80030D0C", "41=%.8s 42=0001", cases[i].data);
		expect(0x9000, applet, "80030D0D", "41=%s 42=0001",
		       cases[i].data + (*cases[i].data ? 8 : 0));
		assert_string_equal(value_hex(0x41), cases[i].mac);
		expect(0x9000, applet, "80030D44", "41=%08X 42=0001", id);
		expect(0x6A80, applet, "80030D0D", "41=%s 42=0001", cases[i].data);
		expect(0x9000, applet, "80030D0D", "41=%s 42=0001 43=%s", cases[i].data, cases[i].mac);
		assert_string_equal(value_hex(0x41), "01");
		expect(0x6985, applet, "80030D0C", "41=00 42=0001");
		expect(0x9000, applet, "80041028", "41=0001");
	}
	/* CMAC with DES: 8 bytes; a key of the wrong type */
	expect(0x9000, applet, "80010400", "41=" ID " 43=" KEY192);
	expect(0x9000, applet, "80030D45", "41=" ID " 42=7A 43=00");
	assert_int_equal(strlen(value_hex(0x41)), 16);
	expect(0x6985, applet, "80030D45", "41=" ID " 42=31 43=00");
	expect(0x6985, applet, "80030D45", "41=" ID " 42=19 43=00");
	expect(0x6A80, applet, "80030D45", "41=" ID " 42=1C 43=00");
	applet_free(applet);
}

/* FIPS 180-4's example "abc" */
static void test_digest(void **state)
{
	static const struct { const char *id, *digest; } cases[] = {
		{ "01", "A9993E364706816ABA3E25717850C26C9CD0D89D" },
		{ "07", "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7" },
		{ "04", "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD" },
		{ "05", "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED"
			"8086072BA1E7CC2358BAECA134C825A7" },
		{ "06", "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
			"2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F" },
	};
	struct applet *applet = chip(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect(0x9000, applet, "8003000E", "41=%s 42=616263", cases[i].id);
		assert_string_equal(value_hex(0x41), cases[i].digest);
		expect(0x9000, applet, "80011000", "41=0001 42=01 43=%s", cases[i].id);
		expect(0x6985, applet, "8003000D", "42=0001");
		expect(0x9000, applet, "8003000B", "42=0001");
		expect(0x9000, applet, "8003000C", "42=0001 43=6162");
		expect(0x9000, applet, "8003000D", "42=0001 43=63");
		assert_string_equal(value_hex(0x41), cases[i].digest);
		expect(0x9000, applet, "80041028", "41=0001");
	}
	expect(0x6A80, applet, "8003000E", "41=00 42=616263");
	expect(0x6A80, applet, "8003000E", "41=08 42=616263");
	applet_free(applet);
}

/* RFC 5869, A.1 and A.3 */
static void test_hkdf(void **state)
{
	struct applet *applet = chip_model("7");

	(void)state;
	expect(0x9000, applet, "80010500", "41=" ID " 43=0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B0B");
	expect(0x9000, applet, "8003002D", "41=" ID " 42=04 43=000102030405060708090A0B0C"
	       " 44=F0F1F2F3F4F5F6F7F8F9 45=002A");
	assert_string_equal(value_hex(0x41), "3CB25F25FAACD57A90434F64D0362F2A2D2D0A90CF1A5A4C5DB02D56"
			    "ECC4C5BF34007208D5B887185865");
	expect(0x9000, applet, "8003002D", "41=" ID " 42=04 45=002A");
	assert_string_equal(value_hex(0x41), "8DA4E775A563C18F715F802A063C5A31B8A11F5C5EE1879EC3454E5F"
			    "3C738D2D9D201395FAA4B61A96C8");
	/* the same salt in an object */
	expect(0x9000, applet, "80010500", "41=00000002 43=000102030405060708090A0B0C");
	expect(0x9000, applet, "8003002D", "41=" ID " 42=04 44=F0F1F2F3F4F5F6F7F8F9 45=002A 46=00000002");
	assert_memory_equal(value_hex(0x41), "3CB25F25", 8);
	expect(0x6A80, applet, "8003002D", "41=" ID " 42=04 43=00 45=002A 46=00000002");
	/* expand only, from A.1's PRK; what is derived can stay in the chip */
	expect(0x9000, applet, "80010500", "41=00000003 43="
	       "077709362C2E32DF0DDC3F0DC47BBA6390B6C73BB50F9C3122EC844AD7C2B3E5");
	expect(0x9000, applet, "8003002F", "41=00000003 42=04 44=F0F1F2F3F4F5F6F7F8F9 45=002A");
	assert_memory_equal(value_hex(0x41), "3CB25F25", 8);
	expect(0x9000, applet, "80010300", "41=00000004 43=%032d", 0);
	expect(0x9000, applet, "8003002F", "41=00000003 42=04 44=F0F1F2F3F4F5F6F7F8F9 45=0010 47=00000004");
	assert_int_equal(answer.len, 0);
	expect(0x9000, applet, "80010300", "41=00000005 43=3CB25F25FAACD57A90434F64D0362F2A");
	{
		char want[33];

		expect(0x9000, applet, "80030E37", "41=00000005 42=0E 43=" IV);
		strcpy(want, value_hex(0x41));
		expect(0x9000, applet, "80030E37", "41=00000004 42=0E 43=" IV);
		assert_string_equal(value_hex(0x41), want);
	}
	expect(0x6985, applet, "8003002F", "41=00000003 42=04 45=0020 47=00000004");
	expect(0x6A80, applet, "8003002D", "41=" ID " 42=04 45=0000");
	expect(0x6A80, applet, "8003002D", "41=" ID " 42=04 45=0301");
	expect(0x6A80, applet, "8003002D", "41=" ID " 42=03 45=0020");
	expect(0x6985, applet, "8003002D", "41=00000004 42=04 45=0020");
	applet_free(applet);
}

/* RFC 6070 */
static void test_pbkdf2(void **state)
{
	struct applet *applet = chip_model("3");

	(void)state;
	expect(0x9000, applet, "80010500", "41=" ID " 43=70617373776F7264");
	expect(0x9000, applet, "8003002E", "41=" ID " 42=73616C74 43=0001 44=0014");
	assert_string_equal(value_hex(0x41), "0C60C80F961F0E71F3A9B524AF6012062FE037A6");
	expect(0x9000, applet, "8003002E", "41=" ID " 42=73616C74 43=1000 44=0014");
	assert_string_equal(value_hex(0x41), "4B007901B765489ABEAD49D926F721D065A429C1");
	expect(0x6A80, applet, "8003002E", "41=" ID " 42=73616C74 43=0000 44=0014");
	expect(0x6A80, applet, "8003002E", "41=" ID " 42=73616C74 43=0001 44=0014 45=19");
	applet_free(applet);
	applet = chip_model("7");
	expect(0x9000, applet, "80010500", "41=" ID " 43=70617373776F7264");
	expect(0x9000, applet, "8003002E", "41=" ID " 42=73616C74 43=0001 44=0014");
	assert_string_equal(value_hex(0x41), "0C60C80F961F0E71F3A9B524AF6012062FE037A6");
	expect(0x9000, applet, "8003002E", "41=" ID " 42=73616C74 43=0001 44=0020 45=19");
	assert_string_equal(value_hex(0x41),
			    "120FB6CFFCF8B32C43E7225256C4F837A86548C92CCC35480805987CB70BE17B");
	expect(0x6A80, applet, "8003002E", "41=" ID " 42=73616C74 43=0001 44=0020 45=31");
	applet_free(applet);
}

/* What is missing, too long or of no such kind */
static void test_arguments(void **state)
{
	static const struct { const char *header, *body; unsigned int sw; } cases[] = {
		{ "80040022", "41=00", 0x6A80 }, { "80040022", "41=04", 0x6A80 },
		{ "80040022", "41=0001", 0x6A80 }, { "80040022", "53=01", 0x6A80 },
		{ "80020025", "41=0000", 0x6A80 }, { "80020025", "42=FF", 0x6A80 },
		{ "80410300", "12=03 41=0000000A 43=" KEY128, 0x6A80 },
		{ "80410300", "12=0003 41=0000000A 43=" KEY128, 0x9000 },
		{ "80010B04", "41=0003", 0x6A80 }, { "80020B36", "41=03", 0x6A80 },
		{ "80010300", "41=00000009 43=" KEY128 " 44=0003", 0x6A80 },
		{ "80010300", "41=00000009 43=" KEY128 " 44=0011", 0x6A80 },
		{ "80010300", "41=00000009 43=" KEY128 " 44=0010", 0x9000 },
		{ "80030E37", "41=00000001 42=0D", 0x6A80 },
		{ "80030E42", "41=00000001 42=0002 44=00", 0x6A80 },
		{ "80030E42", "41=00000001 42=0002", 0x9000 },
		{ "80030E0C", "42=0002", 0x6A80 }, { "80030E0C", "43=00", 0x6A80 },
		{ "80030E0D", "43=00", 0x6A80 },
		{ "80031137", "41=00000001 42=B0 43=00 46=0010", 0x6A80 },
		{ "80031137", "41=00000001 42=F3 43=00 46=0010", 0x6A80 },
		{ "80031137", "41=00000001 42=F3 43=00 45=0041 46=0010", 0x6A80 },
		{ "80031138", "41=00000001 42=F3 43=00 45=000C 46=" IV, 0x6A80 },
		{ "80031137", "41=00000001 42=B1 43=00 45=" IV " 46=0010", 0x6A80 },
		{ "80031137", "41=00000001 42=B0 43=00 45=" IV " 46=10", 0x6A80 },
		{ "80031138", "41=00000001 42=B0 43=00 45=" IV " 46=000102", 0x6A80 },
		{ "80030D45", "41=00000001 42=31", 0x6A80 }, { "80030D45", "41=00000001 43=00", 0x6A80 },
		{ "80030D03", "41=00000001 42=0003", 0x9000 }, { "80030D0C", "42=0003", 0x6A80 },
		{ "80030D0D", "42=0003 43=00", 0x6A80 },	/* nothing is to be validated */
		{ "80030D0D", "42=0003", 0x9000 },
		{ "8003000E", "41=04", 0x6A80 }, { "8003000E", "42=00", 0x6A80 },
		{ "8003000B", "42=0001", 0x9000 }, { "8003000C", "42=0001", 0x6A80 },
		{ "8003002D", "41=00000002 45=0010", 0x6A80 }, { "8003002D", "41=00000002 42=04", 0x6A80 },
		{ "8003002E", "41=00000002 42=00 43=0001", 0x6A80 },
		{ "8003002E", "41=00000002 42=00 44=0010", 0x6A80 },
		{ "80030C0A", "41=F0000100 42=21 43=" KEY256, 0x6A80 },
		{ "80030C09", "41=F0000100 42=21", 0x6A80 }, { "80030C09", "41=F0000100 43=00", 0x6A80 },
		{ "8003010F", "41=F0000100", 0x6A80 },
		{ "80011000", "41=0004 42=04 43=B0", 0x6A80 }, { "80011000", "41=0004 42=01", 0x6A80 },
		{ "80041028", "41=00", 0x6A80 }, { "80041028", "41=0000", 0x6A80 },
	};
	struct applet *applet = chip_model("7");

	(void)state;
	expect(0x9000, applet, "80010300", "41=00000001 43=" KEY128);
	expect(0x9000, applet, "80010500", "41=00000002 43=00");
	expect(0x9000, applet, "80011000", "41=0001 42=01 43=04");
	expect(0x9000, applet, "80011000", "41=0002 42=02 43=0D");
	expect(0x9000, applet, "80011000", "41=0003 42=03 43=31");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (xfer(applet, cases[i].header, "%s", cases[i].body) != cases[i].sw)
			fail_msg("%s %s: %04X", cases[i].header, cases[i].body, answer.sw);
	applet_free(applet);
}

/* Only some objects open sessions, and only what does has a limit of attempts. */
static void test_authentication_objects(void **state)
{
	static const struct { const char *header, *body; unsigned int sw; } cases[] = {
		{ "80010300", "12=0003 41=00000101 43=" KEY128, 0x6A80 },	/* AES */
		{ "80410300", "12=0003 41=00000101 43=" KEY128, 0x9000 },
		{ "80410300", "12=0003 41=00000101 43=" KEY128, 0x6985 },	/* it has one already */
		{ "80410300", "41=00000101 43=" KEY128, 0x9000 },
		{ "80016100", "12=0003 41=00000102 42=03", 0x6A80 },	/* EC */
		{ "80416100", "12=0003 41=00000102 42=03", 0x9000 },
		{ "80010500", "12=0003 41=00000103 43=" KEY128, 0x6A80 },	/* HMAC */
		{ "80410500", "41=00000103 43=" KEY128, 0x6985 },
		{ "80010400", "12=0003 41=00000104 43=" KEY128, 0x6A80 },	/* DES */
		{ "80410400", "41=00000104 43=" KEY128, 0x6985 },
		{ "80416200", "41=00000105 42=0200", 0x6985 },		/* RSA */
		{ "80410600", "41=00000106 43=0004", 0x6985 },		/* a file */
		{ "80010600", "12=0003 41=00000106 43=0004", 0x6A80 },
		{ "80410800", "41=00000107 42=0002", 0x6985 },		/* a counter */
		{ "80410900", "41=00000108 42=" KEY128 KEY128, 0x6985 },		/* a PCR */
	};
	struct applet *applet = chip_model("7");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (xfer(applet, cases[i].header, "%s", cases[i].body) != cases[i].sw)
			fail_msg("%s %s: %04X", cases[i].header, cases[i].body, answer.sw);
	applet_free(applet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aes),
		cmocka_unit_test(test_cipher_errors),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_des),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_aead),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_pbkdf2),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_authentication_objects),
	};

	return cmocka_run_group_tests_name("applet symmetric", tests, NULL, NULL);
}
