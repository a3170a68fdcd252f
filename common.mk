# SPDX-License-Identifier: GPL-2.0-only
# What every folder of programs has in common

VERSION := 0.1.0

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))
BUILD ?= $(TOP)/build/host

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include

CFLAGS ?= -O2 -g
override CFLAGS += -std=gnu11 -Wall -Wextra
override CPPFLAGS += -I$(TOP)/include/uapi -DVERSION='"$(VERSION)"'
