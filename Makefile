# The doors of the house. `make help` lists them.
# Every cargo call below takes the whole workspace and one profile, so that wasmtime is built once.

TARGET  := $(or $(CARGO_TARGET_DIR),target)
GUESTS  := target/components
PRECOMPILE := $(TARGET)/release/bakery-precompile
CARGO   := cargo
SHELL   := /usr/bin/env bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

.PHONY: help build components tools demo test test-fast lint fmt fmt-check bench check clean

help: ## List the doors
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

components: ## Build the sandboxed components and compile them for this machine
	@components/build.sh $(GUESTS)
	@$(CARGO) build --release --workspace --bin bakery-precompile
	@for guest in $(GUESTS)/*.wasm; do \
	    native=$${guest%.wasm}.cwasm; \
	    if [ ! -e "$$native" ] || [ "$$guest" -nt "$$native" ] || [ $(PRECOMPILE) -nt "$$native" ]; then \
	        $(PRECOMPILE) "$$guest" "$$native"; \
	    fi; \
	done

build: components ## Build the program
	@$(CARGO) build --release --workspace --bins
	@echo "built $(TARGET)/release/bakery"

demo: build ## Build everything and run the main job on sample data over loopback
	@$(TARGET)/release/bakery-demo

tools: ## Build the stand-ins for oras and soci that tests run, where Go is
	@tests/tools/build.sh

test: build tools ## Build everything and run all tests
	@components/build.sh $(GUESTS) tests/components/misbehaving tests/components/misbehaving-step
	@tests/run.sh

test-fast: ## Run the tests of the pure rooms alone
	@$(CARGO) test --release -p bakery-core -p bakery-gate -p bakery-run

lint: components ## Clippy, warnings are errors
	@$(CARGO) clippy --release --workspace --all-targets -- -D warnings

fmt: ## Format the sources
	@$(CARGO) fmt --all

fmt-check: ## Fail if the sources are not formatted
	@$(CARGO) fmt --all --check

bench: build ## Measure, and print ratios of one run
	@$(CARGO) bench --workspace --bench sandbox --bench commands --bench publish

check: fmt-check lint test ## Everything that must pass before a change lands

clean: ## Remove what was built
	@$(CARGO) clean
	@rm -rf $(GUESTS)
