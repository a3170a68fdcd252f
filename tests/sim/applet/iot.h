/* SPDX-License-Identifier: GPL-2.0-only */
/* NXP's IoT applet 7.2, as far as the simulated chip has it */
#ifndef SE05X_IOT_H
#define SE05X_IOT_H

#include "apdu.h"

struct iot;

/* As applet_new() */
struct iot *iot_new(const char *state);
void iot_free(struct iot *iot);
void iot_reset(struct iot *iot);

/* What SELECT answers: version, features, secure box */
void iot_version(struct response *rsp);
uint16_t iot_process(struct iot *iot, const struct apdu *apdu, struct response *rsp,
		     uint32_t *delay_us);

#endif /* SE05X_IOT_H */
