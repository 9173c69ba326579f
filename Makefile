# Two commands on a fresh machine: `make demo` runs the main job, `make test` passes the tests. Both do all their set-up.

PYTHON ?= python3
DEMO := .venv
DEV := .venv-dev
ES8 := .venv-es8
AIRFLOW := .venv-airflow
LOCK := requirements.lock
INSTALL := $(PYTHON) config/install.py

# Compiled once, byte code serves every process that tests and Airflow start: without it each takes half a second more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types tests test-es8 es airflow env bench lock clean help kibana

help:
	@echo 'make demo      set up the embedded default and run the whole pipeline on the bundled newsroom'
	@echo 'make test      set up everything and run format check, lint, types and tests'
	@echo 'make test-es8  the tests on Elasticsearch once more, on server and client 8.19'
	@echo 'make es        an Elasticsearch of its own for tests and trials, until Ctrl-C'
	@echo 'make airflow   Airflow on this machine alone, until Ctrl-C: the DAGs of dags/ on the sources of config/'
	@echo 'make env       the secrets that docker-compose.yml needs, into .env'
	@echo 'make bench     the benchmarks: speed and memory, as ratios'
	@echo 'make kibana    the workspace of Kibana, built anew'
	@echo 'make clean     remove what these made (never var/wireroom.db or var/archive)'

demo: $(DEMO)/.ready
	$(DEMO)/bin/wireroom demo

# Fast parts first: a mistake in the format is told within seconds, one in the types while the tests have just begun.
test: lint
	@$(MAKE) --no-print-directory --jobs=2 types tests

lint: $(DEV)/.ready
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/ruff check .

types: $(DEV)/.ready
	$(DEV)/bin/mypy

# One server beside both workers. It is put together at the first time; without Java or Maven its tests are skipped.
tests: $(DEV)/.ready
	$(DEV)/bin/python -m tests.elastic_server around $(DEV)/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report= -q
	$(DEV)/bin/python tests/coverage_floor.py

# Who asks for these tests by name wants no skip.
test-es8: $(ES8)/.ready
	WIREROOM_CI=1 $(ES8)/bin/python -m tests.elastic_server --release 8.19.8 around $(ES8)/bin/pytest -m es -q

es: $(DEV)/.ready
	$(DEV)/bin/python -m tests.elastic_server run

airflow: $(AIRFLOW)/.ready
	@exec $(AIRFLOW)/bin/python config/start_airflow.py

# What is there stays as it is.
env:
	$(PYTHON) config/env.py

# The workspace of Kibana as a file, from the program that builds it.
kibana: $(DEV)/.ready
	$(DEV)/bin/python config/kibana/build.py

# A bound that is missed does not keep the other figures back.
bench: $(DEV)/.ready
	-$(DEV)/bin/python tests/bench/start_up.py
	-$(DEV)/bin/python tests/bench/clean.py
	-$(DEV)/bin/python tests/bench/store.py
	-$(DEV)/bin/python tests/bench/elastic.py
	-$(DEV)/bin/python tests/bench/airflow.py
	$(DEV)/bin/python tests/bench/run.py

# Byte code is compiled at installation, so that the first command starts as fast as the second.
$(DEMO)/.ready: pyproject.toml $(LOCK)
	$(INSTALL) $(DEMO) --constraint $(LOCK) --editable '.[browse]'
	@touch $@

$(DEV)/.ready: pyproject.toml $(LOCK)
	$(INSTALL) $(DEV) --constraint $(LOCK) --editable '.[dev]'
	@touch $@

$(AIRFLOW)/.ready: pyproject.toml $(LOCK)
	$(INSTALL) $(AIRFLOW) --constraint $(LOCK) --editable '.[airflow,browse,elastic]'
	@touch $@

# The lock holds the newest client, which an 8.19 server refuses.
$(ES8)/.ready: pyproject.toml $(LOCK)
	@mkdir -p $(ES8)
	grep -vE '^elastic(search|-transport)==' $(LOCK) > $(ES8)/constraints
	$(INSTALL) $(ES8) --constraint $(ES8)/constraints --editable '.[dev]' 'elasticsearch>=8.19,<9'
	@touch $@

# What a fresh resolution gives, as name==version lines.
lock:
	rm -rf .venv-lock
	$(INSTALL) .venv-lock '.[airflow-services,dev]'
	.venv-lock/bin/pip freeze --exclude wireroom --exclude uv | grep -E '^[A-Za-z0-9_.-]+==' > $(LOCK)
	rm -rf .venv-lock

clean:
	rm -rf $(DEMO) $(DEV) $(ES8) $(AIRFLOW) .venv-lock build *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis var/demo
	find . -name __pycache__ -prune -exec rm -rf {} +
