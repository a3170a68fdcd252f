// SPDX-License-Identifier: GPL-2.0-only
/*
 * A character device that behaves as i2c-dev with an SE05x on it
 *
 * One thread serves all of FUSE and never waits: what has to wait, a read, is answered by
 * its opener's thread.
 */
#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/i2c.h>
#include <linux/i2c-dev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fuse3/cuse_lowlevel.h>
#include <fuse3/fuse_lowlevel.h>

#include "common.h"
#include "cuse.h"

struct file {
	struct opener *opener;
	const struct cuse_config *config;
	uint16_t address;	/* what I2C_SLAVE set */
};

static void reply(void *reader, const uint8_t *buf, int len)
{
	if (len < 0)
		fuse_reply_err(reader, -len);
	else
		fuse_reply_buf(reader, (const char *)buf, len);
}

static void cuse_open(fuse_req_t req, struct fuse_file_info *fi)
{
	const struct cuse_config *config = fuse_req_userdata(req);
	struct file *file = calloc(1, sizeof(*file));
	int ret = -ENOMEM;

	if (file)
		ret = opener_new(&file->opener, &config->opener, fuse_req_ctx(req)->uid);
	if (ret) {
		free(file);
		fuse_reply_err(req, -ret);
		return;
	}
	file->config = config;
	fi->fh = (uintptr_t)file;
	if (fuse_reply_open(req, fi)) {	/* the caller is gone, and no release comes */
		opener_free(file->opener);
		free(file);
	}
}

static struct file *file_of(const struct fuse_file_info *fi)
{
	return (struct file *)(uintptr_t)fi->fh;
}

static void cuse_release(fuse_req_t req, struct fuse_file_info *fi)
{
	struct file *file = file_of(fi);

	opener_free(file->opener);
	free(file);
	fuse_reply_err(req, 0);
}

/* Another address than the chip's: nobody acknowledges. */
static bool elsewhere(const struct file *file)
{
	return file->address != file->config->address;
}

static void interrupted(fuse_req_t req, void *data)
{
	opener_interrupt(data, req);
}

static void cuse_read(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *fi)
{
	struct file *file = file_of(fi);
	bool wait = !(fi->flags & O_NONBLOCK);

	(void)offset;
	if (elsewhere(file)) {
		fuse_reply_err(req, EREMOTEIO);
		return;
	}
	if (wait)
		fuse_req_interrupt_func(req, interrupted, file->opener);
	opener_read(file->opener, req, size, wait);
}

static void cuse_write(fuse_req_t req, const char *buf, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	struct file *file = file_of(fi);
	int ret = elsewhere(file) ? -EREMOTEIO :
		  opener_write(file->opener, (const uint8_t *)buf, size);

	(void)offset;
	if (ret)
		fuse_reply_err(req, -ret);
	else
		fuse_reply_write(req, size);
}

/* I2C_FUNCS writes a long of the caller's size: FUSE is told where, and calls once more. */
static void reply_funcs(fuse_req_t req, void *arg, unsigned int flags, size_t room)
{
	size_t size = flags & FUSE_IOCTL_COMPAT ? sizeof(uint32_t) : sizeof(unsigned long);
	const struct iovec out = { .iov_base = arg, .iov_len = size };
	const uint32_t compat = I2C_FUNC_I2C;
	const unsigned long funcs = I2C_FUNC_I2C;

	if (!room)
		fuse_reply_ioctl_retry(req, NULL, 0, &out, 1);
	else
		fuse_reply_ioctl(req, 0, size == sizeof(compat) ? (const void *)&compat : &funcs,
				 size);
}

static void cuse_ioctl(fuse_req_t req, int cmd, void *arg, struct fuse_file_info *fi,
		       unsigned int flags, const void *in, size_t in_size, size_t out_size)
{
	struct file *file = file_of(fi);
	unsigned long value = (uintptr_t)arg;
	int error = 0;

	(void)in;
	(void)in_size;
	switch ((unsigned int)cmd) {
	case I2C_FUNCS:
		reply_funcs(req, arg, flags, out_size);
		return;
	case I2C_SLAVE:
	case I2C_SLAVE_FORCE:
		if (value > 0x7f)
			error = EINVAL;
		else
			file->address = value;
		break;
	case I2C_TENBIT:	/* there is no such chip; "off" is what holds already */
		error = value ? EINVAL : 0;
		break;
	case I2C_PEC:		/* of SMBus alone */
		break;
	case I2C_TIMEOUT:
	case I2C_RETRIES:
		error = value > INT_MAX ? EINVAL : 0;
		break;
	default:
		error = ENOTTY;
	}
	if (error)
		fuse_reply_err(req, error);
	else
		fuse_reply_ioctl(req, 0, NULL, 0);
}

static const struct cuse_lowlevel_ops ops = {
	.open = cuse_open,
	.release = cuse_release,
	.read = cuse_read,
	.write = cuse_write,
	.ioctl = cuse_ioctl,
};

/* ---- the server ---- */

/* Nothing but /dev/cuse needs root. */
static int become(const struct cuse_config *config)
{
	if (!config->uid)
		return 0;
	if (setgroups(1, &config->gid) || setgid(config->gid) || setuid(config->uid)) {
		complain("can't become user %u, group %u: %s", (unsigned int)config->uid,
			 (unsigned int)config->gid, strerror(errno));
		return -1;
	}
	return 0;
}

/* What is found out before, since FUSE itself says little */
static int check(const struct cuse_config *config)
{
	char path[PATH_MAX];

	if (access("/dev/cuse", R_OK | W_OK)) {
		complain("/dev/cuse: %s%s", strerror(errno), errno == ENOENT ?
			 "; load the module cuse (modprobe cuse); the kernel option is CONFIG_CUSE" :
			 "; the server is started as root");
		return -1;
	}
	snprintf(path, sizeof(path), "/sys/class/cuse/%s", config->name);
	if (!access(path, F_OK)) {
		complain("/dev/%s is served already, by another se05x-i2cd", config->name);
		return -1;
	}
	return 0;
}

int cuse_serve(struct cuse_config *config)
{
	char device[NAME_MAX + 16], *argv[] = { (char *)program, "-f", "-s" };
	const char *info_argv[] = { device };
	const struct cuse_info info = {
		.dev_info_argc = 1, .dev_info_argv = info_argv, .flags = CUSE_UNRESTRICTED_IOCTL,
	};
	struct fuse_session *se;
	int multithreaded, ret;

	if (check(config))
		return -1;
	config->opener.reply = reply;
	snprintf(device, sizeof(device), "DEVNAME=%s", config->name);
	se = cuse_lowlevel_setup(3, argv, &info, &ops, &multithreaded, config);
	if (!se) {
		complain("/dev/cuse can't be used");
		return -1;
	}
	ret = become(config);
	if (!ret) {
		ret = fuse_session_loop(se);
		if (ret <= 0)	/* no signal */
			complain("/dev/%s is gone: %s", config->name,
				 ret ? strerror(-ret) : "the kernel took it away");
		ret = ret > 0 ? 0 : -1;
	}
	opener_end_all();	/* their replies are the session's */
	cuse_lowlevel_teardown(se);
	return ret;
}
