# Every chore of the project. Each target makes .venv from requirements.lock when it is missing.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo screenshots test test-all check bench clean

help: ## Show this list.
	@grep -E '^[a-z-]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch .venv/ready

setup: .venv/ready ## Install everything, with hashes, into .venv.

demo: .venv/ready ## A company's month in a minute: thirty nights into var/demo, every message to look at.
	@$(BIN)/nurture demo

screenshots: demo ## Take the pictures of the README (needs chromium and fonts-noto-cjk).
	scripts/screenshots.sh var/demo/outbox/2026-11-20
	$(BIN)/python scripts/prefect_picture.py var/demo

test: .venv/ready ## Run the tests (minutes).
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not slow and not alone"
	$(BIN)/pytest -m "alone and not slow" $$(grep -rl mark.alone tests)

test-all: .venv/ready ## Run all tests, the slow ones too.
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m "not alone"
	$(BIN)/pytest -m alone $$(grep -rl mark.alone tests)

check: .venv/ready ## Lint, format, types.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready ## Measure nights, each part against a floor, with and without Prefect, what the web process takes in, how fast a command starts.
	$(BIN)/python -m benchmarks.night --messages 10000
	$(BIN)/python -m benchmarks.night --messages 100000
	$(BIN)/python -m benchmarks.decide --leads 100000
	$(BIN)/python -m benchmarks.decide --leads 1000000
	$(BIN)/python -m benchmarks.webhook --events 50000
	$(BIN)/python -m benchmarks.prefect_night --messages 20000
	$(BIN)/python -m benchmarks.dispatch --messages 20000 --latency-ms 100
	$(BIN)/python -m benchmarks.dispatch --messages 5000 --latency-ms 0
	$(BIN)/python -m benchmarks.startup

clean: ## Remove what can be made again; the data in var/ stays.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info .bench-*
