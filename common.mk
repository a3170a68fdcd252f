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

# Where libnl is missing there is no monitor, and all else is as it was.
HAVE_NL := $(shell pkg-config --exists libnl-genl-3.0 2> /dev/null && echo y)
NL_CFLAGS = $(shell pkg-config --cflags libnl-genl-3.0)
NL_LIBS = $(shell pkg-config --libs libnl-genl-3.0)
