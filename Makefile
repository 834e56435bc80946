# The two commands of the README. Each makes what it needs; both can be run again at any time.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: pair test clean

pair: .venv/run
	@$(BIN)/python -m twin lab $(ARGS)

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --include='twin/core/*' --show-missing --skip-covered --fail-under=100

# pip 25.1 is the first that reads dependency groups.
.venv/run: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@

.venv/dev: .venv/run pyproject.toml
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

clean:
	rm -rf .venv .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
