# The two commands of the README, and `make chaos FAULTS=300 PAIRS=4 SEED=1`. Each makes what it
# needs; all can be run again at any time.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: pair test chaos clean

pair: .venv/run
	@$(BIN)/python -m twin lab $(ARGS)

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --include='twin/core/*' --show-missing --skip-covered --fail-under=100

chaos: .venv/dev
	@PYTHONPATH=.:tests $(BIN)/python -u tests/chaos/campaign.py

# Fresh seeds through the simulator, on all cores: make prove MINUTES=5, or SEED=42 to begin there.
MINUTES ?= 5
prove: .venv/run
	@$(BIN)/python -m twin.sim --minutes $(MINUTES) $(SEED)

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
