# Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3
BIN := .venv/bin
PROFILE ?= quick
# progress bars are for people, and would end up in the pages
export TQDM_DISABLE := 1

.PHONY: help book test bench refresh links lint lock clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

book: .venv/ready  ## build the book, _build/html/index.html (PROFILE=paper: sizes of the papers)
	$(BIN)/synlib book --profile $(PROFILE)

test: .venv/ready  ## run all tests: library, stored notebook outputs, notebooks with other parameters
	$(BIN)/python -m synlib._kernels.warm
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax --doctest-modules tests notebooks synlib

bench: .venv/ready  ## time the engine against its oracles and print the table
	$(BIN)/python -m pytest benchmarks -p no:xdist --benchmark-columns=min --benchmark-disable-gc -q

refresh: .venv/ready  ## execute the notebooks and store the output of their check cells
	$(BIN)/python tools/refresh_notebooks.py

links: .venv/ready  ## ask every external link whether it is still there (needs the internet)
	$(BIN)/jupyter-book build . --builder linkcheck

lint: .venv/ready  ## check the style of all code
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

lock:  ## make requirements.txt anew from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --no-header --extra book --extra test \
		pyproject.toml -o requirements.txt
	echo "-e ." >> requirements.txt

clean:  ## remove what was built, but not .venv
	rm -rf _build .pytest_cache .ruff_cache .hypothesis .benchmarks

.venv/ready: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	touch $@
