/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What passes through /dev/se05x-sim between the simulated chip and the
 * program that plays its applets (tools/sim). No stable ABI.
 */
#ifndef SE05X_SIM_ABI_H
#define SE05X_SIM_ABI_H

#include <linux/types.h>

#define SIM_DEVICE	"se05x-sim"
#define SIM_PAYLOAD_MAX	4352	/* CARD_APDU_MAX of tests/card/card.h */

/**
 * enum sim_msg_type - &sim_msg.type
 * @SIM_MSG_APDU: chip to applet: a C-APDU to be answered
 * @SIM_MSG_RESET: chip to applet: forget what does not outlive a reset
 * @SIM_MSG_SLEEP: chip to applet: the APDU session has ended, and the secure channel
 * @SIM_MSG_ANSWER: applet to chip: the R-APDU of the C-APDU with that id
 */
enum sim_msg_type {
	SIM_MSG_APDU = 1,
	SIM_MSG_RESET = 2,
	SIM_MSG_ANSWER = 3,
	SIM_MSG_SLEEP = 4,
};

/**
 * struct sim_msg - one message, as one read() or one write()
 * @type: an enum sim_msg_type
 * @id: of the C-APDU; an answer to any but the newest is dropped
 * @delay_us: answer: the chip is ready so long after it had the C-APDU
 * @len: bytes in @payload
 * @payload: C-APDU or R-APDU
 */
struct sim_msg {
	__u32 type;
	__u32 id;
	__u32 delay_us;
	__u32 len;
	__u8 payload[];
};

#endif /* SE05X_SIM_ABI_H */
