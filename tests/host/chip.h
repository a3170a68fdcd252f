/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libse05x's se05x_transceive() and se05x_select() without a kernel: into the
 * simulator's applets, or against a script of what has to be sent and is answered
 */
#ifndef SE05X_TEST_CHIP_H
#define SE05X_TEST_CHIP_H

#include "../../lib/iot/se05x-iot.h"

/* Where the test knows the curve, and what is there is as long as it says */
static inline int read_point(struct se05x_iot *iot, uint32_t id, uint8_t curve, void *point,
			     struct se05x_call *call)
{
	size_t len = se05x_iot_point_len(curve);

	return se05x_iot_ec_public(iot, id, &curve, point, &len, call);
}

static inline int agree(struct se05x_iot *iot, uint32_t id, uint8_t curve, const void *peer,
			void *secret, struct se05x_call *call)
{
	size_t len = se05x_iot_curve(curve)->size;

	return se05x_iot_ecdh(iot, id, curve, peer, se05x_iot_point_len(curve), secret, &len, call);
}

/* A chip with the applet of that model, as struct applet_config has it */
struct se05x *chip_applet(const char *model);
/* The same with all that it can be */
struct applet_config;
struct se05x *chip_config(const struct applet_config *config);

/*
 * A chip that answers by script: pairs of hex, C-APDU and R-APDU, and a NULL at the
 * end. Blanks don't matter; .. at the end of a C-APDU is any more bytes. SELECT is
 * answered with @version, seven bytes of hex.
 */
struct se05x *chip_script(const char *version, const char *const *pairs);
/* Everything in the script was sent; fails the test if not. Then as se05x_close(). */
void chip_done(struct se05x *se);

/* The @n-th command from now on fails with @error, @outcome; 0: the next */
void chip_fail(struct se05x *se, unsigned int n, int error, uint32_t outcome);
/* Let the applet's answer pass through @hostile, which may change all of it */
void chip_hostile(struct se05x *se, size_t (*hostile)(void *ctx, uint8_t *rsp, size_t len,
						      size_t max), void *ctx);
/* Commands since then */
unsigned int chip_commands(const struct se05x *se);
/* The deadline that the last command came with */
uint32_t chip_deadline(const struct se05x *se);
/* What a generation is to be from now on: a session is lost by it */
void chip_generation(struct se05x *se, uint64_t generation);

#endif
