# The two commands of the README, and two that prove more for as long as asked: `make prove
# MINUTES=5` and `make chaos FAULTS=300`. Each makes what it needs, and can be run again at any time.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: pair test chaos prove bench clean

pair: .venv/run
	@$(BIN)/python -m twin lab $(ARGS)

# Every branch of the core is covered by these; measuring it while days are simulated takes minutes.
# The rest mostly waits, for processes and browsers: two files at a time.
CORE := tests/core tests/duties tests/web --ignore=tests/web/browser
REST := --ignore=tests/core --ignore=tests/duties --ignore-glob='tests/web/test_*.py'

test: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/coverage run -m pytest $(CORE)
	$(BIN)/coverage report --include='twin/core/*' --show-missing --skip-covered --fail-under=100
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(REST)

# Faults on pairs of real processes: also PAIRS=4 for so many at once, SEED=1 to repeat a run.
chaos: .venv/dev
	@PYTHONPATH=.:tests $(BIN)/python -u tests/chaos/campaign.py

# Fresh seeds through the simulator, on all cores: make prove MINUTES=5, or SEED=42 to begin there.
MINUTES ?= 5
prove: .venv/run
	@$(BIN)/python -m twin.sim --minutes $(MINUTES) $(SEED)

# What it costs, beside what does nothing: sixteen minutes, or ROWS=start,memory for a part.
bench: .venv/dev
	@PYTHONPATH=.:tests $(BIN)/python -u tests/bench/bench.py

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
