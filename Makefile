# maitred: make help says what there is. Needs Go and bash; everything else comes through go.mod
# and tools/go.mod.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
GOLANGCI_LINT := $(GO) tool -modfile=tools/go.mod golangci-lint
FUZZTIME ?= 20s
ONLY ?=
THIRD ?= 0
QUICK ?=

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## bin/maitred
	$(GO) build -trimpath -o bin/maitred ./cmd/maitred

.PHONY: test
test: ## layout, vet and every test with the race detector; says what was missing
	@scripts/test.sh

.PHONY: lint
lint: ## golangci-lint: the arrows between packages, style, layout; who writes observability events
	$(GO) -C tools run ./onesink ..
	$(GOLANGCI_LINT) config verify
	$(GOLANGCI_LINT) run ./...
	$(GOLANGCI_LINT) fmt --diff
	cd tools && $(GO) tool golangci-lint run --config ../.golangci.yml ./...
	cd bench && $(GO) tool -modfile=../tools/go.mod golangci-lint run --config ../.golangci.yml ./...

.PHONY: fmt
fmt: ## put every Go file into the one layout
	$(GOLANGCI_LINT) fmt

.PHONY: mutants
mutants: ## break each rule of docs/mutants.txt; its test must notice (ONLY=id for some)
	@$(GO) -C tools run ./mutants -root .. -only '$(ONLY)' -third '$(THIRD)'

.PHONY: gen
gen: ## write the generated files
	@scripts/gen.sh

.PHONY: check-gen
check-gen: ## fail when a generated file is out of date
	@scripts/gen.sh --check

.PHONY: secrets
secrets: ## scan files and history for secrets
	@scripts/secrets.sh

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (20s) each
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: bench
bench: ## benchmarks of the packages, then those beside rivals and floors
	$(GO) test -run '^$$' -bench . -benchmem ./...
	@if [[ -f bench/go.mod ]]; then $(GO) -C bench run .; fi

.PHONY: bench-outbox
bench-outbox: ## the outbox beside rivals and floors (QUICK=1 for a look, ONLY=drain,latency for some)
	$(GO) -C bench run . $(if $(QUICK),-quick) $(if $(QUICK)$(ONLY),,-results results/outbox.md) -outbox '$(ONLY)' -json ../bin/outbox.json

.PHONY: soak
soak: ## the long tests (up to an hour), then fuzz and mutants
	MAITRED_SOAK=1 $(GO) test -race -count=1 -timeout 60m -run 'Friday|Soak|Wild|Crash|Race|Model|Prop|Store|Linear|Fault|Worker|Takeover|Move' ./...
	MAITRED_SOAK=1 $(GO) test -count=1 -timeout 60m -run '^TestModel|^TestLockFirst|^TestTwoFridays$$' ./internal/line ./internal/friday
	@$(MAKE) fuzz
	@$(MAKE) mutants
