# Every target sets up what it needs; nothing is installed outside .venv, but for the Debian packages of `make test`.
PYTHON ?= python3
JOBS ?= 2
ARGS ?=

export PYTHON

BIN := .venv/bin
# In the order in which a fault is cheapest to find; what does not exist is not asked for.
SUITES := $(wildcard tests/house tests/unit tests/contract tests/sim tests/golden tests/e2e)
PYTEST := $(BIN)/pytest -q -n $(JOBS) --dist loadgroup

.PHONY: help run test check bench soak docs agents lock clean

help:
	@echo 'make run    set up, then show the whole story: tianting demo'
	@echo 'make test   set up everything (root or sudo only where a Debian package is missing), all checks, all suites'
	@echo 'make check  the quick half: ruff, mypy, import contracts, unit tests; under a minute'
	@echo 'make bench  the benchmarks (ARGS=... is handed on)'
	@echo 'make soak   the tests that are too long for make test'
	@echo 'make docs   redraw what the documentation shows of the code'
	@echo 'make agents put the agent programs that come from npm into .venv, for their tests'
	@echo 'make lock   write the hashed locks from pyproject.toml (ARGS=--upgrade for newer versions)'
	@echo 'make clean  remove caches and build products; .venv stays'

run:
	@deploy/setup.sh run
	@$(BIN)/tianting demo $(ARGS)

# ruff, mypy and the import contracts are tests of tests/house: one run, and its summary speaks for everything.
test:
	@deploy/setup.sh test
	@deploy/agents.sh || echo 'tianting: the tests of agent programs that come from npm are skipped' >&2
	@$(PYTEST) --cov --cov-report=term $(SUITES) $(ARGS)

check:
	@deploy/setup.sh dev
	@$(PYTEST) $(wildcard tests/house tests/unit) $(ARGS)

bench:
	@deploy/setup.sh dev
	@$(BIN)/python -P bench/run.py $(ARGS)

soak:
	@deploy/setup.sh test
	@$(BIN)/pytest tests -m soak --hypothesis-profile=soak --timeout=3600 $(ARGS)

docs:
	@deploy/setup.sh dev
	@$(BIN)/python -m tests.house.generated

# Agent programs that come from npm, for the tests that run them; without them those tests are skipped.
agents:
	@deploy/agents.sh

lock:
	@deploy/setup.sh dev
	@deploy/lock.sh $(ARGS)

clean:
	@rm -rf build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
