# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How each library is built: static, shared, its .pc and its map. A Makefile that
# includes this sets
#
#   NAME	libse05x-NAME, or empty
#   OBJS	all of it
#   FLAGS	to compile with
#   LIBS	to link the shared one with
#   NEEDS	what has to be there before

LIB := libse05x$(NAME:%=-%)
# of the API, which is not the project's: 1 for all of 1.x, by symbol versions
API := 1.0.0
SONAME := $(LIB).so.1
O := $(BUILD)/lib
P := $(O)/$(notdir $(CURDIR))

all: $(O)/$(LIB).a $(O)/$(LIB).so $(O)/$(LIB).pc

$(P)/%.o: %.c $(wildcard *.h ../*.h ../core/*.h ../iot/*.h ../../kernel/se05x_scp.h) $(TOP)/include/uapi/linux/se05x.h | $(P)
	$(CC) $(CPPFLAGS) $(CFLAGS) -D_GNU_SOURCE -I.. $(FLAGS) -fPIC -fvisibility=hidden -c -o $@ $<

$(O)/$(LIB).a: $(OBJS:%=$(P)/%)
	$(RM) $@
	$(AR) rcs $@ $^

$(O)/$(LIB).so.$(API): $(OBJS:%=$(P)/%) $(LIB).map $(NEEDS)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,-z,defs \
		-Wl,--version-script=$(LIB).map -o $@ $(filter %.o,$^) $(LIBS)

$(O)/$(LIB).so: $(O)/$(LIB).so.$(API)
	ln -sf $(<F) $(O)/$(SONAME)
	ln -sf $(SONAME) $@

# always: PREFIX may be another
$(O)/$(LIB).pc: $(LIB).pc.in FORCE | $(P)
	sed -e 's,@prefix@,$(PREFIX),' -e 's,@includedir@,$(INCLUDEDIR),' \
		-e 's,@libdir@,$(LIBDIR),' -e 's,@version@,$(VERSION),' $< > $@

$(P):
	mkdir -p $@

install: all
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $(O)/$(LIB).a $(O)/$(LIB).so.$(API) $(DESTDIR)$(LIBDIR)
	cp -d $(O)/$(SONAME) $(O)/$(LIB).so $(DESTDIR)$(LIBDIR)
	install -m 644 $(O)/$(LIB).pc $(DESTDIR)$(LIBDIR)/pkgconfig
	install -m 644 se05x$(NAME:%=-%).h $(DESTDIR)$(INCLUDEDIR)

FORCE:

.PHONY: all install FORCE
