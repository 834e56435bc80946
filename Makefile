# The two commands of the README, and what proves more for as long as asked: `make prove MINUTES=5`
# and `make chaos FAULTS=300`. Each makes what it needs, and can be run again at any time.
PYTHON ?= python3
OLDEST ?= python3.11
NEWEST := $(shell cat .python-version)
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: pair test test-oldest chaos prove explore bench lock clean

pair: $(VENV)/run $(if $(findstring --arbiter,$(ARGS)),$(VENV)/strict)
	@$(BIN)/python -m twin lab $(ARGS)

# Every branch of the core is covered by these; measuring it while days are simulated takes minutes.
# The rest mostly waits, for processes and browsers: three files at a time keep two cores busy.
CORE := tests/core tests/notify/test_outbox.py tests/scaling tests/web \
	--ignore=tests/web/browser --ignore=tests/scaling/platforms
REST := --ignore=tests/core --ignore=tests/notify/test_outbox.py \
	--ignore-glob="tests/scaling/test_*.py" --ignore-glob="tests/web/test_*.py"

# The files that tests read are in UTF-8, whatever the locale. The twins that they start do without.
test test-oldest: export PYTHONUTF8 := 1

test: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --python-version=$(NEWEST)
	$(BIN)/coverage run -m pytest --numprocesses=2 $(CORE)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='twin/core/**' --show-missing --skip-covered --fail-under=100
	$(BIN)/python -m pytest --numprocesses=3 --dist=loadfile $(REST) || $(AGAIN)

# These watch real processes, on machines that others use, too: what fails beside others is run once
# more by itself, and has to pass then. The first failure stays in the output.
AGAIN = { echo "RUN AGAIN: what failed beside others"; \
	$(BIN)/python -m pytest --last-failed --last-failed-no-failures=none $(REST); }

# On the oldest Python that is promised, what a version of Python can break: the code, its settings
# and one pair of real processes.
FEWER := tests/core tests/settings tests/node tests/worker tests/process tests/commands tests/notify \
	tests/web tests/scaling tests/arbiter tests/test_main.py tests/test_end_to_end.py \
	tests/test_layers.py --ignore=tests/web/browser --ignore=tests/scaling/platforms/test_docker.py

test-oldest:
	$(MAKE) --no-print-directory PYTHON=$(OLDEST) VENV=.venv/oldest .venv/oldest/dev
	.venv/oldest/bin/mypy
	.venv/oldest/bin/python -m pytest --numprocesses=3 --dist=loadfile $(FEWER) || \
	.venv/oldest/bin/python -m pytest --last-failed --last-failed-no-failures=none $(FEWER)

# Faults on pairs of real processes: also PAIRS=4 for so many at once, SEED=1 to repeat a run.
chaos: $(VENV)/dev
	@PYTHONPATH=.:tests $(BIN)/python -u tests/chaos/campaign.py
	@PYTHONPATH=.:tests $(BIN)/python -u tests/chaos/bots.py

# Fresh seeds through the simulator, on all cores: make prove MINUTES=5, or SEED=42 to begin there.
MINUTES ?= 5
prove: $(VENV)/run
	@$(BIN)/python -m twin.sim --minutes $(MINUTES) $(SEED)

# Each fault before each message and timer, and then each further one: make explore FAULTS=3
# MINUTES=60, or SETTINGS="near far" for some of the settings.
explore: $(VENV)/run
	@$(BIN)/python -m twin.sim.explore $(SETTINGS) --faults $(or $(FAULTS),2) --minutes $(MINUTES)

# What it costs, beside what does nothing: sixteen minutes, or ROWS=start,memory for a part.
bench: $(VENV)/dev
	@PYTHONPATH=.:tests $(BIN)/python -u tests/bench/bench.py

# All packages that requirements.in and the groups `strict` and `dev` lead to, with the hashes of their files, for
# every Python and system. What is locked stays; ARGS=--upgrade takes what is new, if it is three
# days old: most packages that somebody has tampered with are found by then.
LOCK = UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --no-config --universal \
	--python-version=3.11 --generate-hashes --exclude-newer='3 days' $(ARGS)

lock: $(VENV)/uv
	$(LOCK) --output-file=requirements.txt requirements.in
	$(LOCK) --output-file=requirements-strict.txt --constraint=requirements.txt --group=strict
	$(LOCK) --output-file=requirements-dev.txt --constraint=requirements.txt \
		--constraint=requirements-strict.txt --group=dev

# By itself: to lock what was just written into requirements.in, nothing else need be there.
$(VENV)/uv: requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/# via/p' $< >$@.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement=$@.txt
	@touch $@

$(VENV)/run: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement=$<
	@touch $@

$(VENV)/strict: requirements-strict.txt $(VENV)/run
	$(BIN)/python -m pip install --quiet --require-hashes --requirement=$<
	@touch $@

$(VENV)/dev: requirements-dev.txt $(VENV)/run
	$(BIN)/python -m pip install --quiet --require-hashes --requirement=$<
	@touch $@

clean:
	rm -rf .venv .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
