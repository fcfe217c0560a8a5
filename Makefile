# The recipes of this repository. `make` lists them; each one creates the environment first.

.DEFAULT_GOAL := help
.PHONY: help setup run test test-stress bench chaos fuzz lint lock clean setup-dev

BIN := .venv/bin
# The first Python 3.11 or newer; PYTHON=/path/to/python chooses another one.
FIND_PYTHON = $(SHELL) tools/find_python

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: ## create the environment (.venv) if there is none
	@python=$$($(FIND_PYTHON)) && "$$python" tools/setup.py

setup-dev:
	@python=$$($(FIND_PYTHON)) && "$$python" tools/setup.py --dev

# UPVOTE_PARENT_PID is the process of make: the board stops when make is killed.
run: setup ## start the board with demo content on http://127.0.0.1:8000; Ctrl-C stops it
	@UPVOTE_PARENT_PID=$$PPID exec $(BIN)/upvote serve --demo

test: setup-dev ## run all tests; they start their own servers on free ports
	@$(BIN)/python e2e/browser.py
	@exec tools/test $(ARGS)

test-stress: setup-dev ## run the tests beside busy loops, as on a slow machine; takes up to three hours
	@$(BIN)/python e2e/browser.py
	@exec tools/test_stress

bench: setup-dev ## measure votes, pages and the worker in one run, on its own servers (needs wrk)
	@exec $(BIN)/python -m bench $(ARGS)

chaos: setup-dev ## kill processes under load, and check every vote against a log of all votes sent
	@$(BIN)/pytest -q -m long
	@FAST_PATHS=no tools/test
	@$(BIN)/python -m tests.faults
	@exec $(BIN)/python -m tests.chaos $(ARGS)

fuzz: setup-dev ## run many random requests and sequences of actions
	@exec $(BIN)/pytest -q -s -m fuzz $(ARGS)

lint: setup-dev ## check style, types, imports between packages and the pinned packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/check_packages.py $(ARGS)

PINS = $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml

lock: setup-dev ## pin the newest allowed version of every package, with hashes
	@$(PINS) --upgrade --extra build -o requirements.txt
	@$(PINS) --upgrade --extra build --extra dev -c requirements.txt -o requirements-dev.txt

clean: ## remove the environment and the caches; keeps the data under DATA_DIR
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-artifacts
