# make run: install and show the robot. make test: install what tests need and run them all.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: run test quick lint clean

run: .venv/run.stamp
	$(BIN)/ganglion run grasp

test: lint
	$(BIN)/pytest -n 2

quick: .venv/dev.stamp
	$(BIN)/pytest -n 2 -m "not slow"

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/ganglion check

.venv/run.stamp: pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.13 found; on Debian: apt-get install python3 python3-venv"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module; on Debian: apt-get install python3-venv"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 12))' || command -v c++ >/dev/null || \
		{ echo "on $(PYTHON) pybullet is built from source, which needs a C++ compiler: apt-get install g++ python3-dev" \
		"(macOS: xcode-select --install), or use Python 3.11"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/dev.stamp: .venv/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf .venv build dist out
	find . -name __pycache__ -prune -exec rm -rf {} +
