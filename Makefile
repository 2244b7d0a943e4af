# Two commands do all the set-up: `make demo` runs a province's compliance year, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
PEERS := .venv-peers
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: install debian-venv install-dev install-bench demo test soak bench bench-peers lint lock migration reference clean

install: $(VENV)/.run
install-dev: $(VENV)/.dev
install-bench: $(VENV)/.bench

$(VENV)/.run: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tanshu needs Python 3.11 or newer; name one with make PYTHON=…"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || $(MAKE) --no-print-directory debian-venv
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# Debian keeps the venv module in a package of its own.
debian-venv:
	rm -rf $(VENV)
	$(if $(filter-out 0,$(shell id -u)),sudo) apt-get install --yes python3-venv
	$(PYTHON) -m venv $(VENV)

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.run requirements/bench.txt
	$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

demo: install
	$(BIN)/tanshu demo --fresh

# What is compiled is kept, whatever the shell says: the tests start hundreds of processes.
test soak: export PYTHONDONTWRITEBYTECODE =

test: install-dev
	$(BIN)/python -m pytest -m "not soak" -n 2 --fewer-rows

soak: install-dev
	$(BIN)/python -m pytest -m soak
	$(BIN)/python -m pytest -m "not soak" -n 2

bench: install-bench
	$(BIN)/python -m benchmarks

# Other ledgers would pull their own versions of things: they get an environment of their own.
bench-peers: $(PEERS)/.peers
	$(PEERS)/bin/python -m benchmarks.peers

$(PEERS)/.peers: requirements/peers.txt pyproject.toml
	test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/peers.txt
	$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache

# Locks carry hashes and no index address. Needs `uv` on the PATH.
lock:
	for name in run dev bench peers; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements/$$name.in -o requirements/$$name.txt; done

# Until 0.1 there is one initial revision; write it anew after changing tables.
migration: install
	$(BIN)/python scripts/regenerate_migration.py

# docs/reference says what the tables of the program say; write it anew after changing a type or a refusal.
reference: install
	$(BIN)/python scripts/write_reference.py

clean:
	rm -rf $(VENV) $(PEERS) .pytest_cache .hypothesis .ruff_cache
