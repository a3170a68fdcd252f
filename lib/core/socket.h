/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /dev/se05x by a Unix socket: what passes between libse05x and se05x-sim
 *
 * The socket is of type SOCK_SEQPACKET; a connection is what an open file is. A message
 * is this head, then the struct of that ioctl, then the bytes that its pointers meant:
 * the C-APDU on the way there, as much of the R-APDU as was wanted on the way back.
 * With each request comes a socket (SCM_RIGHTS), by which it is answered: so threads and
 * forked processes share a connection as they share an open file. No stable ABI.
 */
#ifndef SE05X_SOCKET_H
#define SE05X_SOCKET_H

#include <linux/se05x.h>

struct se05x_socket_head {
	__u32 request;		/* SE05X_IOC_* */
	__s32 error;		/* in answers: an errno, or 0 */
};

union se05x_socket_arg {
	struct se05x_info info;
	struct se05x_transceive transceive;
	struct se05x_select select;
	struct se05x_lock lock;
	struct se05x_unlock unlock;
	struct se05x_reset reset;
};

#define SE05X_SOCKET_COMMAND_MAX	4096
#define SE05X_SOCKET_RESPONSE_MAX	4098

#endif /* SE05X_SOCKET_H */
