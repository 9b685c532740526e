# make run: install and show the robot. make test: install what tests need and run them all.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: run test quick lint clean

run: .venv/run.stamp
	$(BIN)/ganglion run grasp

test: lint .venv/tools.stamp
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
	@$(BIN)/pip install --quiet --disable-pip-version-check --prefer-binary -e '.[readers]' || \
		echo "not all of ganglion[readers] is to be had for this machine; tests that compare with the others are skipped"
	touch $@

# What tests open the report and the window of --view with, and build and run firmware with. Without them those tests are skipped, with the reason.
TOOLS := chromium=chromium,chromium-browser,google-chrome xvfb=Xvfb \
	gcc-arm-none-eabi=arm-none-eabi-gcc qemu-system-arm=qemu-system-arm verilator=verilator iverilog=iverilog yosys=yosys
.venv/tools.stamp: .venv/run.stamp
	@lacking=""; \
	for tool in $(TOOLS); do \
		found=""; \
		for name in $$(echo $${tool#*=} | tr , ' '); do command -v $$name >/dev/null && found=$$name; done; \
		test -n "$$found" || lacking="$$lacking $${tool%%=*}"; \
	done; \
	$(BIN)/python -c 'import tkinter' 2>/dev/null || \
		case $$($(BIN)/python -c 'import sys; print(sys.base_prefix)') in /usr) lacking="$$lacking python3-tk";; esac; \
	test -n "$$lacking" || { touch $@; exit 0; }; \
	command -v apt-get >/dev/null || { echo "not on this machine, some tests are skipped:$$lacking"; exit 0; }; \
	root=""; test "$$(id -u)" = 0 || root="sudo -n"; \
	$$root true 2>/dev/null || \
		{ echo "some tests are skipped; to run them: sudo apt-get install$$lacking"; exit 0; }; \
	echo "installing$$lacking"; \
	$$root apt-get update -qq || echo "apt-get update failed; trying what is known"; \
	for package in $$lacking; do \
		LC_ALL=C apt-cache policy $$package | grep -q 'Candidate: [0-9]' || \
			{ echo "$$package: this system has no such package, its tests are skipped"; continue; }; \
		$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$package \
			>.venv/apt.log 2>&1 || \
			{ echo "$$package could not be installed ($$(tail -n 1 .venv/apt.log)), its tests are skipped"; }; \
	done; \
	touch $@

clean:
	rm -rf .venv build dist out
	find . -name __pycache__ -prune -exec rm -rf {} +
