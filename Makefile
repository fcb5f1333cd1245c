# Thin calls: the work is done in helpdesk/launcher/. `make help` lists the targets.
SHELL := /bin/sh
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$name && break; done)
BIN := .venv/bin
INSTALL = $(if $(PYTHON),@$(PYTHON) -I helpdesk/launcher/install.py,\
	@echo "helpdesk: no python3 was found: install Python 3.11 or newer (apt install python3 python3-venv)." >&2; exit 1;)
LAUNCH := $(BIN)/python -m helpdesk.launcher
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --upgrade

.DEFAULT_GOAL := help
.PHONY: help run test test-full bench lint format lock manage reset

help: ## This list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -e 's/:.*## /	/' | expand -t 12

run: ## Start everything on this machine, with a demo, until Ctrl-C
	$(INSTALL) run
	@exec $(LAUNCH) run

test: ## All tests that take minutes, with throw-away data (ARGS="-k mail")
	$(INSTALL) dev
	@exec $(LAUNCH) exec --throwaway -- $(BIN)/python -m pytest -n 2 $(ARGS)

test-full: ## All tests there are
	$(INSTALL) dev
	@exec $(LAUNCH) exec --throwaway -- $(BIN)/python -m pytest -n 2 --full $(ARGS)

bench: export DEBUG = true
bench: ## Measure the product on this machine, with throw-away data (ARGS="--quick")
	$(INSTALL) run
	@exec $(LAUNCH) exec --throwaway --durable -- $(BIN)/python manage.py bench $(ARGS)

lint: export DEBUG = true
lint: ## Style, types, import directions, templates, migrations
	$(INSTALL) dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +
	$(LAUNCH) exec --throwaway -- $(BIN)/python manage.py makemigrations --check --dry-run

format: ## Let the formatters write
	$(INSTALL) dev
	$(BIN)/ruff check --fix-only --exit-zero .
	$(BIN)/ruff format .
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

lock: ## Renew the locked versions
	$(INSTALL) dev
	echo uv | $(COMPILE) --output-file .requirements/uv.txt -
	$(COMPILE) --extra local --extra anymail --output-file .requirements/run.txt pyproject.toml
	$(COMPILE) --extra local --extra anymail --group test --group lint --constraint .requirements/run.txt \
		--output-file .requirements/dev.txt pyproject.toml

manage: ## A command beside `make run` (make manage ARGS="createsuperuser")
	$(INSTALL) run
	@exec $(LAUNCH) exec -- $(BIN)/python manage.py $(ARGS)

reset: ## Throw away all data of `make run`
	$(INSTALL) run
	@exec $(LAUNCH) reset
