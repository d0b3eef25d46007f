# Everything a person types. `make help` lists it.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Compiled once here, on all cores, and not by the first of many processes, or by each of them.
UV_FLAGS := --quiet --python $(BIN)/python --no-cache --require-hashes --compile-bytecode

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

drill: install  ## Lose a Region on this machine and watch the application recover and move back (a minute)
	@$(BIN)/lab drill $(DRILL_FLAGS)

up: install  ## Start the two-Region lab, deploy the application, and keep it running
	@$(BIN)/lab up

cost: install  ## Compute what an idle month and a failover cost, from the template
	@$(BIN)/python -m tools.cost $(COST_FLAGS)

moves: install  ## Ten planned moves under load, there and back (about four minutes)
	@$(BIN)/lab moves $(MOVES_FLAGS)

take-over: install  ## Lose the active Secondary, take over by hand in the Primary, reconcile (two and a half minutes)
	@$(BIN)/lab take-over $(TAKE_OVER_FLAGS)

bench: install  ## Compare designs over 24 outages, side by side (half an hour)
	@$(BIN)/python -m tools.bench $(BENCH_FLAGS)

growth: install-dev  ## Tables of how time and cost grow with writes, entries, functions and epochs (two to three minutes)
	@$(BIN)/python -m tools.growth $(GROWTH_FLAGS)

test: install-dev  ## Everything CI runs: linters and fast tests side by side, then the drill
	@$(MAKE) --no-print-directory --jobs=2 integration-recovery integration-moves e2e-parts check unit
	@$(MAKE) --no-print-directory e2e-drill

check: install-dev .venv/.checkov  ## Linters, types, and the template's and state machine's validators
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cfn-lint template.yaml app/template.yaml data/template.yaml tools/bench/designs.yaml examples/*/template.yaml
	.venv/checkov/bin/checkov --quiet --compact --skip-download --framework cloudformation --file template.yaml app/template.yaml data/template.yaml

unit: install-dev  ## Unit and template tests, and a first look at the protocol of who is active
	$(BIN)/pytest --numprocesses=2 tests/unit tests/template tests/protocol

protocol: install-dev  ## Search 100,000 histories of the protocol for two writers (HISTORIES=n for others)
	HISTORIES=$(or $(HISTORIES),100000) $(BIN)/pytest -m "" tests/protocol

integration: install-dev  ## The real state machine with the real handlers, in-process
	$(BIN)/pytest tests/integration

MOVES := $(wildcard tests/integration/test_switchover*.py tests/integration/test_ledger*.py)
integration-moves: install-dev
	$(BIN)/pytest $(MOVES) tests/integration/test_coverage.py
integration-recovery: install-dev
	$(BIN)/pytest tests/integration $(MOVES:%=--ignore=%)

e2e: e2e-parts e2e-drill  ## The drill and what it stands on, as tests
e2e-parts: install-dev
	$(BIN)/pytest tests/e2e --ignore=tests/e2e/test_drill.py
# Alone: it is measured.
e2e-drill: install-dev
	$(BIN)/pytest tests/e2e/test_drill.py

outages: install-dev  ## A drill of each outage of the lab, and the table of what came of it (twenty-five minutes)
	$(BIN)/pytest -m "" tests/e2e/test_styles.py tests/e2e/test_outages.py

applications: install-dev clients/node/node_modules .venv/.awscli  ## Walks and drills of the examples at each level (twenty minutes, needs Node.js 20)
	$(BIN)/pytest -m "" tests/e2e/test_walks.py tests/e2e/test_existing_tables.py \
	  tests/e2e/test_application_drills.py tests/e2e/test_two_applications.py

audit: install  ## Check the recovery path, and write docs/recovery-path.md and docs/dns.md
	$(BIN)/python -m tools.audit $(AUDIT_FLAGS)

drawings: install  ## Draw each state machine beside its definition
	$(BIN)/python -m tools.drawing

clients: clients/node/node_modules  ## Tests of the Node.js client with the real AWS SDK (needs Node.js 20)
	cd clients/node && node --test --test-timeout=10000 test
clients/node/node_modules: clients/node/package-lock.json
	@cd clients/node && npm ci --no-audit --no-fund
	@touch $@

by-hand: install-dev  ## What only a person may do: stop a rehearsal, approve a promotion, take over (four minutes)
	$(BIN)/pytest -m "" tests/e2e/test_by_hand.py

operator: install-dev .venv/.awscli  ## Every command of pilot-light in the lab: in quiet, in outages, denied (five minutes)
	$(BIN)/pytest -m "" tests/e2e/test_operator.py

deployments: install-dev .venv/.awscli  ## Deployments that fail, pairs with us-east-1 at AWS's pace, removal (ten minutes)
	$(BIN)/pytest -m "" tests/deployments

permissions: install-dev  ## Remove each permission in turn and see that something fails
	$(BIN)/pytest -m permissions tests/permissions

failures: install-dev  ## Let each task of the machines fail in the lab, and see what comes of it (half an hour)
	$(BIN)/pytest -m failures tests/failures
	$(BIN)/pytest -m long tests/integration

mutants: install-dev  ## Change the code in a hundred random places and see how many the unit tests catch
	$(BIN)/python -m tests.mutants $(MUTANTS_FLAGS)

format: install-dev  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

install: .venv/.lab  ## Make the environment of the lab and of pilot-light in .venv
install-dev: .venv/.dev

.venv/.bootstrap: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Set PYTHON=python3.x")'
	@echo "Making the environment in .venv ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

.venv/.lab: .venv/.bootstrap requirements/lab.txt pyproject.toml lab/pyproject.toml
	@TMPDIR=$(CURDIR)/.venv $(BIN)/uv pip install $(UV_FLAGS) -r requirements/lab.txt
	@TMPDIR=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --python $(BIN)/python --no-cache --no-deps --no-build-isolation --editable . --editable lab
	@touch $@

.venv/.dev: .venv/.lab requirements/dev.txt
	@TMPDIR=$(CURDIR)/.venv $(BIN)/uv pip install $(UV_FLAGS) -r requirements/dev.txt
	@touch $@

# In an environment of its own, because it needs an older botocore than the lab.
.venv/.checkov: .venv/.bootstrap requirements/checkov.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/checkov
	@TMPDIR=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --python .venv/checkov/bin/python --no-cache --require-hashes -r requirements/checkov.txt
	@touch $@

# In an environment of its own, because it pins another botocore than the lab.
.venv/.awscli: .venv/.bootstrap requirements/awscli.txt
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv/awscli
	@TMPDIR=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --python .venv/awscli/bin/python --no-cache --require-hashes -r requirements/awscli.txt
	@touch $@

LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
OF_LAMBDA := --no-emit-package botocore --no-emit-package urllib3 --no-emit-package python-dateutil --no-emit-package six
lock: install-dev  ## Lock the requirements again after an edit of an .in file
	$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(LOCK) requirements/lab.in -o requirements/lab.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/checkov.in -o requirements/checkov.txt
	$(LOCK) requirements/awscli.in -o requirements/awscli.txt
	$(LOCK) functions/requirements.in -o functions/requirements.txt \
	  $(OF_LAMBDA)
	$(LOCK) app/requirements.in -o app/requirements.txt $(OF_LAMBDA)

clean:  ## Remove everything that the other targets made
	-@[ -x $(BIN)/lab ] && $(BIN)/lab down
	rm -rf clients/node/node_modules .venv .lab .aws-sam reports .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info lab/*.egg-info build

.PHONY: applications clients growth help mutants drawings drill up moves take-over bench cost audit test check unit protocol integration integration-moves integration-recovery e2e e2e-parts e2e-drill outages by-hand operator deployments permissions failures format install install-dev lock clean
