# Deed. "make" runs the tests; "make help" lists the rest.
#
# The tools are pinned here and run with "go run tool@version", so that they are
# no requirement of the module. The first run of each compiles it (a minute or
# two); afterwards it comes out of Go's build cache.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := test

GO          ?= go
GO_LINE     := go 1.26.0
BUF         := github.com/bufbuild/buf/cmd/buf@v1.75.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 20s
BENCHTIME   ?= 1s
# OF is how the names of the rules begin that make mutants drops, such as policy/;
# 1 is all.
OF          ?= 1
# BASE is the commit that the wire interface is compared with: the merge base
# with main, and on main itself the commit before. Empty skips the comparison.
BASE        ?= $(shell .ci/base)

# Packages that have what is asked for: compiling the others would take long.
with = $(shell grep -rl --include='*_test.go' '^func $(1)' . | xargs -r -n1 dirname | sort -u)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 20

.PHONY: test
test: ## all tests, without network and in less than 3 minutes on 2 cores (default)
	$(GO) test ./...

.PHONY: race
race: ## the tests under the race detector, the slow ones cut short (needs cgo)
	$(GO) test -race -short ./...

.PHONY: mutants
mutants: ## every rule of admission, warrants, policy, evidence and attribution dropped in turn: a published vector notices
	DEED_MUTANTS=$(OF) $(GO) test -count=1 -timeout 60m -v -run '^TestSweep$$' ./internal/vectors

.PHONY: long
long: ## all tests with more rounds: DEED_LONG=1
	DEED_LONG=1 $(GO) test -count=1 -timeout 60m ./...

.PHONY: flood
flood: ## deed serve under load, overload, slow sockets, raw frames and hostile bodies
	$(GO) test -tags torture -count=1 -timeout 90m -v ./internal/torture/flood

.PHONY: torture
torture: ## a kill at every step of a commit, failed writes, and broken builds that must be caught
	$(GO) test -tags torture -count=1 -timeout 10m -run '^Test(Index|Store|Faults|Crash|Doubt|Wipe)' ./ledger/boltstore
	$(GO) test -tags torture -count=1 -timeout 60m -v -run '^Test(Points|Untagged|Matrix|Errors|Mutants|Kill|Replay|ReplayControls|ReplayDirty|ReplayUnknown|ReplayDirtyControls|ReplayErasures|Wipe|Syscalls|DiskFull|ReadOnly|Stale|Rot)$$' ./internal/torture

.PHONY: torture-long
torture-long: export DEED_LONG = 1
torture-long: flood ## the same with 100 kills at every step and more of everything else (hours; root, strace, loop devices)
	$(GO) test -tags torture -count=1 -timeout 10m -run '^Test(Index|Store|Faults|Crash|Doubt|Wipe)' ./ledger/boltstore
	$(GO) test -tags torture -count=1 -timeout 12h -v -run '^Test(Points|Untagged|Matrix|Errors|Mutants|Kill|Replay|ReplayControls|ReplayDirty|ReplayUnknown|ReplayDirtyControls|ReplayErasures|Wipe|Syscalls|DiskFull|ReadOnly|Stale|Rot)$$' ./internal/torture

.PHONY: e2e
e2e: ## the whole path with a real SPIRE server and agent (builds them once)
	$(GO) test -tags e2e -count=1 -timeout 30m -v ./internal/e2e/...

.PHONY: browser
browser: ## the approval page in a real Chromium, with a virtual authenticator (apt-get install chromium)
	$(GO) test -tags browser -count=1 -timeout 10m -run '^TestBrowser' ./internal/web

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME
	$(GO) test -list '^Fuzz' $(call with,Fuzz) | \
	awk '/^Fuzz/ {name[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, name[i]; n = 0}' | \
	while read -r package name; do \
		echo "== $$package $$name"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done

.PHONY: bench
bench: ## every benchmark for BENCHTIME
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(call with,Benchmark)

# The peers are a module of their own: nothing but these targets builds it.
# PEERS are its flags, such as "-only proof_us -leaves 10000000".
.PHONY: bench-peers
bench-peers: lintpeers ## Deed beside Tessera, SQLite and plain files, about ten minutes (Linux)
	cd internal/peers && $(GO) run . $(PEERS)

.PHONY: bench-peers-quick
bench-peers-quick: lintpeers ## the same with small sizes, to see that it runs
	cd internal/peers && $(GO) run . -quick -repetitions 1 $(PEERS)

# The OAuth server is a module of its own, too: its graph is no part of ours.
.PHONY: oauth
oauth: ## the delegated model with a real OAuth server, on loopback (docs/delegated.md)
	cd internal/oauthtest && $(GO) vet ./... && $(GO) test -count=1 ./...

# So are sigstore's programs. To build them takes minutes the first time, so .ci/run
# leaves this to whoever changes what it plays; lint compiles it.
.PHONY: sigstore
sigstore: ## a person signs with cosign, Fulcio and a time stamp, on loopback (docs/operating.md; builds them once)
	cd internal/sigstoretest && $(GO) vet ./... && $(GO) test -count=1 -timeout 30m ./...

.PHONY: lintpeers
lintpeers:
	cd internal/peers && $(GO) vet . && $(GO) test .

.PHONY: lint
lint: lintgo lintmod lintproto ## format, vet, staticcheck, go.mod, wire interface

.PHONY: lintgo
lintgo:
	@files=$$(find . -name '*.go' -not -path './.*' -not -path '*/node_modules/*' -print0 | xargs -0 gofmt -l); \
	if [ -n "$$files" ]; then echo "not formatted (gofmt -w):"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags e2e ./...
	$(GO) vet -tags torture ./...
	$(GO) vet -tags browser ./internal/web
	cd internal/sigstoretest && $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) run $(STATICCHECK) -tags e2e ./internal/e2e/...
	$(GO) run $(STATICCHECK) -tags browser ./internal/web
	$(GO) run $(STATICCHECK) -tags torture ./ledger/... ./internal/failpoint ./internal/torture/...

.PHONY: lintmod
lintmod:
	@grep -qxF '$(GO_LINE)' go.mod || { echo "go.mod: the go line is to be: $(GO_LINE)"; exit 1; }
	@! grep -nE '^toolchain ' go.mod || { echo "go.mod: no toolchain line"; exit 1; }
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: lintproto
lintproto:
	$(GO) run $(BUF) lint
	@if [ -z "$(BASE)" ]; then echo "buf breaking: no commit to compare with"; exit 0; fi; \
	before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; \
	git archive "$(BASE)" buf.yaml proto | tar -x -C "$$before"; \
	echo "$(GO) run $(BUF) breaking --against $(BASE)"; \
	$(GO) run $(BUF) breaking --against "$$before"

.PHONY: generate
generate: ## wire code, and the parts of the specification that come from code
	$(GO) run $(BUF) generate
	$(GO) test ./attest/agency -update
	$(GO) test ./internal/vectors -run '^TestGenerate$$' -update
	$(GO) test ./docs -update

.PHONY: checkgenerate
checkgenerate: generate ## generate, and fail if that changed anything
	git diff --exit-code -- proto docs testdata
