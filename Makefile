# `make run` and `make test` set up everything they need; either may be the first thing you type.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
PACKAGES := alertops accounts groups schedules alerts escalation integrations incidents
export PATH := $(CURDIR)/.venv/alertmanager/usr/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE :=

N ?= 500
SEED ?=
TESTS ?= tests
WORKERS ?= 2

.PHONY: run serve test test-time check format bench chaos fuzz memory python clean
.DEFAULT_GOAL := run

## Demo data (only into an empty database), then the whole house. Ctrl-C stops it.
## Its people are invented, so nothing is really sent: OUTBOX_ONLY=no in .env changes that.
run: export OUTBOX_ONLY := $(or $(OUTBOX_ONLY),$(shell sed -n 's/^OUTBOX_ONLY=//p' .env 2>/dev/null),yes)
run: .venv/run.stamp
	@exec $(BIN)/python manage.py serve --demo

## The same without demo data, as in production.
serve: .venv/run.stamp
	@exec $(BIN)/python manage.py serve

## All tests, with what they need. TESTS=tests/alerts runs a part of them.
test: .venv/dev.stamp .venv/system.stamp
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

## Every change of the clocks in every zone, ten thousand random schedules: some minutes.
test-time: export TIME := all
test-time: .venv/dev.stamp .venv/system.stamp
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal \
		tests/schedules/test_clock_changes.py tests/schedules/test_random_plans.py

## Style, types, configuration, migrations.
check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python manage.py check
	$(BIN)/python manage.py makemigrations --check --dry-run

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

## The figures of docs/performance, beside the limit of this machine.
bench: .venv/dev.stamp
	$(BIN)/python -m tools.bench $(ARGS)

## Kill everything at random under load: make chaos N=500 SEED=7
chaos: .venv/dev.stamp
	$(BIN)/python -m tools.chaos --n $(N) $(if $(SEED),--seed $(SEED)) $(ARGS)

## A million bodies nobody would think of, at the door and through the inbox: make fuzz N=20000 SEED=7
fuzz: .venv/dev.stamp
	FUZZ=$(if $(filter command line environment,$(origin N)),$(N),1000000) \
	$(if $(SEED),FUZZ_SEED=$(SEED)) $(BIN)/python -m pytest -s tests/integrations/test_fuzz.py

## Memory of a running house.
memory: .venv/run.stamp
	$(BIN)/python tools/memory.py

python:
	@test -n "$(PYTHON)" || { echo "AlertOps needs Python 3.11 or newer." >&2; exit 1; }

.venv/run.stamp: requirements.lock | python
	@$(PYTHON) tools/install.py requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock requirements.lock | python
	@$(PYTHON) tools/install.py requirements-dev.lock
	@touch .venv/run.stamp $@

.venv/system.stamp: | .venv/dev.stamp
	@$(PYTHON) tools/install.py --system
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
