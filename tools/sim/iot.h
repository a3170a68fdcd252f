/* SPDX-License-Identifier: GPL-2.0-only */
/* NXP's IoT applet, versions 3.1 and 7.2 */
#ifndef SE05X_IOT_H
#define SE05X_IOT_H

#include "apdu.h"
#include "applet.h"

struct iot;
struct scp_keys;

/* As applet_new() */
struct iot *iot_new(const struct applet_config *config);
void iot_free(struct iot *iot);

/* The applet is not selected any more, or power is gone: what is transient goes. */
void iot_reset(struct iot *iot);

const struct scp_keys *iot_scp_keys(const struct iot *iot);

/* PUT KEY, which has come in the chip's channel: that has new keys from now on. */
uint16_t iot_put_key(struct iot *iot, const struct apdu *apdu, struct response *rsp);

/* SCP03: do commands without data advance the counter? They do from applet 4.3 on. */
bool iot_counts_all(const struct iot *iot);

/* The four bytes that tell NXP what product it is */
const uint8_t *iot_oef(const struct iot *iot);

/* The chip's own number, UNIQUE_LEN bytes */
const uint8_t *iot_unique(const struct iot *iot);

size_t iot_atr(const struct iot *iot, const uint8_t **atr);

/* What SELECT answers: version, features, secure box */
void iot_version(const struct iot *iot, struct response *rsp);
uint16_t iot_process(struct iot *iot, const struct apdu *apdu, struct response *rsp,
		     uint32_t *delay_us);

#endif /* SE05X_IOT_H */
