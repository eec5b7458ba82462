# Kotib's commands. `make help` lists them.

# The folders that the daemon watches and keeps its state in; relative to this one, or absolute.
INBOX ?= ./inbox
STATE ?= ./var
CONFIG ?= etc/kotib.toml
# Where the set-up keeps whisper.cpp, models and recordings.
DEPS ?= .deps

PREFIX ?= /usr/local
# Where the programs are that `make install` copies.
BUILT ?= .build/release
SYSCONFDIR ?= /etc
DESTDIR ?=

override DEPS := $(abspath $(DEPS))
export DEPS INBOX STATE CONFIG
export PKG_CONFIG_PATH := $(DEPS)/whisper/lib/pkgconfig$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
export KOTIB_MODEL ?= $(DEPS)/models/ggml-base-q8_0.bin
export KOTIB_VAD_MODEL ?= $(DEPS)/models/ggml-silero-v6.2.0.bin

# A target may import only what Package.swift says that it depends on.
BUILD := --explicit-target-dependency-import-check error
# With Swift's own libraries inside, the programs run where there is no toolchain, or one in a closed home.
# Nobody loads a program as a library: what is not exported can be left out where nothing uses it.
# For size, because that takes an eighth less to compile than for speed, and the daemon, whose time is SQLite's, the
# kernel's and whisper.cpp's, is as fast. Debug information would take more, and `make install` strips it.
RELEASE := -c release --static-swift-stdlib -Xlinker --no-export-dynamic -Xswiftc -Osize \
	-debug-info-format none $(BUILD)
SCRIPTS := .ci/run $(filter-out %.py %.lua %.txt,$(wildcard etc/setup/*)) $(wildcard Benchmarks/peers/*.sh)
SWIFT_SOURCES := $(wildcard Package.swift Sources Tests Benchmarks)

.NOTPARALLEL:
.PHONY: help setup build run test lint format manual schema bench install clean distclean

help: ## says what there is
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 16

setup:
	@etc/setup/all

build: setup ## installs what is missing and builds the release
	@STEP=5/5 etc/setup/programs $(RELEASE)

# The daemon takes the place of the recipe's shell: Ctrl-C and make's SIGTERM reach it, and if make is killed
# it is told to stop (setpriv).
run: build ## starts the daemon on INBOX=./inbox with its state in STATE=./var
	@mkdir -p "$$INBOX" "$$STATE" && \
	export KOTIB_INBOX="$$(realpath "$$INBOX")" KOTIB_STATE="$$(realpath "$$STATE")" && \
	export KOTIB_WORKER="$${KOTIB_WORKER:-$(CURDIR)/.build/release/kotib-worker}" && \
	exec setpriv --pdeathsig TERM .build/release/kotibd --config "$$CONFIG"

test: setup ## runs all tests
	@etc/setup/packages test
	@etc/setup/samples
	@etc/setup/test-tools
	@etc/setup/whisper programs
	swift build --build-tests $(BUILD)
	@# Real engines run one after the other, and not beside tests that measure out time: Whisper takes all cores.
	@# Not all of 700 tests at once: each would wait for two cores, and some wait with a deadline.
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=6 KOTIB_TEST_DEPS="$$DEPS" \
		swift test --skip-build --skip '^(KotibWorkerTests|AcceptanceTests)\.'
	KOTIB_TEST_DEPS="$$DEPS" swift test --skip-build --no-parallel --filter '^KotibWorkerTests\.'
	KOTIB_TEST_DEPS="$$DEPS" KOTIB_TEST_BIN="$$(swift build --show-bin-path)" \
		swift test --skip-build --no-parallel --filter '^AcceptanceTests\.'

lint: ## checks the layout of the sources and the scripts
	@etc/setup/toolchain there
	@etc/setup/packages test
	@etc/setup/toolchain works
	swift format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	swift package dump-package | etc/setup/lint.py
	shellcheck --external-sources --source-path SCRIPTDIR $(SCRIPTS)

format: ## lays out the sources
	swift format --in-place --parallel --recursive $(SWIFT_SOURCES)

# After a change of kotibctl's help or docs/kotibd.8.md; the tests look whether that was done.
manual: ## writes the manual pages in docs/ anew
	swift build $(BUILD) --product kotibctl
	"$$(swift build --show-bin-path)/kotibctl" --experimental-dump-help | etc/setup/manual.py >docs/kotibctl.1
	etc/setup/manual-of-markdown docs/kotibd.8.md >docs/kotibd.8

# After a new migration; a test compares.
schema: ## writes docs/schema.sql anew
	swift build --build-tests $(BUILD)
	KOTIB_WRITE_SCHEMA=1 swift test --skip-build --filter '^KotibCatalogTests\.SchemaTests'

bench: build ## measures beside peers and prints ratios
	@etc/setup/packages bench
	@etc/setup/samples
	@etc/setup/whisper programs
	@etc/setup/peers
	@set -e; for program in intake engine encoding idle socket_api library folder; do \
		"$$DEPS/venv-bench/bin/python" "Benchmarks/$$program.py"; done

# Copies only, so that `sudo make install` needs no toolchain. A configuration that is there is kept.
SHARE := $(DESTDIR)$(PREFIX)/share/kotib
COMPLETIONS := $(DESTDIR)$(PREFIX)/share
install: ## copies what `make build` made below DESTDIR and PREFIX=/usr/local
	@for program in kotibd kotib-worker kotibctl; do [ -x "$(BUILT)/$$program" ] || \
		{ echo 'There is nothing to install yet. Run first: make build' >&2; exit 1; }; done
	install -D -s -m 755 -t "$(DESTDIR)$(PREFIX)/bin" "$(BUILT)/kotibd" "$(BUILT)/kotib-worker" \
		"$(BUILT)/kotibctl"
	install -D -m 644 -t "$(SHARE)/models" "$(DEPS)/models/ggml-base-q8_0.bin" \
		"$(DEPS)/models/ggml-silero-v6.2.0.bin"
	install -D -m 755 -t "$(SHARE)/setup" etc/setup/get-model
	install -D -m 644 -t "$(SHARE)/setup" etc/setup/base.sh etc/setup/models.txt
	install -D -m 644 inbox/README "$(SHARE)/inbox-README"
	install -D -m 644 -t "$(SHARE)" systemd/folder-owners.conf
	install -D -m 644 -t "$(SHARE)/nginx" etc/nginx/kotib.conf
	install -D -m 644 -t "$(SHARE)/samba" etc/samba/kotib.conf
	install -D -m 644 -t "$(SHARE)/ssh" etc/ssh/kotib.conf
	sed 's|/usr/local/|$(PREFIX)/|' etc/README.md >"$(SHARE)/README.md"
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/doc/kotib" docs/socket-api.md docs/client.py
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/man/man1" docs/kotibctl.1
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/man/man8" docs/kotibd.8
	install -d "$(COMPLETIONS)/bash-completion/completions" "$(COMPLETIONS)/zsh/site-functions" \
		"$(COMPLETIONS)/fish/vendor_completions.d"
	"$(BUILT)/kotibctl" --generate-completion-script bash \
		>"$(COMPLETIONS)/bash-completion/completions/kotibctl"
	"$(BUILT)/kotibctl" --generate-completion-script zsh >"$(COMPLETIONS)/zsh/site-functions/_kotibctl"
	"$(BUILT)/kotibctl" --generate-completion-script fish \
		>"$(COMPLETIONS)/fish/vendor_completions.d/kotibctl.fish"
	install -d "$(DESTDIR)$(SYSCONFDIR)/kotib" "$(DESTDIR)$(PREFIX)/lib/systemd/system" \
		"$(DESTDIR)$(PREFIX)/lib/sysusers.d" "$(DESTDIR)$(PREFIX)/lib/tmpfiles.d"
	[ -e "$(DESTDIR)$(SYSCONFDIR)/kotib/kotib.toml" ] || \
		sed 's|/usr/local/|$(PREFIX)/|' etc/kotib.toml >"$(DESTDIR)$(SYSCONFDIR)/kotib/kotib.toml"
	sed -e 's|/usr/local/|$(PREFIX)/|' -e 's|/etc/kotib/|$(SYSCONFDIR)/kotib/|' systemd/kotibd.service \
		>"$(DESTDIR)$(PREFIX)/lib/systemd/system/kotibd.service"
	install -m 644 systemd/kotibd.socket "$(DESTDIR)$(PREFIX)/lib/systemd/system/kotibd.socket"
	install -m 644 systemd/sysusers.d/kotib.conf "$(DESTDIR)$(PREFIX)/lib/sysusers.d/kotib.conf"
	sed 's|/usr/local/|$(PREFIX)/|' systemd/tmpfiles.d/kotib.conf \
		>"$(DESTDIR)$(PREFIX)/lib/tmpfiles.d/kotib.conf"
	@[ -n "$(DESTDIR)" ] || echo 'Installed. Next, as root: systemd-sysusers && systemd-tmpfiles --create &&' \
		'systemctl daemon-reload && systemctl enable --now kotibd'

clean: ## removes what was built, keeps what was downloaded
	rm -rf .build

distclean: clean ## removes also the set-up's folder, .deps; inbox and state stay
	rm -rf "$$DEPS"
