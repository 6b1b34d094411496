# Each target does all its own set-up. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
PROTOS_VENV := .venv-protos
BENCH_VENV := .venv-bench
LOCK_VENV := .venv-lock
SANDBOX ?= .build/sandbox
DIST ?= dist
BIN := $(VENV)/bin
PIP := -m pip --disable-pip-version-check -qq

# Hundreds of processes are started by the tests, and each would compile all of its modules anew.
unexport PYTHONDONTWRITEBYTECODE

READY := $(VENV)/.ready
PROTOS_READY := $(PROTOS_VENV)/.ready
BENCH_READY := $(BENCH_VENV)/.ready

TOO_OLD := medsettle needs Python 3.11 or newer, and $(PYTHON) is not. Name another: make PYTHON=python3.12
TOO_OLD_ZH := 需要 Python 3.11 或更高版本,当前的 $(PYTHON) 不符合。可另行指定: make PYTHON=python3.12

define CHECK_PYTHON
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	|| { printf '%s\n' '$(TOO_OLD)' '$(TOO_OLD_ZH)' >&2; exit 1; }
endef

.DEFAULT_GOAL := help
.PHONY: help setup demo test check serve simulate chaos bench dist lock generate released clean python

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## Make .venv with exact pins and both packages, once

demo: $(READY) ## Run the demo: a small city, two tills, a day of sales, a crash, the books
	@$(BIN)/python examples/demo.py

test: check ## Everything that CI runs: check, then all tests
	@$(BIN)/python -m pytest --numprocesses 4 --dist worksteal

check: $(READY) $(PROTOS_READY) ## Lint, types, directions of imports, the contract, generated code in step
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 sdk/src gateway/src
	$(BIN)/lint-imports
	$(BIN)/buf lint protos
	$(BIN)/python protos/released.py --check
	$(PROTOS_VENV)/bin/python protos/generate.py --check

serve: $(READY) ## Serve a sandbox gateway from .build/sandbox, which is made at the first start
	@test -e $(SANDBOX)/gateway.toml || $(BIN)/medsettle-gateway demo-city $(SANDBOX) --no-next
	@echo "在另一个终端执行 next, in another terminal:"
	@echo "  $(BIN)/medsettle-gateway terminal enrol H21030200001 01 --config $(SANDBOX)/gateway.toml"
	@exec $(BIN)/medsettle-gateway serve --config $(SANDBOX)/gateway.toml --demo

simulate: $(READY) ## Simulate days of bad weather: new seeds, or SEED=17, with DAYS=3 and EVENTS=1
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed "$(SEED)") $(if $(DAYS),--days $(DAYS)) \
		$(if $(COUNT),--count $(COUNT)) $(if $(EVENTS),--events)

chaos: $(READY) ## Sell under real faults, 50,000 sales and 500 kills: or SALES= KILLS= SECONDS= STORE=
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed "$(SEED)") $(if $(STORE),--store $(STORE)) \
		$(if $(SALES),--sales $(SALES)) $(if $(KILLS),--kills $(KILLS)) $(if $(SECONDS),--seconds $(SECONDS))

bench: $(BENCH_READY) ## Print this machine's numbers: one run, medians, ratios; SUBJECTS="..." for some of them
	@$(BENCH_VENV)/bin/python -m tests.bench $(SUBJECTS)

dist: $(READY) ## Build both wheels into dist/
	@rm -rf $(DIST)
	$(BIN)/python -m build --no-isolation --wheel --outdir $(DIST) sdk
	$(BIN)/python -m build --no-isolation --wheel --outdir $(DIST) gateway

generate: $(PROTOS_READY) ## Generate the messages anew after a change under protos/
	$(PROTOS_VENV)/bin/python protos/generate.py

released: $(READY) ## Keep the contract and what databases are asked, against which later changes are judged
	$(BIN)/python protos/released.py
	$(BIN)/python -m tests.gateway.storage.released

lock: | python ## Pin the three requirements.txt anew
	@test -x $(LOCK_VENV)/bin/uv || { $(PYTHON) -m venv $(LOCK_VENV) && $(LOCK_VENV)/bin/python $(PIP) install uv; }
	@for folder in . protos tests/bench; do $(LOCK_VENV)/bin/uv pip compile $$folder/requirements.in \
		--output-file $$folder/requirements.txt --quiet --upgrade --universal --python-version 3.11 \
		--strip-extras --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-build-options \
		--no-emit-package medsettle --no-emit-package medsettle-gateway \
		--custom-compile-command "make lock"; done

clean: ## Remove what was made, but never a sandbox's data
	rm -rf $(VENV) $(PROTOS_VENV) $(BENCH_VENV) $(LOCK_VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

python:
	$(CHECK_PYTHON)

$(READY): requirements.txt sdk/pyproject.toml gateway/pyproject.toml
	$(CHECK_PYTHON)
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP) install --requirement requirements.txt
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable sdk --editable gateway
	@touch $@

$(PROTOS_READY): protos/requirements.txt
	$(CHECK_PYTHON)
	@echo "Setting up $(PROTOS_VENV) ..."
	@$(PYTHON) -m venv $(PROTOS_VENV)
	@$(PROTOS_VENV)/bin/python $(PIP) install --requirement protos/requirements.txt
	@touch $@

$(BENCH_READY): tests/bench/requirements.txt sdk/pyproject.toml gateway/pyproject.toml
	$(CHECK_PYTHON)
	@echo "Setting up $(BENCH_VENV) ..."
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python $(PIP) install --requirement tests/bench/requirements.txt
	@$(BENCH_VENV)/bin/python $(PIP) install --no-deps --no-build-isolation --editable sdk --editable gateway
	@touch $@
