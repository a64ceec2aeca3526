# The few commands a person and a machine need. Everything is installed into .venv and, for the web app, web/node_modules.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
# Tests mostly wait for processes: half again as many testers as there are processors keep them all busy.
TESTERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
STAMP := .venv/.installed
BENCH_STAMP := .venv/.installed-bench

.PHONY: help setup demo test check bench format docs screenshots lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## Install everything and build the web app; the second run takes no time
	@scripts/web

demo: setup ## Start a server, publish example models, run predictions on them, stop (KEEP=1 leaves it running)
	@$(BIN)/python scripts/demo.py

test: setup ## Run every test (ARGS="-k name" for some)
	@scripts/need-programs
	@scripts/web
	@$(BIN)/python -m pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## Formatting, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	@scripts/web check

bench: setup $(BENCH_STAMP) ## Run the benchmark suite and print its tables
	@$(BIN)/python -m benchmarks

format: setup ## Put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	@scripts/web format

docs: setup ## Write the pages that are made from the code
	@$(BIN)/python scripts/settings_docs.py
	@$(BIN)/python scripts/cli_docs.py
	@$(BIN)/python scripts/openapi.py > .openapi.json
	@scripts/web types

screenshots: setup ## Take the pictures of the web app anew (docs/pictures, the others in .pictures)
	@scripts/need-programs
	@$(BIN)/python -m scripts.screenshots

lock: setup ## Write the lock files anew from pyproject.toml
	@scripts/lock

clean: ## Remove what setup made
	rm -rf .venv web/node_modules src/augury/web/dist

$(STAMP): requirements.lock pyproject.toml scripts/setup
	@PYTHON="$(PYTHON)" scripts/setup
	@touch $@

$(BENCH_STAMP): requirements-bench.lock $(STAMP)
	@scripts/need-bench
	@touch $@
