# The chores of this repository. `make VENV=/elsewhere …` uses another virtual environment than .venv.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
READY := $(VENV)/.archspec-ready

.PHONY: help setup demo test test-slow lint format bench docs

help:           ## list the targets
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## make the virtual environment and install archspec with everything the tests need

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

demo: setup     ## look at architectures and what they cost, then run a small study to its report
	$(BIN)/archspec show caformer_s18
	$(BIN)/archspec profile convformer_s18 caformer_s18 vit_small
	$(BIN)/archspec diff convformer_s18 caformer_s18
	$(BIN)/archspec study plan quickstart
	$(BIN)/archspec study run quickstart

test: setup     ## the tests, in two processes
	$(BIN)/python -m pytest -q -n 2

test-slow: setup ## the slow proofs
	$(BIN)/python -m pytest -q -n 2 -m slow --timeout 1200

lint: setup     ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup   ## let ruff lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup    ## measure; prints ratios and asserts nothing about time
	$(BIN)/python -m benchmarks

docs: setup     ## write the generated reference pages again
	$(BIN)/python -m archspec.reference docs/reference
