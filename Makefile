# The recipes of the board. `make` lists them; each one makes the environment first.

.DEFAULT_GOAL := help
.PHONY: help setup run test test-stress bench chaos fuzz lint lock clean setup-dev

BIN := .venv/bin
# The first Python of 3.11 or newer; PYTHON=/path/to/python make … chooses one.
FIND_PYTHON = $(SHELL) tools/find_python

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

setup: ## make the environment (.venv); does nothing when it is there
	@python=$$($(FIND_PYTHON)) && "$$python" tools/setup.py

setup-dev:
	@python=$$($(FIND_PYTHON)) && "$$python" tools/setup.py --dev

# exec, and the number of make as the parent to watch: when make is killed, the board stops.
run: setup ## start the board with demo content on http://127.0.0.1:8000; Ctrl-C stops it
	@UPVOTE_PARENT_PID=$$PPID exec $(BIN)/upvote serve --demo

test: setup-dev ## run all tests, against servers of their own on free ports
	@$(BIN)/python e2e/browser.py
	@exec tools/test $(ARGS)

test-stress: setup-dev ## run the tests beside busy loops, which is like a slow machine; up to three hours
	@$(BIN)/python e2e/browser.py
	@exec tools/test_stress

bench: setup-dev ## measure votes, pages and worker in one run, against servers of its own (needs wrk)
	@exec $(BIN)/python -m bench $(ARGS)

chaos: setup-dev ## kill processes under load, and check every vote against a log of all intents
	@$(BIN)/pytest -q -m long
	@exec $(BIN)/python -m tests.chaos $(ARGS)

fuzz: setup-dev ## random requests and stories in great number, against servers of their own
	@exec $(BIN)/pytest -q -s -m fuzz $(ARGS)

lint: setup-dev ## check style, types and the pinned packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python tools/audit.py $(ARGS)

PINS = $(BIN)/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml

lock: setup-dev ## pin the newest allowed version of every package, with hashes
	@$(PINS) --upgrade --extra build -o requirements.txt
	@$(PINS) --upgrade --extra build --extra dev -c requirements.txt -o requirements-dev.txt

clean: ## remove the environment and the caches; the data under DATA_DIR stays
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-artifacts
