# The programs that a test is made of, and the checks of all that is here.
#
#   make              the programs, in build/
#   make ca           the test certificates (makes only what is missing)
#   make check        everything that CI wants green
#   make check-long   what takes long: valgrind, fuzzing, soak, kills
#   make check-builds the tests with other versions and builds of Exim; with some: make check-builds BUILDS='4.98.2-*'
#   make bench        where the time of a run goes
#   make coverage     which lines of the MTA's TLS sources nobody takes; of some tests: make coverage TESTS='2032 2132'
#   make lint         perl -c, perlcritic, gcc, clang, cppcheck, shellcheck
#   make clean        removes build/ and results/

CC       = gcc
CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
           -Wwrite-strings -Wformat=2 -Wvla
CPPFLAGS = -D_GNU_SOURCE
STD      = -std=c11
BUILD    = build

SANITIZE = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

TEST_PROGRAMS = parse-reply settle
PROGRAMS = client client-ssl client-gnutls server server-ssl server-gnutls fakens sandbox make-ocsp
PRELOADED = clock.so spool_2038.so

# What each program is linked from.
DIALOGUE          = smtp_end.o dialogue.o script.o stream.o record_filter.o record_watch.o buffer.o socket.o \
                    deadline.o seconds.o options.o tls_config.o tls_report.o dn.o verify.o alert.o
CLIENT            = client.o client_lines.o $(DIALOGUE)
SERVER            = server.o server_lines.o $(DIALOGUE)
OPENSSL           = tls_openssl.o tls_openssl_context.o tls_openssl_verify.o tls_openssl_ocsp.o \
                    tls_openssl_facts.o tls_openssl_server.o session_file.o
GNUTLS            = tls_gnutls.o tls_gnutls_context.o tls_gnutls_priority.o tls_gnutls_cipher.o \
                    tls_gnutls_verify.o tls_gnutls_ocsp.o tls_gnutls_facts.o tls_gnutls_server.o \
                    session_file.o
client_OBJS       = $(CLIENT) tls_none.o
client-ssl_OBJS   = $(CLIENT) $(OPENSSL)
client-ssl_LIBS   = -lssl -lcrypto
client-gnutls_OBJS = $(CLIENT) $(GNUTLS)
client-gnutls_LIBS = -lgnutls
server_OBJS       = $(SERVER) tls_none.o
server-ssl_OBJS   = $(SERVER) $(OPENSSL)
server-ssl_LIBS   = -lssl -lcrypto
server-gnutls_OBJS = $(SERVER) $(GNUTLS)
server-gnutls_LIBS = -lgnutls
ZONES             = dns_answer.o dns_fixed.o dns_message.o dns_name.o rdata.o regular_file.o text.o \
                    tlsa.o zone.o zone_directory.o
fakens_OBJS       = fakens.o $(ZONES)
fakens_LIBS       = -lcrypto
parse-reply_OBJS  = parse-reply.o reply_text.o
parse-reply_LIBS  = -lresolv
LAUNCHER          = sandbox_options.o sandbox_launch.o sandbox_map.o sandbox_init.o sandbox_mounts.o \
                    sandbox_etc.o sandbox_net.o sandbox_confine.o sandbox_command.o sandbox_report.o sandbox_probe.o \
                    sandbox_host.o snapshot.o processes.o deadline.o seconds.o
sandbox_OBJS      = sandbox.o $(LAUNCHER)
SETTLING          = settling.o snapshot.o processes.o deadline.o
settle_OBJS       = settle.o seconds.o $(SETTLING)
NATIVE            = $(BUILD)/perl/auto/Runtest/Native/Native.so
NATIVE_OBJS       = native.o spawn.o descriptors.o settling.o $(LAUNCHER)
make-ocsp_OBJS    = make-ocsp.o
make-ocsp_LIBS    = -lcrypto

all: $(addprefix $(BUILD)/,$(PROGRAMS) $(TEST_PROGRAMS) $(PRELOADED)) $(NATIVE)

# Preloaded by every program of a sandbox, also by those without a sanitizer's runtime: they have none.
$(addprefix $(BUILD)/,$(PRELOADED)): $(BUILD)/%.so: src/%.c | $(BUILD)
	$(CC) $(STD) $(CPPFLAGS) -O2 -g $(WARNINGS) -fPIC -shared -o $@ $<

.SECONDEXPANSION:
$(addprefix $(BUILD)/,$(PROGRAMS) $(TEST_PROGRAMS)): $(BUILD)/%: $$(addprefix $(BUILD)/,$$($$*_OBJS))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $($*_LIBS)

# Perl's headers have rules of their own.
$(BUILD)/native.o: STD = -std=gnu11
$(BUILD)/native.o: CPPFLAGS += $(PERL_CPPFLAGS)
PERL_CPPFLAGS = $(patsubst -I%,-isystem %,$(filter -I% -D%,$(shell perl -MExtUtils::Embed -e ccopts)))

$(NATIVE): $(addprefix $(BUILD)/,$(NATIVE_OBJS))
	mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -o $@ $^

$(BUILD)/%.o: src/%.c | $(BUILD)
	$(CC) $(STD) $(CPPFLAGS) $(CFLAGS) -fPIC $(WARNINGS) -MMD -MP -c -o $@ $<

$(BUILD):
	mkdir -p $@

-include $(wildcard $(BUILD)/*.d)

# The same programs with AddressSanitizer and UndefinedBehaviorSanitizer.
sanitized:
	$(MAKE) BUILD=build/sanitized CFLAGS='$(SANITIZE)' all

# The CA tree is committed: this makes what is missing in it.
ca: $(BUILD)/make-ocsp
	aux-fixed/exim-ca/generate $<

# Coverage-guided fuzzing; what it finds stays in build/fuzz/, what is kept lies in t/corpus/.
FUZZ_SECONDS = 60
FUZZ = clang $(STD) $(CPPFLAGS) -O1 -g -fsanitize=fuzzer,address,undefined \
       -fno-sanitize-recover=all

build/fuzz/zone: src/fuzz_zone.c src/reply_text.c $(addprefix src/,$(ZONES:.o=.c)) $(wildcard src/*.h)
	mkdir -p $(@D)/zone-corpus
	$(FUZZ) -o $@ $(filter %.c,$^) -lcrypto -lresolv

fuzz-fakens: build/fuzz/zone
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=5 -rss_limit_mb=512 \
	    -artifact_prefix=build/fuzz/ build/fuzz/zone-corpus t/corpus/fakens

# Tests of the C programs alone; they run on the sanitized programs as well.
PROGRAM_TESTS = $(wildcard t/client*.t t/server*.t t/fakens*.t t/sandbox*.t t/settle*.t t/native*.t)

check: all sanitized lint
	prove --jobs 2 t/
	RUNTEST_PROGRAMS=build/sanitized prove --jobs 2 $(PROGRAM_TESTS)
	./runtest --require gnutls --require openssl

# What takes long, or longer than a person waits: the same tests with more rounds, memory errors and leaks under valgrind, fuzzing,
# and everything again and again on a busy machine.
check-long: check valgrind fuzz soak
	RUNTEST_LONG=1 prove --jobs 2 t/

# No memory error and no leak under valgrind. The programs are many times slower with it, so all time limits are ten times as long; peers that
# we did not write have limits of their own, which they then run into: files of tests that name one are left out. The corpus, in
# those of its tests that are named below, has the programs talk to an MTA instead. Valgrind cannot follow the sandbox's clone(),
# and settle is found by its name in /proc: these two are for the sanitizers.
valgrind: valgrind-programs valgrind-corpus

VALGRIND = valgrind -q --leak-check=full --show-leak-kinds=definite,indirect --error-exitcode=100

# Programs of the same names that run under valgrind.
build/valgrind/%: $(BUILD)/%
	mkdir -p $(@D)
	printf '#!/bin/sh\nexec $(VALGRIND) %s "$$@"\n' '$(CURDIR)/$<' >$@
	chmod +x $@

FOREIGN_PEERS = s_client|s_server|openssl_server|gnutls-cli|gnutls-serv|gnutls_server|swaks

valgrind-programs: $(addprefix build/valgrind/,$(PROGRAMS) $(TEST_PROGRAMS))
	RUNTEST_PROGRAMS=build/valgrind RUNTEST_SLOW=10 prove --jobs 2 \
	    $$(grep -LE '$(FOREIGN_PEERS)' $(filter-out t/sandbox% t/settle% t/native%,$(PROGRAM_TESTS)))

# Every test with a server of ours, every test of what a client can do but few do, and of the rest those of refusals. Not the one
# that cannot pass slowly: in 5893 sessions live for 6 s.
VALGRIND_TESTS = 1105 2032 2132 $(filter-out 5893,$(notdir $(shell \
                 grep -lE '^server|^client.* -(alpn|ocsp|session|tls-on-connect|verify) ' -r scripts)))

valgrind-corpus: all
	./runtest -j4 --timeout-factor 10 --wrap clients='$(VALGRIND)' $(VALGRIND_TESTS)

build/fuzz/dialogue: $(addprefix src/,fuzz_dialogue.c client_lines.c server_lines.c tls_none.c) \
                     $(filter-out src/smtp_end.c,$(addprefix src/,$(DIALOGUE:.o=.c))) $(wildcard src/*.h)
	mkdir -p $(@D)/dialogue-corpus
	$(FUZZ) -o $@ $(filter %.c,$^)

fuzz-dialogue: build/fuzz/dialogue
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=5 -rss_limit_mb=512 -close_fd_mask=2 \
	    -artifact_prefix=build/fuzz/ build/fuzz/dialogue-corpus t/corpus/dialogue

build/fuzz/records: $(addprefix src/,fuzz_records.c buffer.c dn.c record_filter.c record_watch.c alert.c) \
                    $(wildcard src/*.h)
	mkdir -p $(@D)/records-corpus
	$(FUZZ) -o $@ $(filter %.c,$^)

fuzz-records: build/fuzz/records
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=5 -rss_limit_mb=512 \
	    -artifact_prefix=build/fuzz/ build/fuzz/records-corpus t/corpus/records

fuzz: fuzz-fakens fuzz-dialogue fuzz-records

# The whole corpus SOAK_ROUNDS times with all processors busy; goes on where it was stopped.
SOAK_ROUNDS = 20

soak: all
	bench/soak $(SOAK_ROUNDS)

bench: all
	bench/corpus

# EXIM_SOURCE=DIR adds sources of one's own; bench/builds says more.
check-builds: all
	./setup --for builds
	EXIM_SOURCE='$(EXIM_SOURCE)' bench/builds $(BUILDS)

coverage:
	./setup --for coverage
	bench/coverage $(TESTS)

# Lint: nothing is said where there is nothing to say. Two compilers see every file, also those that are in no program; cppcheck's
# variableScope is left out because declarations may stand where a function begins.
LINT_PERL = files=$$(t/lint/files perl) && printf '%s\n' $$files | xargs -P 2

lint: lint-perl lint-critic lint-pod lint-shell lint-gcc lint-clang lint-cppcheck lint-words

lint-perl:
	@$(LINT_PERL) -n 8 t/lint/perl-syntax

lint-critic:
	@$(LINT_PERL) -n 60 perlcritic --profile .perlcriticrc --quiet

lint-pod:
	@$(LINT_PERL) -n 200 t/lint/pod

lint-shell:
	@shellcheck $$(t/lint/files sh)

lint-gcc lint-clang: lint-%:
	@$(MAKE) -s --no-print-directory CC=$* BUILD=build/lint-$* objects

objects: $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/*.c))

lint-cppcheck:
	@cppcheck --quiet -j 2 --error-exitcode=1 --enable=warning,style,performance,portability --suppress=variableScope \
	    --suppress=missingIncludeSystem --inline-suppr --template=gcc $(STD:-%=--%) $(CPPFLAGS) src

lint-words:
	@files=$$(t/lint/files all) && ! grep -nwE 'TOD[O]|FIXM[E]|XX[X]' $$files

.PHONY: lint lint-perl lint-critic lint-pod lint-shell lint-gcc lint-clang lint-cppcheck lint-words objects

clean:
	rm -rf build results

.PHONY: all bench ca check check-builds check-long clean coverage fuzz fuzz-dialogue fuzz-fakens fuzz-records sanitized soak valgrind \
        valgrind-corpus valgrind-programs
