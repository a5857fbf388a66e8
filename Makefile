# make run        the chat page with the bundled briefing, on http://127.0.0.1:7860
# make test       all tests but the endurance ones
# make quick      the fast tests
# make check      ruff, mypy --strict, the page's JavaScript (with Node.js), and that the README's commands exist
# make setup      .venv with everything pinned; the targets above call it
# Needs Python 3.11 or newer and make, on Linux, macOS or Windows with WSL.

PYTHON ?= python3
# Elsewhere than on PyPI, for example the CPU builds: make setup TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
BIN := .venv/bin
READY := .venv/.ready

.PHONY: run index test quick check setup lock clean
.DEFAULT_GOAL := run

run: $(READY)
	@$(BIN)/python app.py

index: $(READY)
	@$(BIN)/briefing index

test: $(READY)
	@$(BIN)/python -m pytest -m "not endurance"

quick: $(READY)
	@$(BIN)/python -m pytest -m "not slow and not endurance"

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@sh scripts/check-js
	@BIN=$(BIN) sh scripts/check-readme

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" sh scripts/setup

lock: $(READY)
	@$(BIN)/python -m pip freeze --exclude-editable > .venv/frozen
	@{ echo "# The exact versions that were tested, for pip's -c. Made by: make lock"; \
	   sed 's/+cpu$$//' .venv/frozen; } > constraints.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
