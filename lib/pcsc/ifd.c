// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libifdse05x.so: an SE05x as a reader of pcscd with a card in it (IFD handler API 3)
 *
 * A channel is one chip, by the name of its device. pcscd calls the functions for one
 * reader one after the other, those for several at once.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include <ifdhandler.h>
#include <reader.h>

#include "guest.h"

#define READERS		16
#define HISTORICAL_MAX	15
#define APDU_OVERHEAD	9		/* header, extended Lc and Le */
#define IDLE_S		5		/* then a card that holds the chip lets it go */
#define TLV_PROPERTIES	SCARD_CTL_CODE(1)

struct reader {
	DWORD lun;
	char device[256];
	struct guest guest;
	bool powered;
	time_t used;
	UCHAR atr[MAX_ATR_SIZE];
	DWORD atr_len;
	uint32_t max_data;		/* longest data of a C-APDU */
};

/* guards the table alone: a reader in it is pcscd's to use one call at a time */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct reader *readers[READERS];

static struct reader **place_of(DWORD lun, bool free_one)
{
	struct reader **free_place = NULL;
	int i;

	for (i = 0; i < READERS; i++) {
		if (readers[i] && readers[i]->lun == lun)
			return &readers[i];
		if (!readers[i])
			free_place = &readers[i];
	}
	return free_one ? free_place : NULL;
}

static struct reader *reader_of(DWORD lun)
{
	struct reader **place;
	struct reader *reader;

	pthread_mutex_lock(&lock);
	place = place_of(lun, false);
	reader = place ? *place : NULL;
	pthread_mutex_unlock(&lock);
	return reader;
}

/* A simulated chip's socket stands in for a device. */
static bool is_there(const char *device)
{
	struct stat st;

	return !stat(strncmp(device, "unix:", 5) ? device : device + 5, &st);
}

static time_t now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* ---- the card ---- */

/*
 * An ATR as a contact card has it (ISO/IEC 7816-3, 8.2): T=1, IFSC 254, and the chip's own
 * historical bytes, which follow PVER, VID(5), and two fields with their lengths before them.
 */
static void make_atr(struct reader *reader, const struct se05x_info *info)
{
	const uint8_t *in = info->atr, *end = info->atr + info->atr_len, *bytes = NULL;
	UCHAR *atr = reader->atr;
	size_t n = 0, i;

	in += 6;
	if (in < end)
		in += 1 + *in;		/* data link layer */
	if (in + 1 < end)
		in += 2 + in[1];	/* physical layer: its number comes first */
	if (in < end && in + 1 + *in <= end) {
		n = *in;
		bytes = in + 1;
	}
	if (n > HISTORICAL_MAX)
		n = HISTORICAL_MAX;
	atr[0] = 0x3B;
	atr[1] = 0x80 | n;	/* TD1 follows */
	atr[2] = 0x81;		/* TD2 follows; T=1 */
	atr[3] = 0x11;		/* TA3 follows; T=1 */
	atr[4] = 0xFE;		/* IFSC */
	if (n)
		memcpy(atr + 5, bytes, n);
	reader->atr_len = 5 + n + 1;
	atr[5 + n] = 0;
	for (i = 1; i < 5 + n; i++)
		atr[5 + n] ^= atr[i];
}

static RESPONSECODE power_up(struct reader *reader)
{
	struct se05x_info info;
	int ret;

	if (!reader->powered) {
		ret = guest_open(&reader->guest, reader->device, &info);
		if (ret) {
			syslog(LOG_WARNING, "%s: %s", reader->device, se05x_errno_text(ret));
			return ret == -ENODEV ? IFD_NO_SUCH_DEVICE : IFD_ERROR_POWER_ACTION;
		}
		make_atr(reader, &info);
		reader->max_data = info.max_command - APDU_OVERHEAD;
		reader->powered = true;
	}
	reader->used = now_s();
	return IFD_SUCCESS;
}

static void power_down(struct reader *reader)
{
	if (reader->powered)
		guest_forget(&reader->guest);
	reader->powered = false;
}

/* ---- what pcscd calls ---- */

/*
 * The chip need not be there: it is a card that may be put in later, since pcscd asks for
 * its readers at its start only.
 */
RESPONSECODE IFDHCreateChannelByName(DWORD lun, LPSTR name)
{
	struct reader *reader = calloc(1, sizeof(*reader)), **place;

	if (!reader || strlen(name) >= sizeof(reader->device)) {
		free(reader);
		return IFD_COMMUNICATION_ERROR;
	}
	reader->lun = lun;
	strcpy(reader->device, name);
	pthread_mutex_lock(&lock);
	place = place_of(lun, true);
	if (place && !*place)
		*place = reader;
	else
		place = NULL;
	pthread_mutex_unlock(&lock);
	if (!place) {
		free(reader);
		return IFD_COMMUNICATION_ERROR;
	}
	return IFD_SUCCESS;
}

/*
 * Where reader.conf gives a number only, as ours does, it is the chip's: pcscd does not start
 * at all if a DEVICENAME in it is not there.
 */
RESPONSECODE IFDHCreateChannel(DWORD lun, DWORD channel)
{
	char name[32] = "/dev/se05x";

	if (channel)
		snprintf(name, sizeof(name), "/dev/se05x%lu", (unsigned long)channel);
	return IFDHCreateChannelByName(lun, name);
}

RESPONSECODE IFDHCloseChannel(DWORD lun)
{
	struct reader **place, *reader = NULL;

	pthread_mutex_lock(&lock);
	place = place_of(lun, false);
	if (place) {
		reader = *place;
		*place = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (!reader)
		return IFD_COMMUNICATION_ERROR;
	power_down(reader);
	free(reader);
	return IFD_SUCCESS;
}

static RESPONSECODE give(PDWORD length, PUCHAR value, const void *from, DWORD len)
{
	if (*length < len)
		return IFD_ERROR_INSUFFICIENT_BUFFER;
	memcpy(value, from, len);
	*length = len;
	return IFD_SUCCESS;
}

RESPONSECODE IFDHGetCapabilities(DWORD lun, DWORD tag, PDWORD length, PUCHAR value)
{
	struct reader *reader = reader_of(lun);

	switch (tag) {
	case TAG_IFD_SIMULTANEOUS_ACCESS:
		return give(length, value, &(UCHAR) { READERS }, 1);
	case TAG_IFD_THREAD_SAFE:
	case TAG_IFD_SLOTS_NUMBER:
		return give(length, value, &(UCHAR) { 1 }, 1);
	case TAG_IFD_SLOT_THREAD_SAFE:
		return give(length, value, &(UCHAR) { 0 }, 1);
	case TAG_IFD_ATR:
	case SCARD_ATTR_ATR_STRING:
		if (!reader)
			return IFD_COMMUNICATION_ERROR;
		return give(length, value, reader->atr, reader->powered ? reader->atr_len : 0);
	default:
		return IFD_ERROR_TAG;
	}
}

RESPONSECODE IFDHSetCapabilities(DWORD lun, DWORD tag, DWORD length, PUCHAR value)
{
	(void)lun;
	(void)tag;
	(void)length;
	(void)value;
	return IFD_NOT_SUPPORTED;
}

RESPONSECODE IFDHSetProtocolParameters(DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1,
				       UCHAR pts2, UCHAR pts3)
{
	(void)lun;
	(void)flags;
	(void)pts1;
	(void)pts2;
	(void)pts3;
	return protocol == SCARD_PROTOCOL_T1 ? IFD_SUCCESS : IFD_PROTOCOL_NOT_SUPPORTED;
}

RESPONSECODE IFDHPowerICC(DWORD lun, DWORD action, PUCHAR atr, PDWORD atr_len)
{
	struct reader *reader = reader_of(lun);
	RESPONSECODE ret;

	*atr_len = 0;
	if (!reader)
		return IFD_COMMUNICATION_ERROR;
	switch (action) {
	case IFD_POWER_DOWN:
		power_down(reader);
		return IFD_SUCCESS;
	case IFD_RESET:	/* the card forgets; the chip, which others use too, does not */
		power_down(reader);
		break;
	case IFD_POWER_UP:
		break;
	default:
		return IFD_NOT_SUPPORTED;
	}
	ret = power_up(reader);
	if (ret)
		return ret;
	memcpy(atr, reader->atr, reader->atr_len);
	*atr_len = reader->atr_len;
	return IFD_SUCCESS;
}

/*
 * NXP's client adds a byte 00 where the length would be one that an old reader can't have.
 * Behind a whole C-APDU it is nothing.
 */
static size_t true_length(const uint8_t *capdu, size_t len)
{
	if (len > 4 && !capdu[len - 1] && se05x_apdu_check(capdu, len) &&
	    !se05x_apdu_check(capdu, len - 1))
		len--;
	return len;
}

RESPONSECODE IFDHTransmitToICC(DWORD lun, SCARD_IO_HEADER send_pci, PUCHAR tx, DWORD tx_len,
			       PUCHAR rx, PDWORD rx_len, PSCARD_IO_HEADER recv_pci)
{
	struct reader *reader = reader_of(lun);
	uint8_t rapdu[GUEST_RESPONSE_MAX];
	DWORD room = *rx_len;
	size_t len;

	*rx_len = 0;
	if (!reader || !reader->powered)
		return IFD_COMMUNICATION_ERROR;
	if (send_pci.Protocol != 1)
		return IFD_PROTOCOL_NOT_SUPPORTED;
	len = guest_run(&reader->guest, tx, true_length(tx, tx_len), rapdu);
	reader->used = now_s();
	if (recv_pci)
		recv_pci->Protocol = send_pci.Protocol;
	if (len <= room) {
		memcpy(rx, rapdu, len);
		*rx_len = len;
	}
	explicit_bzero(rapdu, len);
	return len <= room ? IFD_SUCCESS : IFD_ERROR_INSUFFICIENT_BUFFER;
}

/* PC/SC part 10, 2.6.14: one property, the longest data */
static RESPONSECODE give_properties(struct reader *reader, PDWORD length, PUCHAR value)
{
	UCHAR property[] = { PCSCv2_PART10_PROPERTY_dwMaxAPDUDataSize, 4, 0, 0, 0, 0 };
	RESPONSECODE ret;
	int i;

	if (!reader->max_data) {	/* the chip is to be asked, once */
		ret = power_up(reader);
		power_down(reader);
		if (ret)
			return ret;
	}
	for (i = 0; i < 4; i++)
		property[2 + i] = reader->max_data >> 8 * i;
	return give(length, value, property, sizeof(property));
}

/* PC/SC part 10, 2.2: one feature, properties */
RESPONSECODE IFDHControl(DWORD lun, DWORD code, PUCHAR tx, DWORD tx_len, PUCHAR rx,
			 DWORD rx_len, LPDWORD returned)
{
	static const UCHAR features[] = {
		FEATURE_GET_TLV_PROPERTIES, 4, TLV_PROPERTIES >> 24, TLV_PROPERTIES >> 16 & 0xff,
		TLV_PROPERTIES >> 8 & 0xff, TLV_PROPERTIES & 0xff,
	};
	struct reader *reader = reader_of(lun);
	DWORD len = rx_len;
	RESPONSECODE ret;

	(void)tx;
	(void)tx_len;
	*returned = 0;
	if (!reader)
		return IFD_COMMUNICATION_ERROR;
	if (code == CM_IOCTL_GET_FEATURE_REQUEST)
		ret = give(&len, rx, features, sizeof(features));
	else if (code == TLV_PROPERTIES)
		ret = give_properties(reader, &len, rx);
	else
		ret = IFD_ERROR_NOT_SUPPORTED;
	if (!ret)
		*returned = len;
	return ret;
}

/*
 * Asked for several times a second. It also ends the wait of others for a card that holds
 * a channel of its own and does nothing with it, and lets the chip sleep while a program is
 * connected to the card and does nothing with it: pcscd powers a card down only when no
 * program is connected.
 */
RESPONSECODE IFDHICCPresence(DWORD lun)
{
	struct reader *reader = reader_of(lun);
	struct se05x_info info;

	if (!reader)
		return IFD_COMMUNICATION_ERROR;
	if (reader->powered && reader->guest.se ?
	    se05x_get_info(reader->guest.se, &info) == -ENODEV : !is_there(reader->device)) {
		/* The card is out, and comes back with the chip. pcscd would not look for a
		 * reader that went before it is started anew. */
		power_down(reader);
		return IFD_ICC_NOT_PRESENT;
	}
	if (reader->powered && now_s() - reader->used >= IDLE_S) {
		guest_unlock(&reader->guest);
		guest_rest(&reader->guest);
	}
	return IFD_ICC_PRESENT;
}
