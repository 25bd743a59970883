# Every chore of the project. Each target makes .venv from requirements.lock when it is missing.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo screenshots test test-all check bench clean

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch .venv/ready

setup: .venv/ready ## Install everything, with hashes, into .venv.

demo: export NURTURE_HOME = var/demo
demo: .venv/ready ## Import the sample company into var/demo, close one night, deliver it, explain one lead.
	@for kind in staff accounts leads consents events; do \
		$(BIN)/nurture import $$kind content/sample/$$kind.csv || [ $$? -eq 1 ] || exit 2; done
	@$(BIN)/nurture run --night 2026-11-20
	@$(BIN)/nurture dispatch --now "2026-11-20 11:30"
	@$(BIN)/nurture explain L9006
	@$(BIN)/nurture audit >/dev/null && echo "Every promise of the ledger holds here (nurture audit)."
	@echo "Next: export NURTURE_HOME=var/demo; $(BIN)/nurture status; $(BIN)/nurture explain --night 2026-11-20 --touch checklist"

screenshots: demo ## Take the pictures of the README (needs chromium and fonts-noto-cjk).
	scripts/screenshots.sh var/demo/outbox/2026-11-20

test: .venv/ready ## Run the tests (minutes).
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not slow and not alone"
	$(BIN)/pytest -m "alone and not slow"

test-all: .venv/ready ## Run all tests, the slow ones too.
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not alone"
	$(BIN)/pytest -m alone

check: .venv/ready ## Lint, format, types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready ## Measure a night, each part against a floor, and what the web process takes in.
	$(BIN)/python -m benchmarks.night --messages 10000
	$(BIN)/python -m benchmarks.night --messages 100000
	$(BIN)/python -m benchmarks.decide --leads 100000
	$(BIN)/python -m benchmarks.decide --leads 1000000
	$(BIN)/python -m benchmarks.webhook --events 50000

clean: ## Remove what can be made again; the data in var/ stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info .bench-*
