# Every target installs what it needs into .venv, once. PYTHON=python3.12 chooses the interpreter.

PYTHON ?= python3
TEXT ?= Hello, world!
SEED ?= 17
DATA ?= $(wildcard runs/*.h5)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help demo test check format sample results wheel clean

help:
	@echo "make demo    install, then write hello.svg and hello.png here (TEXT=\"...\", SEED=N)"
	@echo "make test    install what the tests need, and run them (ARGS=\"-k ink\")"
	@echo "make check   format, lint, types and tests: what must pass before a change is shared"
	@echo "make format  put the code in form"
	@echo "make sample  write data/sample.h5 anew, with our own synthesizer"
	@echo "make results measure all three models into docs/results.md (DATA=\"iam.h5 unipen.h5\")"
	@echo "make wheel   build a wheel with the weights into dist/"
	@echo "make clean   remove what was installed and built here"

demo: $(VENV)/.installed
	@$(BIN)/handwrite synth "$(TEXT)" --seed $(SEED) -o hello.svg
	@$(BIN)/handwrite synth "$(TEXT)" --seed $(SEED) -o hello.png
	@echo "\"$(TEXT)\" is now in hello.svg and hello.png in $(CURDIR). Next: $(BIN)/handwrite synth --help"

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest $(ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

sample: $(VENV)/.installed
	$(BIN)/python recipes/sample.py

results: $(VENV)/.installed
	@test -n "$(DATA)" || { echo "no datasets; give DATA=\"iam.h5 unipen.h5\", made by: handwrite data import"; exit 2; }
	$(BIN)/handwrite evaluate all $(DATA:%=--data %) -o docs/results.md

wheel: $(VENV)/.installed-dev
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls -l dist/*.whl

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "handwrite needs Python 3.10 or newer: make PYTHON=python3.12")'
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The build backend is installed and pinned like the rest, so that nothing unpinned takes part.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing handwrite and what it needs (PyTorch is large; this takes minutes, once)"
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing what the tests need"
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@
