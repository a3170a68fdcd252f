/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside se05x-apdu */
#ifndef SE05X_TOOLS_APDU_H
#define SE05X_TOOLS_APDU_H

#include "common.h"

int command_info(struct se05x *se, const struct options *opt, const char *device);
int command_atr(struct se05x *se, const struct options *opt);
int command_list(const struct options *opt);
int command_monitor(const struct options *opt);
int command_stats(const struct options *opt);
int command_trace(struct se05x *se, const struct options *opt, char **args, int n);
const char *state_name(uint32_t state);
const char *channel_name(uint32_t channel);

/*
 * What is to be sent, read and checked before anything is. Return: the script,
 * or NULL after having said why.
 */
struct script;
struct script *script_read(const struct options *opt, char **args, int n);
int script_run(struct se05x *se, const struct options *opt, const struct script *script);
void script_free(struct script *script);

#endif /* SE05X_TOOLS_APDU_H */
