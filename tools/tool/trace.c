// SPDX-License-Identifier: GPL-2.0-only
/*
 * se05x-tool --trace: what goes to the chip by name, and lengths; never what is in it
 *
 * The linker puts these between libse05x-iot and libse05x (--wrap).
 */
#include <stdio.h>

#include <se05x.h>

#include "tool.h"

bool trace_apdus;

/* AN12413, 4.3 to 4.19, and AN12543: INS without its flags, P1, P2; ANY: whichever */
#define ANY	-1
static const struct {
	uint8_t ins;
	int p1, p2;
	const char *name;
} names[] = {
	{ 0x01, 0x01, ANY, "WriteECKey" }, { 0x01, 0x02, ANY, "WriteRSAKey" },
	{ 0x01, 0x03, ANY, "WriteSymmKey (AES)" }, { 0x01, 0x04, ANY, "WriteSymmKey (DES)" },
	{ 0x01, 0x05, ANY, "WriteSymmKey (HMAC)" }, { 0x01, 0x06, ANY, "WriteBinary" },
	{ 0x01, 0x07, ANY, "WriteUserID" }, { 0x01, 0x08, ANY, "Create/Set/IncCounter" },
	{ 0x01, 0x09, ANY, "WritePCR" }, { 0x01, 0x0B, 0x04, "CreateECCurve" },
	{ 0x01, 0x0B, 0x40, "SetECCurveParam" },
	{ 0x02, 0x00, 0x00, "ReadObject" }, { 0x02, 0x00, 0x07, "ReadSize" },
	{ 0x02, 0x00, 0x25, "ReadIDList" }, { 0x02, 0x00, 0x26, "ReadType" },
	{ 0x02, 0x00, 0x3B, "ReadObjectAttributes" }, { 0x02, 0x0B, 0x25, "ReadECCurveList" },
	{ 0x02, 0x0B, 0x36, "GetECCurveId" }, { 0x02, 0x00, 0x5B, "ReadState" },
	{ 0x03, 0x0C, 0x09, "Sign" }, { 0x03, 0x0C, 0x0A, "Verify" },
	{ 0x03, 0x01, 0x0F, "ECDHGenerateSharedSecret" }, { 0x03, 0x02, 0x37, "RSAEncrypt" },
	{ 0x03, 0x02, 0x38, "RSADecrypt" }, { 0x03, 0x0E, ANY, "CipherOneShot" },
	{ 0x03, 0x11, ANY, "AEADOneShot" }, { 0x03, 0x0D, ANY, "MACOneShot" },
	{ 0x03, 0x00, 0x2D, "HKDF" }, { 0x03, 0x00, 0x0E, "DigestOneShot" },
	{ 0x04, 0x00, 0x1B, "CreateSession" }, { 0x04, 0x00, 0x1C, "CloseSession" },
	{ 0x04, 0x00, 0x2C, "VerifySessionUserID" }, { 0x04, 0x00, 0x20, "GetVersion" },
	{ 0x04, 0x00, 0x22, "GetFreeMemory" }, { 0x04, 0x00, 0x27, "CheckObjectExists" },
	{ 0x04, 0x00, 0x28, "DeleteSecureObject" }, { 0x04, 0x0B, 0x28, "DeleteECCurve" },
	{ 0x04, 0x00, 0x3D, "GetTimestamp" }, { 0x04, 0x00, 0x49, "GetRandom" },
};

static const char *name_of(const uint8_t *header)
{
	uint8_t ins = header[1] & 0x1f, p1 = header[2] & 0x1f;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].ins == ins && names[i].p1 == p1 &&
		    (names[i].p2 == ANY || names[i].p2 == header[3]))
			return names[i].name;
	return "APDU";
}

/* In a session the command is in TLV 41 of PROCESS (05 00 00), behind the session's TLV 10 */
static const uint8_t *inner(const uint8_t *apdu, size_t len)
{
	size_t at = len > 4 && apdu[4] ? 5 : 7;

	if (len < at + 14 || apdu[1] != 0x05 || apdu[at] != 0x10)
		return NULL;
	at += 2 + apdu[at + 1];
	if (at + 6 > len || apdu[at] != 0x41)
		return NULL;
	at += apdu[at + 1] < 0x80 ? 2 : apdu[at + 1] == 0x81 ? 3 : 4;
	return at + 4 <= len ? apdu + at : NULL;
}

static void tell_answer(int ret, size_t len, const struct se05x_call *call)
{
	if (ret)
		fprintf(stderr, "< %s\n", se05x_errno_text(ret));
	else
		fprintf(stderr, "< %04X, %zu bytes\n", call->sw, len);
}

int __real_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call);
int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call);
int __real_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call);
int __wrap_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call);

int __wrap_se05x_transceive(struct se05x *se, const void *command, size_t command_len,
			    void *response, size_t *response_len, struct se05x_call *call)
{
	const uint8_t *apdu = command, *in = inner(apdu, command_len);
	struct se05x_call mine = { };
	int ret;

	if (trace_apdus)
		fprintf(stderr, "> %s%s, %zu bytes\n", name_of(in ?: apdu),
			in ? " in a session" : "", command_len);
	call = call ?: &mine;
	ret = __real_se05x_transceive(se, command, command_len, response, response_len, call);
	if (trace_apdus)
		tell_answer(ret, *response_len, call);
	return ret;
}

int __wrap_se05x_select(struct se05x *se, const void *aid, size_t aid_len, uint32_t flags,
			void *response, size_t *response_len, struct se05x_call *call)
{
	struct se05x_call mine = { };
	int ret;

	if (trace_apdus)
		fprintf(stderr, "> SELECT, AID of %zu bytes\n", aid_len);
	call = call ?: &mine;
	ret = __real_se05x_select(se, aid, aid_len, flags, response, response_len, call);
	if (trace_apdus)
		tell_answer(ret, response_len ? *response_len : 0, call);
	return ret;
}
