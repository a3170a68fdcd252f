// SPDX-License-Identifier: LGPL-2.1-or-later
/* What status words and errnos say */
#include <errno.h>

#include "../common.h"
#include "se05x.h"

/* ISO/IEC 7816-4, 5.1.3; what the IoT applet means by them */
static const struct {
	uint16_t sw;
	uint16_t mask;
	const char *text;
} sws[] = {
	{ 0x9000, 0xffff, "success" },
	{ 0x6100, 0xff00, "success, more of the answer waits" },
	{ 0x6283, 0xffff, "success, but what was selected is deactivated" },
	{ 0x6200, 0xff00, "warning, nothing was changed" },
	{ 0x6300, 0xffff, "authentication failed" },
	{ 0x63C0, 0xfff0, "wrong, and the last digit counts the tries that are left" },
	{ 0x6300, 0xff00, "warning, something was changed" },
	{ 0x6400, 0xff00, "execution error, nothing was changed" },
	{ 0x6500, 0xff00, "execution error, something was changed" },
	{ 0x66A6, 0xffff, "too many APDUs in too short a time" },
	{ 0x6700, 0xff00, "wrong length" },
	{ 0x6881, 0xffff, "no such logical channel" },
	{ 0x6882, 0xffff, "no secure messaging here" },
	{ 0x6982, 0xffff, "security status not satisfied" },
	{ 0x6983, 0xffff, "authentication blocked" },
	{ 0x6984, 0xffff, "the policy does not fit the object" },
	{ 0x6985, 0xffff, "conditions not satisfied, such as no such object" },
	{ 0x6986, 0xffff, "denied by the object's policy" },
	{ 0x6987, 0xffff, "secure messaging data missing" },
	{ 0x6988, 0xffff, "secure messaging data wrong" },
	{ 0x6A80, 0xffff, "wrong data" },
	{ 0x6A81, 0xffff, "function not supported" },
	{ 0x6A82, 0xffff, "applet or file not found" },
	{ 0x6A84, 0xffff, "not enough memory" },
	{ 0x6A86, 0xffff, "wrong P1 P2" },
	{ 0x6A88, 0xffff, "referenced data not found" },
	{ 0x6B00, 0xff00, "wrong P1 P2" },
	{ 0x6C00, 0xff00, "wrong Le, the last byte is the right one" },
	{ 0x6D00, 0xff00, "unknown INS: is the right applet selected?" },
	{ 0x6E00, 0xff00, "unknown CLA" },
	{ 0x6F00, 0xff00, "the chip gives no reason" },
};

EXPORT const char *se05x_sw_text(uint16_t sw)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sws); i++)
		if ((sw & sws[i].mask) == sws[i].sw)
			return sws[i].text;
	return "unknown status word";
}

EXPORT const char *se05x_errno_text(int error)
{
	switch (error < 0 ? -error : error) {
	case 0:
		return "success";
	case EINVAL:
		return "invalid argument";
	case ENOTTY:
		return "not an SE05x, or the driver is older than this program";
	case EBADF:
		return "not opened for writing";
	case E2BIG:
		return "the command is too long for the driver";
	case EPERM:
		return "not allowed: others use the chip, or the lock is not yours";
	case EAGAIN:
		return "it would have to wait";
	case EALREADY:
		return "the lock is held by this handle already";
	case EOPNOTSUPP:
		return "not supported: a logical channel, or no line to switch power by";
	case ENOMEM:
		return "not enough memory";
	case EINTR:
		return "interrupted by a signal; not sent";
	case EBUSY:
		return "the chip was busy until the deadline; not sent";
	case ESTALE:
		return "the applet's state, its channel, its chain or the lock was lost; not sent";
	case ENOTCONN:
		return "the applet could not be selected again; not sent";
	case ENOLINK:
		return "the chip does not answer any more: reset it";
	case ENODEV:
		return "no such device, or the chip is gone";
	case EACCES:
		return "permission denied";
	case ENOKEY:
		return "there is no key for the protected channel; not sent";
	case EKEYREJECTED:
		return "the chip has another key; not sent";
	case ECONNABORTED:
		return "the link failed and was mended; not sent";
	case ETIMEDOUT:
		return "no answer until the deadline; the command may have run";
	case ECONNRESET:
		return "the link failed; the command may have run";
	case EBADMSG:
		return "the answer was tampered with or garbled; the command may have run";
	case EMSGSIZE:
		return "the answer is longer than the buffer; the command ran";
	case EFAULT:
		return "bad pointer";
	default:
		return "unexpected error; the command may have run";
	}
}
