# smtpsend: builds from a clean checkout with cc, make, pkg-config and the -dev
# packages of tests/packages.  ./configure is optional; it writes build/config.mk.
#
#   make            the program and its manual, under build/
#   make check      installs what is missing, then all tests
#   make demo       installs what is missing, then shows what a user sees
#   make bench      how fast messages are made, beside a memcpy, and what
#                   sending costs beside other senders and the least there is
#   make bench-instructions   what one costs, in clear, over TLS, resumed
#   make sanitize   all tests again under ASan and UBSan
#   make fuzz       looks for inputs that break a promise, TIME seconds a target
#   make faults     failing calls, servers that stall, signals: is the status true?
#   make fuzz-check a short run of both
#   make soak       100,000 messages, 400 kill -9: is anything lost, or sent twice?
#                   Then 20,000 by an outbox, and 400 more
#   make install-sendmail   the names sendmail, mailq and newaliases for it
#   make install-units      what sends each minute the mail that waits
#   make deb        packages for Debian, under build/deb
#   make deb-check  do they replace exim4, does cron's mail arrive, do they go?
#   make lint check-layers install uninstall clean
#
# Each command is told in a word; with V=1 it is shown as it is.

VERSION := $(shell awk -F'[][]' '/^AC_INIT/ {print $$4}' configure.ac)

CC = cc
CFLAGS = -O2 -g
PKG_CONFIG = pkg-config
prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
sbindir = $(exec_prefix)/sbin
# The system's own configuration is in /etc, as the file system standard has it.
sysconfdir = $(if $(filter /usr,$(prefix)),/etc,$(prefix)/etc)
# What it keeps for all users is in /var, likewise.
localstatedir = $(if $(filter /usr,$(prefix)),/var,$(prefix)/var)
datarootdir = $(prefix)/share
datadir = $(datarootdir)
mandir = $(datarootdir)/man
systemdsystemunitdir = $(exec_prefix)/lib/systemd/system
systemduserunitdir = $(exec_prefix)/lib/systemd/user
tmpfilesdir = $(exec_prefix)/lib/tmpfiles.d
zshfunctiondir = $(datadir)/zsh/site-functions
-include build/config.mk
spooldir = $(localstatedir)/spool/smtpsend

INSTALL = install
# Another build directory for another kind of build: make B=build/asan …
B = build

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla -Wno-missing-field-initializers
# The typed shims read the headers of libraries that are opened at run time.
DEPS_CFLAGS = $(shell $(PKG_CONFIG) --cflags gnutls libcurl)
ALL_CPPFLAGS = -Isrc -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(CPPFLAGS)
# The same source gives the same program in whatever folder it lies.
ALL_CFLAGS = -std=gnu11 -fPIE -fno-common '-ffile-prefix-map=$(CURDIR)=.' $(WARN) $(DEPS_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,noexecstack $(LDFLAGS)
LIBS = -lpthread

ROOMS = lib content rfc5322 html mime options message sasl smtp transport delivery batch outbox oauth provider report command
SRC = $(filter-out src/options/generate.c,$(sort $(foreach r,$(ROOMS),$(wildcard src/$(r)/*.c))))
OBJ = $(SRC:src/%.c=$(B)/obj/%.o) $(B)/obj/gen/provider_table.o
UNIT = $(patsubst tests/unit/%.c,$(B)/unit/%,$(sort $(wildcard tests/unit/*_test.c)))
BATS = $(sort $(wildcard tests/*.bats))
MAN = $(patsubst %.in,$(B)/%,$(sort $(wildcard man/*.in)))
COMPLETIONS = $(B)/completions/smtpsend.bash $(B)/completions/_smtpsend \
	$(B)/completions/smtpsend.fish

# $(call say,CC,FILE) stands before a command; make -s is silent.
SILENT := $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say = $(if $(filter 1,$(V)),,@$(if $(SILENT),,printf '  %-7s %s\n' '$(1)' '$(2)' &&) )

all: $(B)/smtpsend $(MAN) $(COMPLETIONS)

# --- the program ------------------------------------------------------------

$(B)/needed: src/needed configure.ac
	@mkdir -p $(@D)
	@src/needed '$(CC)' '$(PKG_CONFIG)' <configure.ac && touch $@

$(B)/smtpsend: $(B)/obj/main.o $(B)/libsmtpsend.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/libsmtpsend.a: $(OBJ)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(B)/obj/%.o: src/%.c Makefile | $(B)/needed
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(DEFS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Only these know where and which version we are, and are made anew for another
# place: "make && make install prefix=/usr".
$(B)/obj/main.o $(B)/obj/options/help.o $(B)/obj/transport/tls_ticket.o: DEFS = -DVERSION='"$(VERSION)"' -DSYSCONFDIR='"$(sysconfdir)"'
$(B)/obj/command/spool.o: DEFS = -DSPOOLDIR='"$(spooldir)"'
$(B)/obj/main.o $(B)/obj/options/help.o $(B)/obj/command/spool.o $(MAN): $(B)/place
PLACE = $(VERSION) $(sysconfdir) $(spooldir)
ifneq ($(file <$(B)/place),$(PLACE))
.PHONY: $(B)/place
endif
$(B)/place:
	@mkdir -p $(@D)
	@printf '%s\n' '$(PLACE)' >$@

# --- the table of providers -------------------------------------------------

$(B)/gen/provider_table.c: src/provider/providers.tsv Makefile
	@mkdir -p $(@D)
	$(call say,GEN,$@){ echo '#include "provider/table.h"'; \
	echo 'const char provider_table[] ='; \
	sed -e '/^#/d' -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $<; \
	echo ';'; echo 'const size_t provider_table_size = sizeof(provider_table) - 1;'; } >$@
$(B)/obj/gen/provider_table.o: $(B)/gen/provider_table.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# --- what the option table generates ----------------------------------------

$(B)/generate: $(B)/obj/options/generate.o $(B)/libsmtpsend.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(B)/man/%: man/%.in $(B)/generate
	@mkdir -p $(@D)
	$(call say,GEN,$@)$(B)/generate $(if $(filter %.5,$@),man-rc,man) >$@.options && \
	sed -e '/^@OPTIONS@$$/{r $@.options' -e 'd;}' -e 's|@VERSION@|$(VERSION)|g' \
	    -e 's|@SYSCONFDIR@|$(sysconfdir)|g' -e 's|@SPOOLDIR@|$(spooldir)|g' $< >$@.new && \
	rm -f $@.options && mv $@.new $@

$(B)/completions/smtpsend.bash: SHELL_NAME = bash
$(B)/completions/_smtpsend: SHELL_NAME = zsh
$(B)/completions/smtpsend.fish: SHELL_NAME = fish
$(COMPLETIONS): $(B)/generate
	@mkdir -p $(@D)
	$(call say,GEN,$@)$(B)/generate $(SHELL_NAME) >$@.new && mv $@.new $@

# --- tests ------------------------------------------------------------------

UNIT_LIBS = $(shell $(PKG_CONFIG) --libs cmocka gnutls)
UNIT_HELP = $(patsubst tests/unit/%.c,$(B)/unit-obj/%.o,$(filter-out %_test.c,$(sort $(wildcard tests/unit/*.c))))

$(B)/unit-obj/%.o: tests/unit/%.c Makefile | $(B)/needed
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -Itests $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/unit/%: $(B)/unit-obj/%.o $(UNIT_HELP) $(B)/servers-obj/dialogue.o $(B)/libsmtpsend.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(UNIT_LIBS) $(LIBS)

# libgsasl takes its random octets from the test.
$(B)/unit/scram_test: ALL_LDFLAGS += -Wl,--export-dynamic-symbol=gsasl_nonce

$(B)/servers-obj/%.o: tests/servers/%.c Makefile | $(B)/needed
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -Itests $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
TESTSERVER = $(patsubst tests/servers/%.c,$(B)/servers-obj/%.o,$(sort $(wildcard tests/servers/*.c)))
$(B)/testserver: $(TESTSERVER) $(B)/libsmtpsend.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(shell $(PKG_CONFIG) --libs gnutls) $(LIBS)

# A server that outlives kill -9 (tests/soak).
$(B)/soak-obj/%.o: tests/soak/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/soak_server: $(B)/soak-obj/server.o $(B)/soak-obj/server_mail.o
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(B)/soak_order.so: tests/soak/order.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -shared -fPIC -o $@ $< -ldl

# Memory that runs out: preloaded by tests/memory.bats.
$(B)/failmalloc.so: tests/faults/failmalloc.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -shared -fPIC -o $@ $<

# The set-up comes first, then a make of its own: what it installs is seen.
check:
	tests/setup build check
	$(MAKE) $(PARALLEL) test

# A test that was left out says why, and one that failed what it saw.  As many
# programs of tests run at a time as there are processors, four at most.
JOBS = $(shell n=$$(nproc) && echo $$((n < 4 ? n : 4)))
# So many compilers, too, where nobody has said how many.
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))
PROVE = SMTPSEND_BUILD=$(abspath $(B)) CMOCKA_MESSAGE_OUTPUT=tap prove --jobs $(JOBS) --directives --comments $(PROVE_FLAGS)
test: all $(B)/generate $(UNIT) $(B)/testserver $(B)/soak_server $(B)/soak_order.so $(B)/failmalloc.so $(B)/failcall.so $(B)/message_bench
	$(PROVE) --exec '' $(UNIT)
	$(PROVE) tests/servers/selftest.t :: $(abspath $(B))/testserver
	$(PROVE) tests/dialogues.t
	$(PROVE) --exec '' tests/soak/selftest tests/soak/soak tests/soak/mishaps tests/soak/order tests/soak/outbox
	$(PROVE) --exec 'bats --tap' $(BATS)

# Without the measuring of memory, of which sanitizers take a lot, without real
# servers, which take most of the time to start, and callers, whose Debian has no
# sanitizers, and with a share of what is sent by the thousand.
SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
sanitize:
	tests/setup build check
	mkdir -p build/sanitize build/servers build/corpus
	ln -sfn ../servers build/sanitize/servers
	ln -sfn ../corpus build/sanitize/corpus
	TEST_SHARE=5 $(MAKE) B=build/sanitize CFLAGS='$(SANITIZE)' \
	    BATS='$(filter-out tests/large.bats tests/callers.bats tests/real_%.bats,$(BATS))' test

# Not a test: figures are for people.  BENCH_SIZE is in MiB.
BENCH_SIZE = 256
$(B)/bench-obj/%.o: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/message_bench: $(B)/bench-obj/message_bench.o $(B)/libsmtpsend.a
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)
$(B)/floor $(B)/flood $(B)/sink: $(B)/%: $(B)/bench-obj/%.o
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^
# Of what is sent, so many rounds.
BENCH_ROUNDS = 21
bench: $(B)/message_bench $(B)/smtpsend $(B)/floor $(B)/flood $(B)/sink
	$(B)/message_bench $(BENCH_SIZE)
	tests/bench/senders $(B) $(BENCH_ROUNDS)
	tests/bench/many $(B)
bench-instructions: $(B)/smtpsend $(B)/testserver
	tests/setup build bench
	tests/bench/instructions $(B)

# --- fuzzing ----------------------------------------------------------------

# Each target gets TIME seconds; FUZZ names some only.
TIME = 60
FUZZ_FLAGS = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ = $(patsubst tests/fuzz/%_fuzz.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
FUZZ_HELP = $(patsubst tests/fuzz/%.c,$(B)/fuzz-obj/%.o,$(filter-out %_fuzz.c,$(sort $(wildcard tests/fuzz/*.c))))
$(B)/fuzz-obj/%.o: tests/fuzz/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -Itests $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/fuzz-target/%: $(B)/fuzz-obj/%_fuzz.o $(FUZZ_HELP) $(B)/libsmtpsend.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
fuzz-targets:
	tests/setup build fuzz
	$(MAKE) B=build/fuzz CC=clang CFLAGS='$(FUZZ_FLAGS)' $(FUZZ:%=build/fuzz/fuzz-target/%)
fuzz: fuzz-targets
	tests/fuzz/run build/fuzz $(TIME) $(FUZZ)

# --- faults -----------------------------------------------------------------

$(B)/failcall.so: tests/faults/failcall.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fPIC -shared $(LDFLAGS) -o $@ $< -ldl
$(B)/peak: tests/faults/peak.c Makefile
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $<
# One of FAULTS_SHARE cases only.
FAULTS_SHARE = 1
faults: $(B)/smtpsend $(B)/failcall.so $(B)/peak
	SMTPSEND_BUILD=$(abspath $(B)) tests/faults/run --share $(FAULTS_SHARE)

# What fits into every run of all tests: some two minutes.
fuzz-check:
	$(MAKE) TIME=6 fuzz
	$(MAKE) FAULTS_SHARE=8 faults

# --- killed at any instant ---------------------------------------------------

soak: $(B)/smtpsend $(B)/soak_server
	SMTPSEND_BUILD=$(abspath $(B)) tests/soak/soak --messages 100000 --connections 50 \
	    --kills 400 --extra= --faults=
	SMTPSEND_BUILD=$(abspath $(B)) tests/soak/outbox --messages 20000 --kills 400

demo:
	tests/setup build demo
	$(MAKE) $(PARALLEL) all $(B)/testserver
	SMTPSEND_BUILD=$(abspath $(B)) tests/demo

# --- house ------------------------------------------------------------------

check-layers: $(B)/libsmtpsend.a
	tests/check-layers $(B)/obj

C_FILES = $(sort $(wildcard src/*.[ch] src/*/*.[ch] tests/unit/*.[ch] tests/servers/*.[ch] tests/bench/*.[ch] tests/fuzz/*.[ch] tests/faults/*.[ch] tests/soak/*.[ch]))
SCRIPTS = .ci/run src/needed src/dist/names src/dist/deb src/dist/debian/tests/cron $(sort $(shell grep -lE '^\#!/(usr/)?bin/(env )?(ba)?sh' tests/* tests/servers/* tests/servers/real/* tests/servers/real/oidc/* tests/chroot/* tests/corpus/* tests/fuzz/* tests/faults/* tests/bench/* tests/soak/* 2>/dev/null))
lint:
	tests/setup build lint
	$(MAKE) all
	clang-format --dry-run -Werror $(C_FILES)
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
	    -D_GNU_SOURCE -DVERSION='""' -DSYSCONFDIR='""' -DSPOOLDIR='""' -Isrc -Itests -j2 src tests/servers tests/unit tests/bench tests/fuzz tests/faults tests/soak
	shellcheck -x $(SCRIPTS)
	cd tests && shellcheck -x -s bash -e SC1091,SC2030,SC2031,SC2034,SC2154 *.bash *.bats deb/*.bats servers/real/*.bash
	mandoc -Tlint -Wwarning $(MAN)

# Those of the names stand with the names.
MAN_SENDMAIL = $(filter %/sendmail.8 %/mailq.1 %/newaliases.1,$(MAN))
MAN_SMTPSEND = $(filter-out $(MAN_SENDMAIL),$(MAN))
# $(call put,FOLDER,FILE...) and $(call manual,PAGE...) into DESTDIR
put = $(INSTALL) -d '$(DESTDIR)$(1)' && $(INSTALL) -m 644 $(2) '$(DESTDIR)$(1)'
manual = $(foreach s,$(sort $(suffix $(1))),$(call put,$(mandir)/man$(s:.%=%),$(filter %$(s),$(1))) &&) :
pages = $(foreach m,$(1),'$(DESTDIR)$(mandir)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m))')

install: all
	$(INSTALL) -d $(DESTDIR)$(bindir) \
	    $(DESTDIR)$(datadir)/bash-completion/completions \
	    $(DESTDIR)$(zshfunctiondir) $(DESTDIR)$(datadir)/fish/vendor_completions.d
	$(INSTALL) -m 755 $(B)/smtpsend $(DESTDIR)$(bindir)/smtpsend
	$(call manual,$(MAN_SMTPSEND))
	$(INSTALL) -m 644 $(B)/completions/smtpsend.bash $(DESTDIR)$(datadir)/bash-completion/completions/smtpsend
	$(INSTALL) -m 644 $(B)/completions/_smtpsend $(DESTDIR)$(zshfunctiondir)/_smtpsend
	$(INSTALL) -m 644 $(B)/completions/smtpsend.fish $(DESTDIR)$(datadir)/fish/vendor_completions.d/smtpsend.fish

uninstall:
	rm -f $(DESTDIR)$(bindir)/smtpsend $(call pages,$(MAN_SMTPSEND)) \
	    $(DESTDIR)$(datadir)/bash-completion/completions/smtpsend \
	    $(DESTDIR)$(zshfunctiondir)/_smtpsend \
	    $(DESTDIR)$(datadir)/fish/vendor_completions.d/smtpsend.fish

# Programs look for sendmail in /usr/sbin, some in /usr/lib (FHS 4.7.2):
# "make install-sendmail sbindir=/usr/sbin" if prefix is not /usr.
SENDMAIL = $(sbindir)/sendmail $(exec_prefix)/lib/sendmail $(bindir)/mailq $(bindir)/newaliases
FORCE = 0
install-sendmail: install
	FORCE=$(FORCE) src/dist/names link $(DESTDIR)$(bindir)/smtpsend $(addprefix $(DESTDIR),$(SENDMAIL))
	$(call manual,$(MAN_SENDMAIL))

uninstall-sendmail:
	src/dist/names unlink $(DESTDIR)$(bindir)/smtpsend $(addprefix $(DESTDIR),$(SENDMAIL))
	rm -f $(call pages,$(MAN_SENDMAIL))

# $(call unit,FOLDER,FILE,NAME): the same, with our places filled in
unit = $(INSTALL) -d '$(DESTDIR)$(1)' && sed -e 's|@BINDIR@|$(bindir)|g' -e 's|@SPOOLDIR@|$(spooldir)|g' \
	$(2) >'$(DESTDIR)$(1)/$(3)' && chmod 644 '$(DESTDIR)$(1)/$(3)'
# Without it mail of users waits at home, where root's flush does not look;
# packages have it made where they come to.
SPOOL_NOW = $(if $(DESTDIR),,[ "$$(id -u)" != 0 ] || $(INSTALL) -d -m 1733 '$(spooldir)')
UNITS = $(addprefix smtpsend-flush.,service timer path)
install-units:
	$(foreach u,$(UNITS),$(call unit,$(systemdsystemunitdir),src/dist/$(u),$(u)) &&) \
	$(foreach u,$(UNITS),$(call unit,$(systemduserunitdir),src/dist/user/$(u),$(u)) &&) \
	$(call unit,$(tmpfilesdir),src/dist/smtpsend.conf,smtpsend.conf)
	$(SPOOL_NOW)
	$(call unit,$(sysconfdir)/cron.d,src/dist/smtpsend.cron,smtpsend)

uninstall-units:
	rm -f $(foreach u,$(UNITS),'$(DESTDIR)$(systemdsystemunitdir)/$(u)' '$(DESTDIR)$(systemduserunitdir)/$(u)') \
	    '$(DESTDIR)$(tmpfilesdir)/smtpsend.conf' '$(DESTDIR)$(sysconfdir)/cron.d/smtpsend'

# --- Debian ------------------------------------------------------------------

deb:
	tests/setup build deb
	src/dist/deb $(VERSION)

# As root, with a net.
deb-check: deb
	tests/setup chroot
	$(PROVE) --exec 'bats --tap' tests/deb/deb.bats

clean:
	rm -rf build

configure: configure.ac
	autoconf

.PHONY: all check test sanitize bench bench-instructions fuzz fuzz-targets faults fuzz-check soak demo check-layers lint install uninstall install-sendmail uninstall-sendmail install-units uninstall-units deb deb-check clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(sort $(wildcard $(B)/obj/*.d $(B)/obj/*/*.d $(B)/unit-obj/*.d $(B)/servers-obj/*.d $(B)/bench-obj/*.d $(B)/fuzz-obj/*.d $(B)/soak-obj/*.d))
