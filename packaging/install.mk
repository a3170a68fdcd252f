# SPDX-License-Identifier: GPL-2.0-only
#
# make install and its parts. Each part is staged in build/stage and then put in
# place by files.sh, which remembers every file for make uninstall.
#
#   DESTDIR=	a root to install into; then nothing is run that would act on the
#		machine (ldconfig, depmod, dkms, udev, the group)
#   PREFIX=	/usr/local by default
#   DKMS=no	a plain module even where DKMS is to be had
#   KVER=	another kernel than the one that runs
#   OVERLAYS=	another folder for the overlay

VERSION := $(shell sed -n 's/^VERSION := //p' common.mk)
PREFIX ?= /usr/local
# only what is given: an empty one would not be a default any more
$(foreach v,DESTDIR PREFIX LIBDIR DKMS KVER KDIR OVERLAYS MODEL,$(if $($v),$(eval export $v)))
export VERSION
export RECORDS = $(PREFIX)/share/se05x

# what root builds here stays the folder's owner's
own = [ "$$(id -u)" != 0 ] || chown -R --reference=. build

PARTS := lib tools man access overlay module
stage = $(CURDIR)/build/stage/$@

install: install-check
	@$(MAKE) -s --no-print-directory $(PARTS:%=install-%)
	@packaging/words.sh

# before anything is touched
install-check:
	@[ -n "$(DESTDIR)" ] || tests/setup.sh install
	@packaging/module.sh check
	@packaging/overlay.sh > /dev/null
	@$(MAKE) -s --no-print-directory lib tools overlay
	@packaging/module.sh build

install-lib install-tools install-man install-access:
	@rm -rf $(stage)
	@$(MAKE) -s -C $(DIR) all
	@$(MAKE) -s -C $(DIR) install DESTDIR=$(stage)
	@packaging/files.sh install $(@:install-%=%) $(stage)
	@$(own)
	@$(AFTER)

install-lib: DIR = lib
install-lib: AFTER = [ -n "$(DESTDIR)" ] || ldconfig
install-tools: DIR = tools
install-man: DIR = docs/man
install-access: DIR = packaging
install-access: AFTER = [ -n "$(DESTDIR)" ] || packaging/access.sh add

install-overlay: overlay
	@rm -rf $(stage)
	@where=$$(packaging/overlay.sh) && \
	if [ -n "$$where" ]; then \
		install -D -m 644 build/host/dts-overlay/se05x.dtbo $(stage)$$where/se05x.dtbo && \
		packaging/files.sh install overlay $(stage); \
	else \
		echo "se05x: no Raspberry Pi: no overlay installed"; \
	fi
	@$(own)

install-module:
	@packaging/module.sh check
	@packaging/module.sh build
	@rm -rf $(stage)
	@packaging/module.sh stage $(stage)
	@packaging/module.sh deactivate
	@packaging/files.sh install module $(stage)
	@$(own)
	@packaging/module.sh activate

uninstall: $(PARTS:%=uninstall-%)

$(PARTS:%=uninstall-%): uninstall-%:
	@$(BEFORE)
	@packaging/files.sh uninstall $*
	@$(AFTER)

uninstall-module: BEFORE = packaging/module.sh deactivate
uninstall-module: AFTER = packaging/module.sh settle
uninstall-lib: AFTER = [ -n "$(DESTDIR)" ] || ldconfig
uninstall-access: AFTER = [ -n "$(DESTDIR)" ] || packaging/access.sh remove

.PHONY: install install-check uninstall $(PARTS:%=install-%) $(PARTS:%=uninstall-%)
