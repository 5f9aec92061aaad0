# Two commands are enough: `make demo` (the product at work) and `make test` (all tests).
.DEFAULT_GOAL := help
.PHONY: help setup dev web demo demo-check test soak check bench lock sbom bundle fixture
BIN := .venv/bin

help:       ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup:      ## prepare .venv, build the board, compile the kernels (no Node, no compiler needed)
	@python3 tools/setup.py

dev:        ## setup, and what tests and checks need
	@python3 tools/setup.py --dev

web: dev    ## build the board again where its source changed
	@$(BIN)/python tools/web_build.py build

demo: setup ## set up, start the product with a demo river, print the address and the log-ins
	@$(BIN)/jiangdun demo

demo-check: setup ## set up, start the demo, try it through the front door, stop
	@$(BIN)/jiangdun demo --check

test: dev   ## all tests
	@$(BIN)/python tools/test.py

soak: dev   ## the same tests with large budgets, and the storms
	@HYPOTHESIS_PROFILE=soak JIANGDUN_SOAK=1 $(BIN)/python tools/test.py

check: dev  ## ruff, mypy, layers, licences, front-end lint and types
	@$(BIN)/python tools/check.py

bench: dev  ## a row per figure, each with the best rival in the same run
	@$(BIN)/python tools/bench.py

lock:       ## pin dependencies anew (hashes only, no addresses)
	@$(BIN)/python tools/lock.py

sbom: dev   ## the list of parts (CycloneDX) from the locks, into dist/
	@$(BIN)/python tools/sbom.py

bundle: dev ## everything a box without a network needs, into dist/; sign it with tools/sign.py
	@$(BIN)/python tools/bundle.py

fixture: dev ## keep this release's database for the upgrade tests of those to come
	@$(BIN)/python tools/release_fixture.py
