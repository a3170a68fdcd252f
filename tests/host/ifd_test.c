// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libifdse05x without pcscd: called too early, twice, with numbers that nobody has and with
 * room for nothing; and by several readers at once. The chip is se05x-sim, $SE05X_SIM.
 */
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ifdhandler.h>
#include <reader.h>

#include <cmocka.h>

#include "sim_run.h"

#define READERS	16
#define PROPERTIES SCARD_CTL_CODE(1)

static UCHAR atr[MAX_ATR_SIZE], rx[5000];
static DWORD atr_len, rx_len;
static const SCARD_IO_HEADER t1 = { .Protocol = 1 };

static UCHAR select_iot[] = {
	0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x03, 0x96, 0x54, 0x53, 0x00,
	0x00, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00,
};
static UCHAR version[] = { 0x80, 0x04, 0x00, 0x20, 0x00, 0x00 };

static RESPONSECODE transmit(DWORD lun, UCHAR *tx, DWORD len, DWORD room)
{
	SCARD_IO_HEADER pci;

	rx_len = room;
	return IFDHTransmitToICC(lun, t1, tx, len, rx, &rx_len, &pci);
}

static RESPONSECODE control(DWORD lun, DWORD code, DWORD room)
{
	return IFDHControl(lun, code, NULL, 0, rx, room, &rx_len);
}

static RESPONSECODE power(DWORD lun, DWORD action)
{
	atr_len = sizeof(atr);
	return IFDHPowerICC(lun, action, atr, &atr_len);
}

static void is_version(DWORD lun)
{
	assert_int_equal(transmit(lun, select_iot, sizeof(select_iot), sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(transmit(lun, version, 5, sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(rx[rx_len - 2], 0x90);
}

/* ---- time, as far as the reader reads it ---- */

static time_t ahead;

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int ret = __real_clock_gettime(clock, t);

	t->tv_sec += ahead;
	return ret;
}

static unsigned int files(void)
{
	unsigned int n = 0;
	DIR *dir = opendir("/proc/self/fd");

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Who is connected to the card and does nothing with it keeps no chip awake. */
static void test_idle(void **state)
{
	static UCHAR session[] = { 0x80, 0x04, 0x00, 0x1B, 0x06, 0x41, 4, 0x0A, 0x0B, 0x0C, 0x0D, 0 };
	static UCHAR userid[] = {
		0x80, 0x41, 0x07, 0x00, 0x0C, 0x41, 4, 0x0A, 0x0B, 0x0C, 0x0D, 0x42, 4, '1', '2',
		'3', '4',
	};
	unsigned int before = files();

	(void)state;
	assert_int_equal(IFDHCreateChannelByName(0, sim_device), IFD_SUCCESS);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_SUCCESS);
	is_version(0);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	assert_int_equal(files(), before + 1);
	ahead += 6;
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	assert_int_equal(files(), before);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	/* it still has its applet */
	assert_int_equal(transmit(0, version, 5, sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(rx[rx_len - 2], 0x90);
	/* nobody's session is lost for that */
	transmit(0, userid, sizeof(userid), sizeof(rx));
	assert_int_equal(transmit(0, session, sizeof(session), sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(rx[rx_len - 2], 0x90);
	ahead += 6;
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	assert_int_equal(files(), before + 1);
	assert_int_equal(IFDHCloseChannel(0), IFD_SUCCESS);
	assert_int_equal(files(), before);
}

static void test_nobody(void **state)
{
	DWORD len = sizeof(rx);

	(void)state;
	assert_int_equal(IFDHCloseChannel(7), IFD_COMMUNICATION_ERROR);
	assert_int_equal(IFDHICCPresence(7), IFD_COMMUNICATION_ERROR);
	assert_int_equal(power(7, IFD_POWER_UP), IFD_COMMUNICATION_ERROR);
	assert_int_equal(atr_len, 0);
	assert_int_equal(transmit(7, version, 5, sizeof(rx)), IFD_COMMUNICATION_ERROR);
	assert_int_equal(rx_len, 0);
	assert_int_equal(control(7, CM_IOCTL_GET_FEATURE_REQUEST, 100), IFD_COMMUNICATION_ERROR);
	assert_int_equal(IFDHGetCapabilities(7, TAG_IFD_ATR, &len, rx), IFD_COMMUNICATION_ERROR);
	memset(rx, 'x', 300);
	rx[300] = 0;
	assert_int_not_equal(IFDHCreateChannelByName(0, (LPSTR)rx), IFD_SUCCESS);
	assert_int_equal(IFDHCloseChannel(0), IFD_COMMUNICATION_ERROR);
}

/* A chip that comes later than pcscd, which asks for its readers once */
static void test_later(void **state)
{
	(void)state;
	sim_stop();
	assert_int_equal(IFDHCreateChannelByName(0, sim_device), IFD_SUCCESS);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_NOT_PRESENT);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_NO_SUCH_DEVICE);
	assert_int_equal(control(0, PROPERTIES, 6), IFD_NO_SUCH_DEVICE);
	sim_start(NULL);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_SUCCESS);
	is_version(0);
	assert_int_equal(IFDHCloseChannel(0), IFD_SUCCESS);
	/* by its number in reader.conf */
	assert_int_equal(IFDHCreateChannel(0, 99), IFD_SUCCESS);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_NOT_PRESENT);
	assert_int_equal(IFDHCloseChannel(0), IFD_SUCCESS);
}

/* The card has T=1 and nothing else */
static void test_protocols(void **state)
{
	const SCARD_IO_HEADER t0 = { .Protocol = 0 };

	(void)state;
	assert_int_equal(IFDHCreateChannelByName(0, sim_device), IFD_SUCCESS);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_SUCCESS);
	assert_int_equal(IFDHSetProtocolParameters(0, SCARD_PROTOCOL_T1, 0, 0, 0, 0), IFD_SUCCESS);
	assert_int_equal(IFDHSetProtocolParameters(0, SCARD_PROTOCOL_T0, 0, 0, 0, 0),
			 IFD_PROTOCOL_NOT_SUPPORTED);
	assert_int_equal(IFDHSetProtocolParameters(0, SCARD_PROTOCOL_RAW, 0, 0, 0, 0),
			 IFD_PROTOCOL_NOT_SUPPORTED);
	rx_len = sizeof(rx);
	assert_int_equal(IFDHTransmitToICC(0, t0, version, 5, rx, &rx_len, NULL),
			 IFD_PROTOCOL_NOT_SUPPORTED);
	assert_int_equal(rx_len, 0);
	is_version(0);
	assert_int_equal(IFDHCloseChannel(0), IFD_SUCCESS);
}

/* Before the card has power: nothing but what is the reader's own */
static void test_early(void **state)
{
	DWORD len = 1;
	unsigned long max;

	(void)state;
	assert_int_equal(IFDHCreateChannelByName(0, sim_device), IFD_SUCCESS);
	assert_int_equal(IFDHCreateChannelByName(0, sim_device), IFD_COMMUNICATION_ERROR);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	assert_int_equal(transmit(0, version, 5, sizeof(rx)), IFD_COMMUNICATION_ERROR);
	assert_int_equal(rx_len, 0);
	assert_int_equal(power(0, IFD_POWER_DOWN), IFD_SUCCESS);
	assert_int_equal(IFDHGetCapabilities(0, TAG_IFD_SLOTS_NUMBER, &len, rx), IFD_SUCCESS);
	assert_int_equal(rx[0], 1);
	len = 0;
	assert_int_equal(IFDHGetCapabilities(0, TAG_IFD_SLOTS_NUMBER, &len, rx),
			 IFD_ERROR_INSUFFICIENT_BUFFER);
	assert_int_equal(control(0, CM_IOCTL_GET_FEATURE_REQUEST, 5),
			 IFD_ERROR_INSUFFICIENT_BUFFER);
	assert_int_equal(rx_len, 0);
	assert_int_equal(control(0, CM_IOCTL_GET_FEATURE_REQUEST, 6), IFD_SUCCESS);
	assert_int_equal(rx_len, 6);
	assert_int_equal(control(0, PROPERTIES, 6), IFD_SUCCESS);
	max = rx[2] | rx[3] << 8 | rx[4] << 16;
	assert_in_range(max, 1000, 4096);
	assert_int_equal(control(0, 12345, 6), IFD_ERROR_NOT_SUPPORTED);
	assert_int_equal(IFDHCloseChannel(0), IFD_SUCCESS);
	assert_int_equal(IFDHCloseChannel(0), IFD_COMMUNICATION_ERROR);
}

static void test_card(void **state)
{
	UCHAR long_one[5000] = { 0x80, 0x04 }, tck = 0;
	DWORD i;

	(void)state;
	assert_int_equal(IFDHCreateChannelByName(0, sim_device), IFD_SUCCESS);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_SUCCESS);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_SUCCESS);
	assert_in_range(atr_len, 6, MAX_ATR_SIZE);
	for (i = 1; i < atr_len; i++)
		tck ^= atr[i];
	assert_int_equal(tck, 0);
	is_version(0);
	/* a byte 00 behind it, no room, nothing at all, and too much */
	assert_int_equal(transmit(0, version, 6, sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(rx[rx_len - 2], 0x90);
	assert_int_equal(transmit(0, version, 5, 3), IFD_ERROR_INSUFFICIENT_BUFFER);
	assert_int_equal(rx_len, 0);
	assert_int_equal(transmit(0, version, 0, sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(rx[0], 0x67);
	assert_int_equal(transmit(0, long_one, sizeof(long_one), sizeof(rx)), IFD_SUCCESS);
	assert_int_equal(rx[0], 0x67);
	assert_int_equal(power(0, 4711), IFD_NOT_SUPPORTED);
	assert_int_equal(power(0, IFD_RESET), IFD_SUCCESS);
	is_version(0);
	/* it is taken out and put in again */
	sim_stop();
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_NOT_PRESENT);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_NO_SUCH_DEVICE);
	assert_int_equal(transmit(0, version, 5, sizeof(rx)), IFD_COMMUNICATION_ERROR);
	sim_start(NULL);
	assert_int_equal(IFDHICCPresence(0), IFD_ICC_PRESENT);
	assert_int_equal(power(0, IFD_POWER_UP), IFD_SUCCESS);
	is_version(0);
	assert_int_equal(IFDHCloseChannel(0), IFD_SUCCESS);
}

static void *use(void *arg)
{
	const DWORD lun = (uintptr_t)arg << 16;
	UCHAR answer[300], its_atr[MAX_ATR_SIZE];
	SCARD_IO_HEADER pci;
	int i;

	for (i = 0; i < 20; i++) {
		DWORD len = sizeof(its_atr);

		if (IFDHCreateChannelByName(lun, sim_device) ||
		    IFDHPowerICC(lun, IFD_POWER_UP, its_atr, &len))
			abort();
		len = sizeof(answer);
		if (IFDHTransmitToICC(lun, t1, select_iot, sizeof(select_iot), answer, &len, &pci) ||
		    answer[len - 2] != 0x90 || IFDHICCPresence(lun) != IFD_ICC_PRESENT ||
		    IFDHCloseChannel(lun))
			abort();
	}
	return NULL;
}

static void test_readers(void **state)
{
	pthread_t threads[READERS];
	uintptr_t i;

	(void)state;
	for (i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use, (void *)i), 0);
	for (i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < READERS; i++)
		assert_int_equal(IFDHCreateChannelByName(i << 16, sim_device), IFD_SUCCESS);
	assert_int_not_equal(IFDHCreateChannelByName(i << 16, sim_device), IFD_SUCCESS);
	while (i--)
		assert_int_equal(IFDHCloseChannel(i << 16), IFD_SUCCESS);
}

static int setup(void **state)
{
	(void)state;
	sim_start(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sim_stop();
	return 0;
}

#define IFD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IFD(test_nobody), IFD(test_later), IFD(test_protocols), IFD(test_early),
		IFD(test_card), IFD(test_readers), IFD(test_idle),
	};

	return sim_main(tests);
}
