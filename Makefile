# Every command that a developer needs; `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.ONESHELL:

PORT ?= 8080
DATA ?= data
CHAOS ?= 1000
SEED ?= 1
TICKETS ?=
SECONDS ?= 600
LOAD ?=
STORE ?= both
GATEWAYS ?= 1,2,4

TRUNK_VERSION := 0.21.14
# Trunk insists on the command being the library's twin.
BINDGEN_VERSION := $(shell sed -n 's/^wasm-bindgen = "=\(.*\)"$$/\1/p' Cargo.toml)
DENY_VERSION := 0.20.2

TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/deskbell/tools
TRUNK := $(TOOLS)/trunk-$(TRUNK_VERSION)/bin/trunk
BINDGEN := $(TOOLS)/wasm-bindgen-cli-$(BINDGEN_VERSION)/bin/wasm-bindgen
DENY := $(TOOLS)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny
TARGET := $(or $(CARGO_TARGET_DIR),target)
LOADER_PACKAGES := loader/node_modules/.package-lock.json
BROWSER_PACKAGES := tests/browser/node_modules/.package-lock.json

export PATH := $(dir $(TRUNK)):$(dir $(BINDGEN)):$(dir $(DENY)):$(CURDIR)/loader/node_modules/.bin:$(HOME)/.cargo/bin:$(PATH)
export TRUNK_SKIP_VERSION_CHECK := true

.PHONY: help demo test test-native test-loader test-wasm test-browser test-webkit webkit-driver check format build dev bench bench-chaos bench-gateways bench-load bench-search clean needs wasm-target first-time

help: ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf 'make %-14s %s\n' "$$name" "$$text"; done

demo: first-time widget ## a small product with Deskbell in it, in the browser (PORT=8080, DATA=data: where its database lies)
	cargo build --package gateway --bin deskbell
	mkdir -p "$(DATA)"
	exec $(TARGET)/debug/deskbell serve --demo --assets dist --listen 127.0.0.1:$(PORT) --database "sqlite:$(DATA)/demo.db"

test: first-time test-native test-loader test-wasm test-browser ## all tests: native, JavaScript, WebAssembly, and the whole in a real browser
	@echo 'All passed: native, JavaScript, WebAssembly, sizes, browser.'

check: first-time wasm-target $(LOADER_PACKAGES) $(DENY) ## formats, lints on both targets, types, licences, known vulnerabilities
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --target wasm32-unknown-unknown --package deskbell --package domain --package markdown --package ranking --package redaction --package wire --lib --bin widget --test widget -- -D warnings
	tsc --project loader
	prettier --check --log-level warn .
	cargo-deny --workspace --log-level error check licenses bans sources
	# Where the databases cannot be had, nobody has looked, and the output has to say so.
	if reason=$$(timeout 120 cargo-deny fetch db 2>&1); then
	  cargo-deny --workspace --offline --log-level error check advisories
	else
	  printf 'SKIPPED: known vulnerabilities of crates; the advisory database cannot be fetched: %s\n' "$$(grep -m 1 -i -e fatal -e error <<< "$$reason")" >&2
	fi
	for folder in loader tests/browser; do
	  report=$$(timeout 120 npm audit --json --audit-level=high --prefix "$$folder" 2> /dev/null) && continue
	  if node -e 'process.exit(JSON.parse(process.argv[1]).auditReportVersion ? 0 : 1)' "$$report" 2> /dev/null; then
	    npm audit --audit-level=high --prefix "$$folder"
	  else
	    echo "SKIPPED: known vulnerabilities of the npm packages of $$folder; the registry does not answer the audit" >&2
	  fi
	done

format: $(LOADER_PACKAGES) ## bring every file into the form that `make check` wants
	cargo fmt --all
	prettier --write --log-level warn .

build: first-time widget ## what ships: the gateway in target/release, the widget in dist
	cargo build --release --package gateway --bin deskbell

dev: first-time wasm-target $(TRUNK) $(BINDGEN) $(LOADER_PACKAGES) ## the demo on port 8080, its widget rebuilt at every change; the inbox on port 8081
	cargo build --package gateway --bin deskbell
	mkdir -p "$(DATA)" dist
	$(TARGET)/debug/deskbell serve --demo --assets dist --listen 127.0.0.1:8081 --database "sqlite:$(DATA)/dev.db" &
	trap "kill $$!" EXIT
	trunk serve

bench: first-time widget $(BROWSER_PACKAGES) ## the figures that a person looks at, never part of the tests
	cargo bench --package gateway --bench ranking
	cargo build --release --package gateway --bin deskbell
	CHROMIUM=$$(tests/browser/find-chromium)
	export CHROMIUM DESKBELL='$(abspath $(TARGET))/release/deskbell'
	node tests/bench/opening.js
	node tests/bench/recording.js
	node tests/bench/busy.js

bench-chaos: first-time widget $(BROWSER_PACKAGES) ## a thousand tickets through a network that does its worst (CHAOS=1000: how many, SEED=1: another plan), and 100,000 interleavings of tabs, storage and network
	DESK_INTERLEAVINGS=100000 DESK_SEED='$(SEED)' node --test tests/loader/interleavings.test.mjs
	node tests/loader/faults.mjs
	cargo build --package gateway --bin deskbell
	CHROMIUM=$$(tests/browser/find-chromium)
	export CHROMIUM CHAOS='$(CHAOS)' SEED='$(SEED)'
	tests/browser/node_modules/.bin/playwright test --config tests/browser chaos

bench-gateways: | needs ## three gateways behind a proxy on one PostgreSQL, while they are killed and paused, their clocks are wrong and the database is away: everything has to arrive once (TICKETS=5000, SEED=1: another plan)
	tests/find-postgres
	cargo build --release --package gateway --bin deskbell --example zendesk
	export TICKETS='$(TICKETS)' SEED='$(SEED)'
	cargo bench --package gateway --bench gateways

bench-load: | needs ## how soon a gateway with very many sites is ready, how long people wait among very many tickets, on both stores with several gateways, during an import, and beside one client that does its worst (TICKETS=1000000, FILLED=: a folder that keeps them, also if filling is interrupted, SECONDS=600, SITES=1000, QUESTIONS=1000000, STORE=sqlite|postgres|both, GATEWAYS=1,2,4, LOAD=sites|tickets|stores|import|attack: one of them alone)
	export SITES='$(SITES)' QUESTIONS='$(QUESTIONS)' TICKETS='$(TICKETS)' FILLED='$(FILLED)' SECONDS_OF_ATTACK='$(SECONDS)' LOAD='$(LOAD)' STORE='$(STORE)' GATEWAYS='$(GATEWAYS)'
	tests/find-postgres
	cargo bench --package gateway --bench load

bench-search: | needs ## how fast and how well the ranker finds (CORPUS=: a folder of questions and queries)
	cargo bench --package gateway --bench ranking

clean: ## what was built; the tools in the cache and DATA stay
	cargo clean
	rm -rf dist loader/node_modules tests/browser/node_modules tests/browser/output

test-native: | needs ## the native tests, and those of the gateway on PostgreSQL
	@command -v python3 > /dev/null || { echo 'The tests need python3, for the snippet that signs in it: sudo apt-get install python3' >&2; exit 1; }
	tests/find-postgres
	echo '── native tests'
	cargo test --workspace
	echo '── the gateway on PostgreSQL: everything that a customer, an agent or a destination sees'
	suite=$$(cargo test --workspace --no-run --message-format=json 2> /dev/null |
	  sed -n '/"kind":\["test"\],[^}]*"name":"gateway"/s/.*"executable":"\([^"]*\)".*/\1/p')
	cd crates/gateway
	DESKBELL_TEST_STORE=postgres "$$suite" accounts:: answers:: attack:: conversation:: desk::conversing desk::creating desk::merging events:: identity:: inbox incidents:: mail:: privacy:: queues:: search:: tickets::

test-loader: $(LOADER_PACKAGES) | needs ## the tests of the JavaScript, also in 5,000 random interleavings of tabs, storage and network
	@echo '── tests of the JavaScript'
	node --test tests/loader/*.test.mjs

test-wasm: wasm-target $(BINDGEN) $(BROWSER_PACKAGES) ## the tests of the WebAssembly
	@echo '── WebAssembly tests'
	CHROMIUM=$$(tests/browser/find-chromium)
	export CHROMIUM CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER='node tests/browser/wasm-runner.js'
	cargo test --package deskbell --target wasm32-unknown-unknown --test widget

test-browser: widget $(BROWSER_PACKAGES) ## the tests in a real browser
	@echo '── browser tests'
	# With the flags of the native tests, which have built it; other flags would build most crates once more.
	cargo build --workspace --bins --examples
	CHROMIUM=$$(tests/browser/find-chromium)
	FIREFOX=$$(tests/browser/find-firefox)
	export CHROMIUM FIREFOX
	tests/browser/node_modules/.bin/playwright test --config tests/browser

test-webkit: webkit-driver widget $(BROWSER_PACKAGES) ## the main paths in WebKitGTK; no part of `make test`, because few machines have its driver (WEBKIT_DRIVER=: its path)
	@echo '── browser tests in WebKitGTK'
	cargo build --workspace --bins --examples
	WEBKIT_DRIVER=$$(tests/browser/find-webkit)
	export WEBKIT_DRIVER
	tests/browser/node_modules/.bin/playwright test --config tests/browser

# Before anything is built, because nothing here installs it.
webkit-driver:
	@tests/browser/find-webkit > /dev/null

.PHONY: widget
widget: wasm-target $(TRUNK) $(BINDGEN) $(LOADER_PACKAGES) ## the widget in dist, and its sizes
	@echo '── the widget and its sizes'
	cargo fetch --locked --quiet
	# Where this machine keeps its crates is nobody's business, and would make the module differ from machine to machine.
	flags=$$(for folder in "$${CARGO_HOME:-$$HOME/.cargo}"/registry/src/*/; do printf -- '--remap-path-prefix=%s= ' "$$folder"; done)
	export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$$flags--remap-path-prefix=$(CURDIR)/="
	trunk build --release --locked

wasm-target: | needs
	@rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown

# A tool as its authors have released it, where the network has it and its bytes are the ones we know (SHA-256 by architecture); from
# source otherwise. A new version needs new digests, or it is always built.
RELEASES ?= https://github.com
TRUNK_SHA256_x86_64 := f2b4680cd239693a646a2795e4633c625328d7b2a044fbe749fa3a2fe9e7036b
TRUNK_SHA256_aarch64 := b1d8e60e454f7fc182d9a4d95d1506ffbae947d8ba90f8f6f02da93b60f980f9
BINDGEN_SHA256_x86_64 := 82d12bb940e2d4e72e0d5605387fc1b8ca179044e012b620f0ce4e7440e8320e
BINDGEN_SHA256_aarch64 := 2ed4351c35dd9440308bbb02767d47ea278efe851a52465300f3c94f5b6c2a87
DENY_SHA256_x86_64 := 9f12ed4c49936e09b48bf862b595cde2fe64fcbd9d74dfacac6131ca824c8d5f
MACHINE := $(shell uname -m)

# $(call released,COMMANDS,ADDRESS BELOW $(RELEASES),SHA-256): succeeds where the commands are in the folder of $@, and the first runs.
define released
( [ "$$(uname -s)" = Linux ] && [ -n '$(3)' ] || exit 1
  folder=$$(mktemp --directory)
  trap 'rm -rf "$$folder"' EXIT
  curl --fail --silent --location --connect-timeout 5 --max-time 180 --output "$$folder/archive" '$(RELEASES)/$(2)' || exit 1
  echo '$(3)  '"$$folder/archive" | sha256sum --check --status || { echo '$(RELEASES)/$(2) has another digest; building from source' >&2; exit 1; }
  tar --extract --gzip --file "$$folder/archive" --directory "$$folder" || exit 1
  for command in $(1); do
    found=$$(find "$$folder" -type f -name "$$command" -print -quit)
    [ -n "$$found" ] && install -D "$$found" "$(@D)/$$command" || exit 1
  done
  $@ --version > /dev/null || { rm -f $@; exit 1; } )
endef

# Trunk and cargo-deny wait for others more than they compute: unoptimised they are built in half the time.
INSTALL := cargo install --quiet --locked
INSTALL_DEBUG := CARGO_PROFILE_DEV_DEBUG=false CARGO_INCREMENTAL=0 $(INSTALL) --debug

$(TRUNK): | needs
	@echo '── Trunk $(TRUNK_VERSION), once'
	$(call released,trunk,trunk-rs/trunk/releases/download/v$(TRUNK_VERSION)/trunk-$(MACHINE)-unknown-linux-gnu.tar.gz,$(TRUNK_SHA256_$(MACHINE))) ||
	  $(INSTALL_DEBUG) --no-default-features --root $(TOOLS)/trunk-$(TRUNK_VERSION) trunk@$(TRUNK_VERSION)

$(BINDGEN): | needs
	@echo '── wasm-bindgen $(BINDGEN_VERSION), once'
	$(call released,wasm-bindgen wasm-bindgen-test-runner,wasm-bindgen/wasm-bindgen/releases/download/$(BINDGEN_VERSION)/wasm-bindgen-$(BINDGEN_VERSION)-$(MACHINE)-unknown-linux-musl.tar.gz,$(BINDGEN_SHA256_$(MACHINE))) ||
	  $(INSTALL) --root $(TOOLS)/wasm-bindgen-cli-$(BINDGEN_VERSION) wasm-bindgen-cli@$(BINDGEN_VERSION)

$(DENY): | needs
	@echo '── cargo-deny $(DENY_VERSION), once'
	$(call released,cargo-deny,EmbarkStudios/cargo-deny/releases/download/$(DENY_VERSION)/cargo-deny-$(DENY_VERSION)-$(MACHINE)-unknown-linux-musl.tar.gz,$(DENY_SHA256_$(MACHINE))) ||
	  $(INSTALL_DEBUG) --root $(TOOLS)/cargo-deny-$(DENY_VERSION) cargo-deny@$(DENY_VERSION)

%/node_modules/.package-lock.json: %/package-lock.json %/package.json | needs
	@echo '── npm packages of $*'
	npm ci --prefix $* --no-progress
	touch $@

first-time:
	@[ -x $(TRUNK) -a -x $(BINDGEN) ] || echo 'The first time gets the tools as well, or builds them where they cannot be had: about 10 minutes on two cores. They go to $(TOOLS).'

needs:
	@missing=0
	need() { command -v "$$1" > /dev/null || { echo "Deskbell needs $$1. $$2" >&2; missing=1; }; }
	need cc 'On Debian and Ubuntu: sudo apt-get install build-essential'
	need cargo 'Rust comes with rustup: curl --proto =https -sSf https://sh.rustup.rs | sh'
	need rustup 'It is the way to the WebAssembly target: curl --proto =https -sSf https://sh.rustup.rs | sh'
	need node 'Version 20 or later: https://nodejs.org/en/download'
	need npm 'It comes with Node: https://nodejs.org/en/download'
	[ $$missing = 0 ] || exit 1
	node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "Deskbell needs Node 20 or later, this is $$(node --version): https://nodejs.org/en/download" >&2; exit 1; }
	wanted=$$(sed -n 's/^rust-version = "\(.*\)"$$/\1/p' Cargo.toml)
	printf '%s\n' "$$wanted" "$$(rustc --version | cut -d ' ' -f 2)" | sort --version-sort --check=quiet || { echo "Deskbell needs Rust $$wanted or later, this is $$(rustc --version): rustup update stable" >&2; exit 1; }
